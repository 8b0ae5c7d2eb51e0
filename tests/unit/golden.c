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

enum { SEED = 7, STEPS = 10, BATCH = 100 };

static struct err e;

static float drawn(uint64_t stream, size_t i)
{
    return (float)rng_unit(rng_at(SEED, stream, i));
}

static void draw_weights(struct model *m)
{
    for (size_t i = 0; i < m->tensors.n; i++)
        for (size_t j = 0; j < tensor_count(&m->tensors.at[i]); j++)
            m->tensors.at[i].data[j] = (drawn(1000 + i, j) - .5f) / 4;
    for (size_t i = 0; i < m->n_layers; i++)
        m->layer[i].rate = 0;
}

static void compare(const char *family, const struct model *m,
                    const double *loss)
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
            assert_true(fabs(loss[i] - want) < 1e-4 * want);
            n_loss++;
        } else if (sscanf(line, "weight %d %d %lf", &i, &j, &want) == 3) {
            assert_true(fabs((double)m->tensors.at[i].data[j] - want) < 1e-4);
            n_weights++;
        } else {
            fail_msg("no line of ours: %s", line);
        }
    fclose(f);
    free(path);
    assert_int_equal(n_loss, STEPS);
    assert_true(n_weights > 900);
}

/* A batch of windows that share no row. */
static void draw_batch(struct window_set *set, float *x, float *label,
                       uint32_t *end, uint64_t step)
{
    for (size_t i = 0; i < set->T * set->D; i++)
        x[i] = drawn(2 * step, i);
    for (uint32_t i = 0; i < BATCH; i++) {
        end[i] = (uint32_t)((i + 1) * set->delays - 1);
        label[end[i]] = drawn(2 * step + 1, i);
    }
}

/* Each epoch is one batch; the data change under the trainer in between. */
static void train_ten(struct model *m, const struct train_options *o, size_t D,
                      size_t delays, double loss[STEPS])
{
    size_t rows = BATCH * delays;
    float *x = xcalloc(rows * D, sizeof *x), *label = xcalloc(rows, sizeof *x);
    uint32_t end[BATCH] = {0};
    struct window_set set = {x, label, end, rows, D, BATCH, delays, 1};
    struct pool *pool = pool_new(2);
    struct trainer *t = trainer_new(m, o, &set, pool);

    for (uint32_t step = 0; step < STEPS; step++) {
        draw_batch(&set, x, label, end, step);
        assert_int_equal(trainer_step(t, &e), 0);
        loss[step] = trainer_epoch_end(t, 1. / (step + 1)).train_loss;
    }
    trainer_free(t);
    pool_free(pool);
    free(x);
    free(label);
}

static void repeat_pytorch(const char *family, size_t D, size_t delays,
                           size_t n_params)
{
    char *path = xasprintf("configs/%s.yaml", family);
    struct node *root = NULL;
    struct recipe recipe;
    struct model *m = NULL;
    double loss[STEPS];

    if (config_read(&root, path, &e) < 0 ||
        recipe_read(&recipe, root, &e) < 0 ||
        model_new(&m, recipe.model, D, delays, &e) < 0)
        fail_msg("%s", e.msg);
    assert_int_equal(tensors_count(&m->tensors), n_params);
    draw_weights(m);
    train_ten(m, &recipe.train, D, delays, loss);
    compare(family, m, loss);
    model_free(m);
    node_free(root);
    free(path);
}

static void v3_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch("v3", 4, 25, 142273);
}

static void v4_plain_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch("v4-plain", 4, 25, 129953);
}

static void lstm_repeats_pytorch(void **state)
{
    (void)state;
    repeat_pytorch("lstm", 2, 60, 17473);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v3_repeats_pytorch),
        cmocka_unit_test(v4_plain_repeats_pytorch),
        cmocka_unit_test(lstm_repeats_pytorch),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
