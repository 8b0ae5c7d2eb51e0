/* Branches: their sizes, names, mistakes and gradients. */
#include "common/nn/branch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/loss.h"
#include "common/nn/workspace.h"
#include "tests/unit/nn.h"

enum { MACHINES = 3 };

static struct err e;

static struct model *must(const char *yaml, size_t D, size_t delays,
                          size_t n_machines)
{
    struct model *m = trained_model_of(yaml, D, delays, n_machines, &e);

    if (!m)
        fail_msg("%s", e.msg);
    return m;
}

/* ---- families ---- */

static struct model *family(const char *path, size_t n_machines)
{
    struct node *root = NULL;
    struct model *m = NULL;

    if (config_read(&root, path, &e) < 0)
        fail_msg("%s: run this in the checkout", e.msg);
    if ((n_machines ? model_new_trained(&m, node_get(root, "model"), 4, 25,
                                        n_machines, &e)
                    : model_new(&m, node_get(root, "model"), 4, 25, &e)) < 0)
        fail_msg("%s", e.msg);
    node_free(root);
    return m;
}

static void families_have_their_size(void **state)
{
    static const struct {
        const char *path;
        size_t n_machines, size; /* 0 machines: what predicts */
    } families[] = {
        {"configs/v2.yaml", 1, 267941},
        {"configs/v2.yaml", 0, 142273},
        {"configs/v3-decoder.yaml", 1, 267941},
        {"configs/adv.yaml", 3, 142273 + 8320 + 3 * 129},
        {"configs/adv.yaml", 0, 142273},
    };

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        struct model *m = family(families[i].path, families[i].n_machines);

        assert_int_equal(tensors_count(&m->tensors), families[i].size);
        model_free(m);
    }
}

static void names_are_in_the_order_of_the_file(void **state)
{
    struct model *m = family("configs/v2.yaml", 1);

    (void)state;
    assert_int_equal(m->tensors.n, 18);
    assert_string_equal(m->tensors.at[5].name, "enc.6.bias");
    assert_string_equal(m->tensors.at[6].name, "dec.0.weight");
    assert_string_equal(m->tensors.at[10].name, "dec.6.weight");
    assert_int_equal(m->tensors.at[10].dim[0], 100);
    assert_string_equal(m->tensors.at[12].name, "head.0.weight");
    model_init(m, 1);
    assert_true(fabsf(m->tensors.at[6].data[0]) > 0 &&
                fabsf(m->tensors.at[6].data[0]) <= 1 / 8.f);
    model_free(m);
}

static void mistakes_are_named(void **state)
{
#define BRANCH(text) \
    "layers:\n- {type: dense, out: 4}\n- {type: branch, " text "}"
    static const char *const bad[][2] = {
        {BRANCH("layers: [{type: relu}]"), "m.yaml:3: a branch needs a `loss`"},
        {BRANCH("loss: no, layers: [{type: relu}]"),
         "reconstruction or machine"},
        {BRANCH("loss: machine"), "m.yaml:3: `layers`"},
        {BRANCH("loss: reconstruction, layers: [{type: relu}]"),
         "branch 1 gives 4 values to compare with a window of 6"},
        {BRANCH("loss: machine, layers: [{type: dense, out: 2}]"),
         "gives 2 values for 3 machines"},
        {BRANCH("loss: machine, layers: [{type: dense, oout: 2}]"), "oout"},
        {BRANCH("loss: machine, lambda: 2, layers: [{type: relu}]"),
         "reverse: true"},
        {BRANCH("loss: machine, weight: -1, layers: [{type: relu}]"), "weight"},
        {BRANCH("loss: machine, layers: [{type: branch, loss: machine, "
                "layers: [{type: relu}]}]"),
         "a branch cannot have branches"},
        {"layers:\n- {type: dense, name: b.0, out: 6}\n- {type: branch, "
         "name: b, loss: reconstruction, layers: [{type: dense, out: 6}]}",
         "two layers are called b.0"},
    };
    struct model *m;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&e, 0, sizeof e);
        assert_null(trained_model_of(bad[i][0], 2, 3, MACHINES, &e));
        assert_int_equal(e.code, ERR_DATA);
        if (!strstr(e.msg, bad[i][1]))
            fail_msg("'%s' does not say '%s'", e.msg, bad[i][1]);
    }
    m = model_of("layers: [{type: dense, out: machines}]", 2, 3, &e);
    assert_null(m);
    assert_non_null(strstr(e.msg, "machines"));
}

/* ---- gradients ---- */

enum { ROWS = 9, D = 2, DELAYS = 3, IN = D * DELAYS };

struct check {
    struct model *m;
    struct workspace *w;
    float x[ROWS * IN], target[ROWS];
    uint16_t machine[ROWS];
};

static struct pass a_pass(const struct check *c)
{
    return (struct pass){.n = ROWS,
                         .training = true,
                         .seed = 4,
                         .step = 5,
                         .row = 64,
                         .batch = 2 * ROWS,
                         .machine = c->machine};
}

/* The loss as a mean over a batch of twice the rows: path and branches. */
static void losses_of(struct check *c, float *dy, double *path, double *branch)
{
    const struct loss_type *mse = loss_type_find("mse");
    struct pass pass = a_pass(c);
    float *y;

    memcpy(c->w->input, c->x, sizeof c->x);
    y = workspace_forward(c->w, &pass, c->w->input);
    *path = mse->eval(mse, y, c->target, ROWS, .5f / ROWS, dy) / (2 * ROWS);
    *branch = c->w->branch_loss / (2 * ROWS);
}

static struct check *check_new(const char *yaml)
{
    struct check *c = xcalloc(1, sizeof *c);

    c->m = must(yaml, D, DELAYS, MACHINES);
    c->w = workspace_new(c->m, ROWS, true);
    model_init(c->m, 3);
    for (size_t i = 0; i < ROWS * IN; i++)
        c->x[i] = (float)(rng_unit(rng_at(11, 1, i)) * 2 - 1);
    for (size_t i = 0; i < ROWS; i++) {
        c->target[i] = (float)rng_unit(rng_at(11, 2, i));
        c->machine[i] = (uint16_t)(i * i % MACHINES);
    }
    return c;
}

static void check_free(struct check *c)
{
    workspace_free(c->w);
    model_free(c->m);
    free(c);
}

/* By differences: how both losses answer to a parameter. */
static void slope_of(struct check *c, float *p, double *path, double *branch)
{
    const float h = 1e-2f, was = *p;
    double up[2], down[2];

    *p = was + h;
    losses_of(c, NULL, &up[0], &up[1]);
    *p = was - h;
    losses_of(c, NULL, &down[0], &down[1]);
    *p = was;
    *path = (up[0] - down[0]) / (2 * (double)h);
    *branch = (up[1] - down[1]) / (2 * (double)h);
}

/*
 * Before the branch, called b, its gradient counts `back` times, in the branch
 * once, and after it not at all.
 */
static void check_gradient(const char *yaml, double back)
{
    struct check *c = check_new(yaml);
    struct pass pass = a_pass(c);
    float *grad = xcalloc(c->m->size, sizeof *grad);
    double path, branch, felt = 0;

    losses_of(c, c->w->slope[0], &path, &branch);
    assert_true(branch > 0);
    workspace_backward(c->w, &pass, grad);
    for (size_t i = 0; i < c->m->tensors.n; i++) {
        const struct tensor *t = &c->m->tensors.at[i];
        bool inside = strncmp(t->name, "b.", 2) == 0;

        for (size_t j = 0; j < tensor_count(t); j++) {
            double got = (double)grad[t->data - c->m->params + j], want;

            slope_of(c, &t->data[j], &path, &branch);
            want = path + (inside ? branch : back * branch);
            if (!inside)
                felt = fmax(felt, fabs(branch));
            if (inside && path != 0)
                fail_msg("%s[%zu] moves the main path", t->name, j);
            if (fabs(want - got) > 3e-4)
                fail_msg("%s[%zu]: %g by differences, %g by backward", t->name,
                         j, want, got);
        }
    }
    assert_true(felt > .005); /* a sign would be seen */
    free(grad);
    check_free(c);
}

#define BEFORE "layers: [{type: dropout, rate: 0.2}, {type: dense, out: 5}, "
#define AFTER ", {type: dropout, rate: 0.4}, {type: dense, out: 1}]"
#define DECODER                                           \
    "layers: [{type: dropout, rate: 0.3}, "               \
    "{type: dense, out: 4}, {type: dropout, rate: 0.3}, " \
    "{type: dense, out: 6}]}"
#define CLASSIFIER "layers: [{type: dense, out: machines}]}"

static void reconstruction_gradient(void **state)
{
    (void)state;
    check_gradient(BEFORE "{type: branch, name: b, loss: reconstruction, "
                          "weight: 0.7, " DECODER AFTER,
                   1);
    check_gradient(BEFORE "{type: branch, name: b, loss: reconstruction, "
                          "reverse: true, lambda: 0.6, " DECODER AFTER,
                   -.6);
}

static void machine_gradient(void **state)
{
    (void)state;
    check_gradient(BEFORE "{type: branch, name: b, loss: machine, "
                          "weight: 1.3, " CLASSIFIER AFTER,
                   1);
    check_gradient(BEFORE "{type: branch, name: b, loss: machine, "
                          "reverse: true, " CLASSIFIER AFTER,
                   -1);
}

/* On the window itself there is nothing before the branch that learns. */
static void a_branch_may_come_first(void **state)
{
    struct check *c = check_new("layers: [{type: dropout}, {type: branch, "
                                "name: b, loss: machine, " CLASSIFIER
                                ", {type: dense, name: d, out: 1}]");
    struct pass pass = a_pass(c);
    float *grad = xcalloc(c->m->size, sizeof *grad);
    double path, branch;

    (void)state;
    losses_of(c, c->w->slope[0], &path, &branch);
    assert_memory_equal(c->w->input, c->x, sizeof c->x);
    workspace_backward(c->w, &pass, grad);
    for (size_t i = 0; i < c->m->tensors.n; i++) {
        const struct tensor *t = &c->m->tensors.at[i];

        for (size_t j = 0; j < tensor_count(t); j++) {
            slope_of(c, &t->data[j], &path, &branch);
            assert_true(fabs(path + branch -
                             (double)grad[t->data - c->m->params + j]) < 3e-4);
        }
    }
    free(grad);
    check_free(c);
}

/* Logits as large as they may be, and what the uniform guess costs. */
static void cross_entropy_is_steady(void **state)
{
    struct check *c = check_new("layers: [{type: branch, name: b, loss: "
                                "machine, layers: [{type: dense, name: d, "
                                "out: machines}]}, {type: dense, out: 1}]");
    float *bias = tensors_find(&c->m->tensors, "b.d.bias")->data;
    double path, branch;

    (void)state;
    memset(c->m->params, 0, c->m->size * sizeof *c->m->params);
    losses_of(c, NULL, &path, &branch);
    assert_true(fabs(branch - log(3) / 2) < 1e-6);
    bias[0] = bias[1] = bias[2] = 1e30f;
    losses_of(c, NULL, &path, &branch);
    assert_true(fabs(branch - log(3) / 2) < 1e-6);
    check_free(c);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_have_their_size),
        cmocka_unit_test(names_are_in_the_order_of_the_file),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(reconstruction_gradient),
        cmocka_unit_test(machine_gradient),
        cmocka_unit_test(a_branch_may_come_first),
        cmocka_unit_test(cross_entropy_is_steady),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
