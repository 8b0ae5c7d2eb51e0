/*
 * Windows that follow one another, predicted with what they share and each on
 * its own; batch normalisation folded and as it is.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/fold.h"
#include "common/nn/runs.h"
#include "common/nn/slide.h"
#include "common/nn/workspace.h"
#include "formats/config.h"
#include "tests/unit/nn.h"

static struct err e;

/* Parameters that make every layer matter, running statistics as well. */
static void draw(struct model *m)
{
    model_init(m, 3);
    for (size_t i = 0; i < m->tensors.n; i++) {
        const struct tensor *t = &m->tensors.at[i];
        bool var = strstr(t->name, "running_var") != NULL;

        for (size_t j = 0; j < tensor_count(t); j++)
            if (t->buffer || strstr(t->name, "bias"))
                t->data[j] =
                    (var ? .5f : -.2f) + .4f * (float)rng_unit(rng_at(5, i, j));
    }
}

struct rig {
    struct model *m;
    struct window_set set;
    float *x, *apart;
    uint32_t *end;
};

/* A trace with a window at each row, or with gaps of two rows between some
 * hundred. */
static void rig_init(struct rig *r, struct model *m, size_t tau,
                     size_t n_windows, bool gaps)
{
    size_t span = embed_span(m->in.length, tau), D = m->in.channels;
    size_t T = span - 1 + n_windows;

    r->m = m;
    r->x = xcalloc(T * D, sizeof *r->x);
    r->end = xcalloc(T, sizeof *r->end);
    for (size_t i = 0; i < T * D; i++)
        r->x[i] = (float)rng_unit(rng_at(9, 1, i));
    r->set = (struct window_set){.x = r->x,
                                 .end = r->end,
                                 .T = T,
                                 .D = D,
                                 .delays = m->in.length,
                                 .tau = tau};
    for (size_t t = span - 1; t < T; t++)
        if (!gaps || t % 110 > 1)
            r->end[r->set.N++] = (uint32_t)t;
    r->apart = xcalloc(r->set.N * m->n_out, sizeof *r->apart);
}

static void rig_release(struct rig *r)
{
    model_free(r->m);
    free(r->x);
    free(r->end);
    free(r->apart);
}

/* Layer by layer as it is described, nothing folded and nothing shared. */
static void predict_apart(struct rig *r)
{
    const struct window_set *s = &r->set;
    struct workspace *w = workspace_new(r->m, 1, false);
    struct pass pass = {.n = 1};

    for (size_t i = 0; i < s->N; i++) {
        embed(s->x, s->D, s->delays, s->tau, &s->end[i], 1, w->input);
        memcpy(r->apart + i * r->m->n_out,
               workspace_forward(w, &pass, w->input),
               r->m->n_out * sizeof *r->apart);
    }
    workspace_free(w);
}

static void assert_near(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(a[i] - b[i]) <= 1e-5f * (1 + fabsf(b[i]))))
            fail_msg("%zu: %.9g and %.9g", i, (double)a[i], (double)b[i]);
}

/* Threads 1, 2, 3 give the same bits, all of them near `apart`. */
static void compare(struct rig *r)
{
    size_t n = r->set.N * r->m->n_out;
    float *y = xcalloc(n, sizeof *y), *first = xcalloc(n, sizeof *y);

    predict_apart(r);
    for (int threads = 1; threads <= 3; threads++) {
        struct pool *pool = pool_new(threads);
        struct predictor *p = predictor_new(r->m, pool);

        memset(y, 0, n * sizeof *y);
        predict_windows(p, &r->set, threads == 1 ? first : y);
        if (threads == 1)
            assert_near(first, r->apart, n);
        else
            assert_memory_equal(first, y, n * sizeof *y);
        predictor_free(p);
        pool_free(pool);
    }
    free(y);
    free(first);
}

static bool is_shared(const struct model *m)
{
    struct fold *f = fold_new(m);
    struct slide *s = slide_new(&f->model);
    bool shared = s != NULL;

    slide_free(s);
    fold_free(f);
    return shared;
}

static void check(struct model *m, size_t tau, size_t n_windows, bool gaps)
{
    struct rig r;

    draw(m);
    rig_init(&r, m, tau, n_windows, gaps);
    compare(&r);
    rig_release(&r);
}

static struct model *family(const char *name, size_t D, size_t delays)
{
    char *path = xasprintf("configs/%s.yaml", name);
    struct model_use use = {.D = D, .delays = delays, .n_targets = 1};
    struct node *config = NULL;
    struct model *m = NULL;

    if (config_read(&config, path, &e) < 0 ||
        model_build(&m, node_get(config, "model"), &use, &e) < 0)
        fail_msg("%s", e.msg);
    node_free(config);
    free(path);
    return m;
}

static void families_share(void **state)
{
    static const struct {
        const char *name;
        size_t D, delays;
        bool shared;
    } families[] = {
        {"v3", 4, 25, false},   {"v4", 4, 25, true},  {"v4-plain", 4, 25, true},
        {"lstm", 2, 60, false}, {"v1", 3, 144, true}, {"mstcn", 4, 64, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        for (size_t tau = 1; tau <= 8; tau = tau == 1 ? 4 : tau + 4) {
            struct model *m =
                family(families[i].name, families[i].D, families[i].delays);

            assert_int_equal(is_shared(m), families[i].shared);
            check(m, tau, 280, tau < 8);
        }
}

/* Paths whose edges differ, an even kernel, one that drops steps, and sums. */
#define ODD                                                         \
    "layers:\n"                                                     \
    "- type: parallel\n  name: paths\n  paths:\n"                   \
    "  - {type: conv1d, out: 5, kernel: 3, dilation: 2}\n"          \
    "  - [{type: conv1d, out: 3, kernel: 5}, {type: relu}]\n"       \
    "  - {type: conv1d, out: 8, kernel: 1}\n"                       \
    "- {type: batch_norm, name: bn}\n- {type: relu}\n"              \
    "- {type: dropout, rate: 0.5}\n"                                \
    "- type: residual\n  name: r\n  layers:\n"                      \
    "  - {type: conv1d, out: 16, kernel: 3}\n"                      \
    "  - {type: batch_norm}\n"                                      \
    "- {type: conv1d, out: 4, kernel: 4, padding: 1}\n"             \
    "- {type: unfold, size: 3}\n- {type: batch_norm, name: late}\n" \
    "- {type: maxpool}\n- {type: dense, name: fc, out: 6}\n"        \
    "- {type: batch_norm, name: last}\n- {type: dense, out: 2}\n"

static struct model *odd(void)
{
    struct model *m = model_of(ODD, 3, 30, &e);

    if (!m)
        fail_msg("%s", e.msg);
    return m;
}

static void odd_layers_share(void **state)
{
    (void)state;
    for (size_t tau = 1; tau <= 4; tau++) {
        check(odd(), tau, 700, false);
        check(odd(), tau, 1000, true);
    }
}

static size_t count(const struct fold *f, const char *type)
{
    size_t n = 0;

    for (size_t i = 0; i < f->model.n_layers; i++)
        n += strcmp(f->model.layer[i].type->name, type) == 0;
    return n;
}

/* What convolutions and dense layers give takes it in, be it put together from
 * several; what relu and unfold give does not. */
static void normalisation_is_folded(void **state)
{
    struct model *m[] = {odd(), family("mstcn", 4, 64)};
    struct fold *f[] = {fold_new(m[0]), fold_new(m[1])};

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(count(f[i], "dropout"), 0);
    assert_int_equal(count(f[0], "batch_norm"), 2);
    assert_int_equal(count(f[1], "batch_norm"), 0);
    for (int i = 0; i < 2; i++) {
        fold_free(f[i]);
        model_free(m[i]);
    }
}

/* Parameters that move are seen, unless they are said to stay. */
static void parameters_are_read_when_called(void **state)
{
    struct model *m = odd();
    struct predictor *p = predictor_new(m, NULL);
    struct rig r;
    float before[2], after[2], fixed[2];

    (void)state;
    draw(m);
    rig_init(&r, m, 1, 1, false);
    predict_windows(p, &r.set, before);
    m->layer[m->output].param[1].data[0] += 1;
    predict_windows(p, &r.set, after);
    assert_true(fabsf(after[0] - before[0] - 1) < 1e-5f);
    predictor_fix(p);
    tensors_find(&m->tensors, "bn.weight")->data[0] = 100;
    predict_windows(p, &r.set, fixed);
    assert_near(fixed, after, 2);
    predictor_free(p);
    rig_release(&r);
}

/* ---- runs ---- */

enum { N = 100 };

static void runs_hold_each_window_once(void **state)
{
    uint32_t end[N];
    struct window_set set = {.end = end, .N = N, .tau = 3};
    uint8_t seen[N] = {0};
    struct runs r;

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        end[i] = 50 + i + (i >= 60); /* one row without a window */
    runs_find(&r, &set, 10, 16);
    assert_true(r.n > 3 && r.n_alone > 0);
    for (size_t i = 0; i < r.n; i++) {
        assert_in_range(r.run[i].n, 10, 16);
        for (size_t k = 0; k < r.run[i].n; k++) {
            seen[r.run[i].at[k]]++;
            assert_int_equal(end[r.run[i].at[k]], end[r.run[i].at[0]] + 3 * k);
        }
    }
    for (size_t i = 0; i < r.n_alone; i++)
        seen[r.alone[i]]++;
    for (size_t i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    runs_release(&r);
}

static void windows_in_any_order_are_alone(void **state)
{
    uint32_t end[N];
    struct window_set set = {.end = end, .N = N, .tau = 1};
    struct runs r;

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        end[i] = 50 + i * 37 % N;
    runs_find(&r, &set, 10, 16);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.n_alone, N);
    runs_release(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_share),
        cmocka_unit_test(odd_layers_share),
        cmocka_unit_test(normalisation_is_folded),
        cmocka_unit_test(parameters_are_read_when_called),
        cmocka_unit_test(runs_hold_each_window_once),
        cmocka_unit_test(windows_in_any_order_are_alone),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
