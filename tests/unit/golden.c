/* Ten steps of training as PyTorch makes them: tests/golden/make_*.py. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/branch.h"
#include "common/nn/recipe.h"
#include "tests/unit/nn.h"

enum { SEED = 7, STEPS = 10, BATCH = 100, ROWS = BATCH * 25, MACHINES = 3 };

static struct err e;

/* A batch, drawn anew for each step. */
struct data {
    float x[ROWS * 4], label[ROWS];
    uint16_t machine[ROWS];
    uint32_t end[BATCH];
};

static float drawn(uint64_t stream, size_t i)
{
    return (float)rng_unit(rng_at(SEED, stream, i));
}

static void draw_batch(struct data *d, uint32_t step)
{
    for (size_t i = 0; i < ROWS * 4; i++)
        d->x[i] = drawn(2 * step, i);
    for (uint32_t i = 0; i < BATCH; i++) {
        d->end[i] = i * 25 + 24;
        d->label[d->end[i]] = drawn(2 * step + 1, i);
        d->machine[d->end[i]] = (uint16_t)(i % MACHINES);
    }
}

static void no_dropout(struct model *m)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        m->layer[i].rate = 0;
        if (m->layer[i].branch)
            no_dropout(m->layer[i].branch->stack);
    }
}

static void draw_weights(struct model *m)
{
    for (size_t i = 0; i < m->tensors.n; i++)
        for (size_t j = 0; j < tensor_count(&m->tensors.at[i]); j++)
            m->tensors.at[i].data[j] = (drawn(1000 + i, j) - .5f) / 4;
}

static void compare(const char *name, const struct model *m,
                    const struct train_verdict *got)
{
    int n_loss = 0, n_weights = 0, i, j;
    char line[100], path[100];
    double want;
    FILE *f;

    snprintf(path, sizeof path, "tests/golden/%s.txt", name);
    f = fopen(path, "r");
    if (!f)
        fail_msg("%s: run this in the checkout", path);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "loss %d %lf", &i, &want) == 2) {
            assert_true(fabs(got[i].train_loss - want) < 1e-4 * want);
            n_loss++;
        } else if (sscanf(line, "rate %d %lf", &i, &want) == 2) {
            assert_true(fabs(got[i].lr - want) < 1e-9 * want);
        } else if (sscanf(line, "weight %d %d %lf", &i, &j, &want) == 3) {
            assert_true(fabs((double)m->tensors.at[i].data[j] - want) < 1e-4);
            n_weights++;
        } else {
            fail_msg("no line of ours: %s", line);
        }
    fclose(f);
    assert_int_equal(n_loss, STEPS);
    assert_true(n_weights > 100);
}

/* Each epoch is one batch; the data change under the trainer in between. */
static void run_steps(struct model *m, const struct train_options *o,
                      struct train_verdict *got)
{
    struct data *d = xcalloc(1, sizeof *d);
    struct window_set set = {.x = d->x,
                             .label = d->label,
                             .end = d->end,
                             .T = ROWS,
                             .D = 4,
                             .N = BATCH,
                             .delays = 25,
                             .tau = 1,
                             .machine = d->machine};
    struct pool *pool = pool_new(2);
    struct trainer *t;

    no_dropout(m);
    draw_weights(m);
    t = trainer_new(m, o, &set, pool);
    for (uint32_t step = 0; step < STEPS; step++) {
        draw_batch(d, step);
        assert_int_equal(trainer_step(t, &e), 0);
        got[step] = trainer_epoch_end(t, 1. / (step + 1));
    }
    trainer_free(t);
    pool_free(pool);
    free(d);
}

/* Both the model and its training as in root, which is freed. */
static void check(const char *name, struct node *root,
                  void (*change)(struct train_options *o))
{
    struct train_verdict got[STEPS];
    struct recipe recipe;
    struct model *m;

    if (recipe_read(&recipe, root, &e) < 0 ||
        model_new_trained(&m, recipe.model, 4, 25, MACHINES, &e) < 0)
        fail_msg("%s", e.msg);
    if (change)
        change(&recipe.train);
    run_steps(m, &recipe.train, got);
    compare(name, m, got);
    model_free(m);
    node_free(root);
}

static void check_file(const char *name, const char *path,
                       void (*change)(struct train_options *o))
{
    struct node *root;

    if (config_read(&root, path, &e) < 0)
        fail_msg("%s: run this in the checkout", e.msg);
    check(name, root, change);
}

static void v2_repeats_pytorch(void **state)
{
    (void)state;
    check_file("v2", "configs/v2.yaml", NULL);
}

static void v3_repeats_pytorch(void **state)
{
    (void)state;
    check_file("v3", "configs/v3.yaml", NULL);
}

static void use_adamw(struct train_options *o)
{
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
    check_file("adamw", "configs/v3.yaml", use_adamw);
}

static void adv_repeats_pytorch(void **state)
{
    static const char text[] = "model:\n  layers:\n"
                               "  - {type: dense, out: 512}\n"
                               "  - {type: relu}\n"
                               "  - {type: dense, out: 128}\n"
                               "  - {type: relu}\n"
                               "  - {type: dense, out: 64}\n"
                               "  - {type: branch, loss: machine, "
                               "reverse: true, lambda: 0.5, layers: ["
                               "{type: dense, out: 128}, {type: relu}, "
                               "{type: dense, out: machines}]}\n"
                               "  - {type: dense, out: 128}\n"
                               "  - {type: relu}\n"
                               "  - {type: dense, out: 64}\n"
                               "  - {type: relu}\n"
                               "  - {type: dense, out: 1}\n";
    struct node *root;

    (void)state;
    if (config_parse(&root, "adv", text, strlen(text), &e) < 0)
        fail_msg("%s", e.msg);
    check("adv", root, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v2_repeats_pytorch),
        cmocka_unit_test(v3_repeats_pytorch),
        cmocka_unit_test(adv_repeats_pytorch),
        cmocka_unit_test(adamw_repeats_pytorch),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
