/*
 * Models from configs/: their parameter counts, and ten steps as PyTorch makes
 * them (tests/golden/make_golden.py).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/recipe.h"
#include "tests/unit/nn.h"

enum { SEED = 7, STEPS = 10, BATCH = 100, MACHINES = 3 };

static struct err e;

static float drawn(uint64_t stream, size_t i)
{
    return (float)rng_unit(rng_at(SEED, stream, i));
}

static void no_dropout(struct model *m)
{
    for (size_t i = 0; i < m->n_layers; i++)
        m->layer[i].rate = 0;
}

static void draw_weights(struct model *m)
{
    uint64_t n = 0; /* as PyTorch counts them: without the buffers */

    model_init(m, 1);
    for (size_t i = 0; i < m->tensors.n; i++) {
        const struct tensor *t = &m->tensors.at[i];

        for (size_t j = 0; j < tensor_count(t) && !t->buffer; j++)
            t->data[j] = (drawn(1000 + n, j) - .5f) / 4;
        n += !t->buffer;
    }
}

/* The i-th parameter, buffers not counted. */
static const struct tensor *parameter(const struct model *m, int i)
{
    const struct tensor *t = m->tensors.at;

    while (t->buffer || i-- > 0)
        t++;
    return t;
}

static void compare(const char *family, const struct model *m,
                    const struct train_verdict *got, const float *predicted)
{
    char *path = xasprintf("tests/golden/%s.txt", family);
    FILE *f = fopen(path, "r");
    int n_loss = 0, n_weights = 0, i, j;
    char line[100];
    double want;

    if (!f)
        fail_msg("%s: run this in the checkout", path);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "loss %d %lf", &i, &want) == 2) {
            assert_true(fabs(got[i].train_loss - want) < 1e-4 * want);
            n_loss++;
        } else if (sscanf(line, "rate %d %lf", &i, &want) == 2) {
            assert_true(fabs(got[i].lr - want) < 1e-9 * want);
        } else if (sscanf(line, "weight %d %d %lf", &i, &j, &want) == 3) {
            if (!(fabs((double)parameter(m, i)->data[j] - want) < 1e-4))
                fail_msg("%s[%d] is %g and should be %g", parameter(m, i)->name,
                         j, (double)parameter(m, i)->data[j], want);
            n_weights++;
        } else if (sscanf(line, "eval %d %lf", &i, &want) == 2) {
            assert_true(fabs((double)predicted[i] - want) < 1e-4);
        } else {
            fail_msg("no line of ours: %s", line);
        }
    fclose(f);
    free(path);
    assert_int_equal(n_loss, STEPS);
    assert_true(n_weights > 100);
}

/* A batch of windows that share no row, of one machine after the other. */
static void draw_batch(struct window_set *set, float *x, float *label,
                       uint16_t *machine, uint32_t *end, uint64_t step)
{
    for (size_t i = 0; i < set->T * set->D; i++)
        x[i] = drawn(2 * step, i);
    for (uint32_t i = 0; i < BATCH; i++) {
        end[i] = (uint32_t)((i + 1) * set->delays - 1);
        label[end[i]] = drawn(2 * step + 1, i);
        machine[end[i]] = (uint16_t)(i % MACHINES);
    }
}

/* Each epoch is one batch; the data change under the trainer in between.  The
 * last one is predicted at the end. */
static void train_ten(struct model *m, const struct train_options *o, size_t D,
                      size_t delays, struct train_verdict got[STEPS],
                      float predicted[BATCH])
{
    size_t rows = BATCH * delays;
    float *x = xcalloc(rows * D, sizeof *x), *label = xcalloc(rows, sizeof *x);
    uint16_t *machine = xcalloc(rows, sizeof *machine);
    uint32_t end[BATCH] = {0};
    struct window_set set = {.x = x,
                             .label = label,
                             .end = end,
                             .T = rows,
                             .D = D,
                             .N = BATCH,
                             .delays = delays,
                             .tau = 1,
                             .machine = machine};
    struct pool *pool = pool_new(2);
    struct trainer *t = trainer_new(m, o, &set, pool);
    struct predictor *p = predictor_new(m, pool);

    for (uint32_t step = 0; step < STEPS; step++) {
        draw_batch(&set, x, label, machine, end, step);
        assert_int_equal(trainer_step(t, &e), 0);
        got[step] = trainer_epoch_end(t, 1. / (step + 1));
    }
    predict_windows(p, &set, predicted);
    predictor_free(p);
    trainer_free(t);
    pool_free(pool);
    free(x);
    free(label);
    free(machine);
}

struct golden {
    const char *name, *config; /* config NULL: that of the same name */
    size_t D, delays, n_params;
    void (*change)(struct recipe *r, struct model *m); /* or NULL */
};

static void repeat_pytorch(struct golden g)
{
    char *path = xasprintf("configs/%s.yaml", g.config ? g.config : g.name);
    struct train_verdict got[STEPS];
    float predicted[BATCH];
    struct node *root = NULL;
    struct recipe recipe;
    struct model *m = NULL;
    struct model_use use = {g.D, g.delays, 1, MACHINES, true};

    if (config_read(&root, path, &e) < 0 ||
        recipe_read(&recipe, root, &e) < 0 ||
        model_build(&m, recipe.model, &use, &e) < 0)
        fail_msg("%s", e.msg);
    assert_int_equal(tensors_count(&m->tensors), g.n_params);
    no_dropout(m);
    draw_weights(m);
    if (g.change)
        g.change(&recipe, m);
    train_ten(m, &recipe.train, g.D, g.delays, got, predicted);
    compare(g.name, m, got, predicted);
    model_free(m);
    node_free(root);
    free(path);
}

static void v3_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v3", NULL, 4, 25, 142273, NULL});
}

static void v4_plain_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v4-plain", NULL, 4, 25, 129953, NULL});
}

static void v4_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v4", NULL, 4, 25, 134497, NULL});
}

static void lstm_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"lstm", NULL, 2, 60, 17473, NULL});
}

static void v2_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v2", NULL, 4, 25, 267941, NULL});
}

static void v3_decoder_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v3-decoder", NULL, 4, 25, 267941, NULL});
}

/* Not 1, so that the recording tells lambda from weight. */
static void half_lambda(struct recipe *r, struct model *m)
{
    (void)r;
    for (size_t i = 0; i < m->n_layers; i++)
        m->layer[i].lambda = .5;
}

static void adv_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"adv", NULL, 4, 25, 150980, half_lambda});
}

static void use_adamw(struct recipe *r, struct model *m)
{
    struct train_options *o = &r->train;

    (void)m;
    o->decoupled = true;
    o->lr = 1e-3;
    o->weight_decay = 1e-2;
    o->clip_norm = 1;
    o->schedule = SCHEDULE_COSINE;
    o->warmup_epochs = 3;
    o->cosine_epochs = 10;
    o->min_lr = 1e-5;
}

static void adamw_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"adamw", "v3", 4, 25, 142273, use_adamw});
}

static void mstcn_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"mstcn", NULL, 4, 64, 730642, NULL});
}

static void mstcn_mean_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch(
        (struct golden){"mstcn-mean", NULL, 4, 64, 730642 - 129, NULL});
}

static void v1_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch((struct golden){"v1", NULL, 3, 144, 303327, half_lambda});
}

static void families_have_their_parameters(void **state)
{
    static const struct {
        const char *config;
        struct model_use use;
        size_t n_params;
    } cases[] = {
        {"configs/mstcn.yaml", {14, 64, 1, 1, true}, 737082},
        {"configs/mstcn.yaml", {19, 64, 2, 1, true}, 740431},
        {"configs/v1.yaml", {3, 144, 1, 1, true}, 303261},
        {"configs/v1.yaml", {3, 144, 1, 3, true}, 303327},
        {"configs/v1.yaml", {3, 144, 1, 0, false}, 188753},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model *m = NULL;
        struct node *root = NULL;

        if (config_read(&root, cases[i].config, &e) < 0 ||
            model_build(&m, node_get(root, "model"), &cases[i].use, &e) < 0)
            fail_msg("%s", e.msg);
        assert_int_equal(tensors_count(&m->tensors), cases[i].n_params);
        model_free(m);
        node_free(root);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v3_repeats_pytorch),
        cmocka_unit_test(v4_plain_repeats_pytorch),
        cmocka_unit_test(v4_repeats_pytorch),
        cmocka_unit_test(lstm_repeats_pytorch),
        cmocka_unit_test(v2_repeats_pytorch),
        cmocka_unit_test(v3_decoder_repeats_pytorch),
        cmocka_unit_test(adv_repeats_pytorch),
        cmocka_unit_test(adamw_repeats_pytorch),
        cmocka_unit_test(mstcn_repeats_pytorch),
        cmocka_unit_test(mstcn_mean_repeats_pytorch),
        cmocka_unit_test(v1_repeats_pytorch),
        cmocka_unit_test(families_have_their_parameters),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
