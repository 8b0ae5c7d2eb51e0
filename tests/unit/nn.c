/* Layers against finite differences, models against their description. */
#include "tests/unit/nn.h"

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

static struct err e;

static struct model *must(const char *yaml, size_t n_features, size_t delays)
{
    struct model *m = model_of(yaml, n_features, delays, &e);

    if (!m)
        print_error("%s\n", e.msg);
    assert_non_null(m);
    return m;
}

static void fill(float *x, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rng_unit(rng_at(11, stream, i)) * 2 - 1);
}

/* ---- gradients ---- */

enum { ROWS = 9 };

struct check {
    struct model *m;
    struct workspace *w;
    const struct loss_type *loss;
    float x[ROWS * 64], target[ROWS * 16];
};

static struct pass a_pass(void)
{
    return (struct pass){
        .n = ROWS, .training = true, .seed = 4, .step = 5, .row = 64};
}

static double loss_of(struct check *c, float *dy)
{
    struct pass pass = a_pass();
    size_t n = ROWS * c->m->n_out;
    float *y;

    memcpy(c->w->input, c->x, ROWS * c->m->n_in * sizeof(float));
    y = workspace_forward(c->w, &pass, c->w->input);
    return c->loss->eval(c->loss, y, c->target, n, 1 / (float)n, dy) /
           (double)n;
}

/* Every parameter moved by +-h must move the loss as its gradient says. */
static void check_gradient(const char *yaml, size_t n_in)
{
    struct check *c = xcalloc(1, sizeof *c);
    struct pass pass = a_pass();
    const double h = 1e-2;
    float *grad;

    c->m = must(yaml, 1, n_in);
    c->w = workspace_new(c->m, ROWS, true);
    c->loss = loss_type_find("mse");
    grad = xcalloc(c->m->size, sizeof *grad);
    model_init(c->m, 3);
    fill(c->x, ROWS * n_in, 1);
    fill(c->target, ROWS * c->m->n_out, 2);
    loss_of(c, c->w->slope[0]);
    workspace_backward(c->w, &pass, grad);
    for (size_t i = 0; i < c->m->tensors.n; i++) {
        const struct tensor *t = &c->m->tensors.at[i];

        for (size_t j = 0; j < tensor_count(t); j++) {
            float was = t->data[j], got = grad[t->data - c->m->params + j];
            double up, down;

            t->data[j] = was + (float)h;
            up = loss_of(c, NULL);
            t->data[j] = was - (float)h;
            down = loss_of(c, NULL);
            t->data[j] = was;
            if (fabs((up - down) / (2 * h) - (double)got) > 2e-4)
                fail_msg("%s[%zu]: %g by differences, %g by backward", t->name,
                         j, (up - down) / (2 * h), (double)got);
        }
    }
    free(grad);
    workspace_free(c->w);
    model_free(c->m);
    free(c);
}

static void dense_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dense, out: 1}]", 7);
    check_gradient("layers: [{type: dense, out: 5}, {type: dense, out: 3}]", 7);
}

static void dropout_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dense, out: 40}, "
                   "{type: dropout, rate: 0.4}, {type: dense, out: 2}]",
                   5);
}

/*
 * Around its corner relu has no slope to compare, so here by hand: x, -x.
 */
static void relu_gradient(void **state)
{
    struct model *m = must("layers: [{type: dense, out: 4}, {type: relu}, "
                           "{type: dense, out: 1}]",
                           1, 1);
    const float params[] = {1, -1, 2, -2}, up[] = {3, 5, 7, 11};
    const float want[] = {3, 0, 7, 0}; /* the upper weight where x > 0 */
    struct workspace *w = workspace_new(m, 1, true);
    struct pass pass = {.n = 1, .training = true};
    float *grad = xcalloc(m->size, sizeof *grad);

    (void)state;
    memcpy(m->tensors.at[0].data, params, sizeof params);
    memcpy(m->tensors.at[2].data, up, sizeof up);
    w->input[0] = 1;
    assert_true(*workspace_forward(w, &pass, w->input) == 3 + 14);
    w->slope[0][0] = 1;
    workspace_backward(w, &pass, grad);
    assert_memory_equal(grad, want, sizeof want);
    w->input[0] = NAN;
    assert_true(isnan(*workspace_forward(w, &pass, w->input)));
    free(grad);
    workspace_free(w);
    model_free(m);
}

/* The whole of v3's structure; few rows lie on a corner of relu. */
static void stack_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: dense, out: 12}, {type: dense, out: 6}, "
                   "{type: dropout, rate: 0.3}, {type: dense, out: 4}, "
                   "{type: dropout, rate: 0.5}, {type: dense, out: 1}]",
                   10);
}

/* ---- dropout ---- */

static void run_dropout(struct model *m, bool training, uint64_t step,
                        size_t row, size_t n, float *x)
{
    struct workspace *w = workspace_new(m, n, true);
    struct pass pass = {
        .n = n, .training = training, .seed = 1, .step = step, .row = row};

    memcpy(w->input, x, n * m->n_in * sizeof *x);
    memcpy(x, workspace_forward(w, &pass, w->input), n * m->n_in * sizeof *x);
    workspace_free(w);
}

static void dropout_keeps_rate_and_mean(void **state)
{
    enum { N = 1000, WIDTH = 101 };
    const double rates[] = {0, .1, .3, .5, .9};
    float *x = xcalloc(N * WIDTH, sizeof *x);

    (void)state;
    for (int r = 0; r < 5; r++) {
        char yaml[80];
        struct model *m;
        double zero = 0, mean = 0, n = N * WIDTH, p = rates[r];

        snprintf(yaml, sizeof yaml, "layers: [{type: dropout, rate: %g}]", p);
        m = must(yaml, 1, WIDTH);
        for (size_t i = 0; i < N * WIDTH; i++)
            x[i] = 1;
        run_dropout(m, true, 9, 0, N, x);
        for (size_t i = 0; i < N * WIDTH; i++) {
            zero += x[i] == 0;
            mean += (double)x[i] / n;
        }
        assert_true(fabs(zero / n - p) <= 5 * sqrt(p * (1 - p) / n));
        assert_true(fabs(mean - 1) <= 5 * sqrt(p / (1 - p) / n) + 1e-4);
        model_free(m);
    }
    free(x);
}

static void dropout_depends_on_its_key_alone(void **state)
{
    enum { N = 10, WIDTH = 45 };
    struct model *m = must("layers: [{type: dropout}]", 1, WIDTH);
    float all[N * WIDTH], part[N * WIDTH], other[N * WIDTH];

    (void)state;
    fill(all, N * WIDTH, 1);
    memcpy(part, all, sizeof all);
    memcpy(other, all, sizeof all);
    run_dropout(m, false, 3, 0, N, other);
    assert_memory_equal(other, all, sizeof all); /* off: y = x */
    run_dropout(m, true, 3, 0, N, all);
    run_dropout(m, true, 3, 0, 4, part); /* the same rows in two shards */
    run_dropout(m, true, 3, 4, 6, part + 4 * WIDTH);
    assert_memory_equal(part, all, sizeof all);
    run_dropout(m, true, 4, 0, N, other);
    assert_memory_not_equal(other, all, sizeof all);
    assert_memory_not_equal(all, all + WIDTH, WIDTH * sizeof *all);
    model_free(m);
}

/* ---- models ---- */

static void v3_is_v3(void **state)
{
    struct model *m = must(V3, 4, 25);
    const struct tensor *t = tensors_find(&m->tensors, "head.0.weight");

    (void)state;
    assert_int_equal(tensors_count(&m->tensors), 142273);
    assert_int_equal(m->tensors.n, 12);
    assert_non_null(tensors_find(&m->tensors, "enc.6.bias"));
    assert_non_null(t);
    assert_true(t->dim[0] == 128 && t->dim[1] == 64);
    for (size_t i = 0; i < m->tensors.n; i++)
        assert_int_equal((uintptr_t)m->tensors.at[i].data % 64, 0);
    model_free(m);
}

static void init_is_pytorchs(void **state)
{
    struct model *m = must(V3, 4, 25);
    const float *bias = tensors_find(&m->tensors, "enc.0.bias")->data;
    const float *weight = tensors_find(&m->tensors, "enc.0.weight")->data;
    float most = 0, first;
    double squares = 0;

    (void)state;
    model_init(m, 42);
    for (int i = 0; i < 51200; i++) {
        most = fmaxf(most, fabsf(weight[i]));
        squares += (double)(weight[i] * weight[i]);
    }
    assert_true(most <= .1f && most > .0999f); /* 1/sqrt(100) */
    assert_true(fabs(squares / 51200 - .01 / 3) < 1e-4);
    for (int i = 0; i < 512; i++)
        assert_true(fabsf(bias[i]) <= .1f && bias[i] != 0);
    first = weight[0];
    model_init(m, 42);
    assert_true(weight[0] == first);
    model_init(m, 43);
    assert_true(weight[0] != first);
    model_free(m);
}

static void bad_descriptions_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"a: 1", "layers"},
        {"layers: []", "layers"},
        {"layers: [{type: dens, out: 1}]", "dense, relu, dropout"},
        {"layers: [{out: 1}]", "type"},
        {"layers: [{type: dense}]", "out"},
        {"layers: [{type: dense, out: 0}]", "out"},
        {"layers: [{type: dense, out: 1, rate: 3}]", "rate"},
        {"layers: [{type: dropout, rate: 1}]", "rate"},
        {"layers:\n- {type: dense, name: a, out: 2}\n"
         "- {type: dense, name: a, out: 2}",
         "two layers"},
        {"layers: [{type: dense, out: 65536}, {type: dense, out: 65536}]",
         "parameters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&e, 0, sizeof e);
        assert_null(model_of(bad[i][0], 4, 25, &e));
        assert_int_equal(e.code, ERR_DATA);
        assert_non_null(strstr(e.msg, "m.yaml:"));
        if (!strstr(e.msg, bad[i][1]))
            fail_msg("'%s' does not say '%s'", e.msg, bad[i][1]);
    }
    assert_null(model_of("layers: [{type: relu}]", 1u << 20, 2, &e));
}

/* ---- prediction ---- */

static void prediction_is_one_whatever_the_way(void **state)
{
    enum { N = 700, T = N + 24 };
    struct model *m = must(V3, 4, 25);
    struct pool *pool = pool_new(2);
    struct predictor *one = predictor_new(m, NULL);
    struct predictor *two = predictor_new(m, pool);
    float *x = xcalloc(T * 4, sizeof *x), *row = xcalloc(N * 100, sizeof *row);
    float a[N], b[N], c;
    uint32_t end[N];
    struct window_set set = {
        .x = x, .end = end, .T = T, .D = 4, .N = N, .delays = 25, .tau = 1};

    (void)state;
    model_init(m, 1);
    fill(x, T * 4, 1);
    for (uint32_t i = 0; i < N; i++)
        end[i] = i + 24;
    predict_windows(one, &set, a);
    predict_windows(two, &set, b);
    assert_memory_equal(a, b, sizeof a);
    embed(x, 4, 25, 1, end, N, row);
    predict_rows(two, row, N, b);
    assert_memory_equal(a, b, sizeof a);
    for (size_t i = 0; i < N; i += 50) {
        predict_rows(one, row + i * 100, 1, &c);
        assert_true(fabsf(c - a[i]) < 1e-5f);
    }
    predictor_free(one);
    predictor_free(two);
    pool_free(pool);
    model_free(m);
    free(x);
    free(row);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_gradient),
        cmocka_unit_test(relu_gradient),
        cmocka_unit_test(dropout_gradient),
        cmocka_unit_test(stack_gradient),
        cmocka_unit_test(dropout_keeps_rate_and_mean),
        cmocka_unit_test(dropout_depends_on_its_key_alone),
        cmocka_unit_test(v3_is_v3),
        cmocka_unit_test(init_is_pytorchs),
        cmocka_unit_test(bad_descriptions_are_named),
        cmocka_unit_test(prediction_is_one_whatever_the_way),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
