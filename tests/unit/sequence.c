/*
 * The layers that work along the steps of a window against naive twins and
 * finite differences: attention, layer_norm, the pools, unfold, and backward of
 * conv1d, both ways that it has.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/math/blas.h"
#include "common/math/softmax.h"
#include "tests/unit/gradient.h"

static struct err e;

/* ---- conv1d, backward ---- */

struct conv_case {
    size_t I, L, O, K, dilation, padding, n;
};

/* Strips, columns of several rows, of one, rows that are columns, and three
 * taps for Winograd's way. */
static const struct conv_case conv_cases[] = {
    {4, 25, 32, 5, 1, 2, 70},    {3, 64, 13, 3, 16, 16, 2},
    {2, 9, 5, 4, 2, 0, 3},       {128, 20, 128, 3, 1, 1, 14},
    {96, 40, 120, 3, 32, 32, 5}, {64, 9, 80, 7, 1, 3, 35},
    {70, 300, 160, 3, 2, 4, 2},  {90, 21, 99, 4, 3, 2, 1},
    {128, 4, 90, 3, 2, 2, 5},    {110, 64, 128, 3, 32, 32, 17},
    {90, 12, 128, 3, 3, 3, 150}, {128, 40, 96, 3, 4, 4, 7},
    {128, 32, 96, 3, 8, 8, 5},   {128, 96, 90, 3, 16, 16, 4},
    {128, 50, 96, 3, 32, 32, 5}, {128, 61, 96, 3, 2, 2, 9},
    {75, 20, 64, 1, 1, 0, 3},    {16, 5, 16, 1, 1, 0, 4},
};

/* The gradients of the sum of y dy, by the definition of y. */
static void naive_back(const struct conv_case *c, const struct layer *l,
                       const float *x, const float *dy, double *dw, double *dx)
{
    size_t M = l->out.length;

    for (size_t r = 0; r < c->n; r++)
        for (size_t o = 0; o < c->O; o++)
            for (size_t i = 0; i < c->I; i++)
                for (size_t k = 0; k < c->K; k++)
                    for (size_t t = 0; t < M; t++) {
                        size_t at = t + k * c->dilation - c->padding;
                        size_t w = (o * c->I + i) * c->K + k;
                        double slope = (double)dy[(r * c->O + o) * M + t];

                        if (at >= c->L) /* what is below 0 as well */
                            continue;
                        at += (r * c->I + i) * c->L;
                        dw[w] += slope * (double)x[at];
                        dx[at] += slope * (double)l->param[0].data[w];
                    }
}

static void check_back(const struct conv_case *c, const struct layer *l)
{
    size_t n_in = c->n * l->n_in, n_out = c->n * l->n_out;
    size_t n_weights = tensor_count(&l->param[0]);
    float *x = xcalloc(n_in, sizeof *x), *dy = xcalloc(n_out, sizeof *x);
    float *dx = xcalloc(n_in, sizeof *x), *dw = xcalloc(n_weights, sizeof *x);
    float *db = xcalloc(c->O, sizeof *x), *grad[] = {dw, db};
    double *want_w = xcalloc(n_weights, sizeof *want_w);
    double *want_x = xcalloc(n_in, sizeof *want_x);
    double *want_b = xcalloc(c->O, sizeof *want_b);
    struct pass p = {.n = c->n,
                     .training = true,
                     .scratch = xmalloc_aligned(l->room + 1, 1)};

    fill(x, n_in, 1);
    fill(dy, n_out, 2);
    naive_back(c, l, x, dy, want_w, want_x);
    for (size_t i = 0; i < n_out; i++)
        want_b[i / l->out.length % c->O] += (double)dy[i];
    l->type->backward(l, &p, x, NULL, dy, dx, grad);
    assert_close(dw, want_w, n_weights, 1e-4);
    assert_close(dx, want_x, n_in, 1e-4);
    assert_close(db, want_b, c->O, 1e-4);
    free(x);
    free(dy);
    free(dx);
    free(dw);
    free(db);
    free(want_w);
    free(want_x);
    free(want_b);
    free(p.scratch);
}

static void conv_backward_is_its_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_cases / sizeof *conv_cases; i++) {
        const struct conv_case *c = &conv_cases[i];
        struct model *m;
        char yaml[200];

        snprintf(yaml, sizeof yaml,
                 "layers: [{type: conv1d, name: c, out: %zu, kernel: %zu, "
                 "dilation: %zu, padding: %zu}]",
                 c->O, c->K, c->dilation, c->padding);
        m = must(yaml, c->I, c->L);
        check_back(c, &m->layer[0]);
        model_free(m);
    }
}

static void plain_conv_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: conv1d, out: 16, kernel: 1}, "
                   "{type: conv1d, out: 17, kernel: 1}, "
                   "{type: dense, out: 1}]",
                   16, 3, 3);
}

/* One row, many at once with the weights packed, and as in training. */
static void conv_predicts_the_same(void **state)
{
    enum { N = 520, IN = 128 * 4 };
    struct model *m = must("layers: [{type: conv1d, out: 96}, "
                           "{type: dense, out: 1}]",
                           128, 4);
    struct predictor *p = predictor_new(m, NULL);
    float *x = xcalloc(N * IN, sizeof *x), many[N], one, *kept;

    (void)state;
    assert_true(m->layer[0].packed > 0);
    fill(x, N * IN, 1);
    predict_rows(p, x, N, many);
    kept = run(m, N, true, x);
    for (size_t i = 0; i < N; i++) {
        predict_rows(p, x + i * IN, 1, &one);
        assert_true(fabsf(one - many[i]) < 1e-5f);
        assert_true(fabsf(kept[i] - many[i]) < 1e-5f);
    }
    free(kept);
    free(x);
    predictor_free(p);
    model_free(m);
}

/* ---- attention ---- */

/* Scores to shares, in double precision. */
static void naive_softmax(double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i] = exp(x[i]);
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* y (O, T) = weight (O, C) x (C, T) + bias */
static void naive_project(const float *weight, const float *bias,
                          const double *x, size_t O, size_t C, size_t T,
                          double *y)
{
    for (size_t o = 0; o < O; o++)
        for (size_t t = 0; t < T; t++) {
            y[o * T + t] = (double)bias[o];
            for (size_t c = 0; c < C; c++)
                y[o * T + t] += (double)weight[o * C + c] * x[c * T + t];
        }
}

/* What PyTorch documents, one row x (C, T) to y (C, T). */
static void naive_attention(const struct layer *l, const float *x, double *y)
{
    size_t C = l->in.channels, T = l->in.length, d = C / l->heads;
    double *in = xcalloc(C * T, sizeof *in), *mix = xcalloc(C * T, sizeof *in);
    double *qkv = xcalloc(3 * C * T, sizeof *qkv);
    double *share = xcalloc(T, sizeof *share);

    for (size_t i = 0; i < C * T; i++)
        in[i] = (double)x[i];
    naive_project(l->param[0].data, l->param[1].data, in, 3 * C, C, T, qkv);
    for (size_t h = 0; h < l->heads; h++)
        for (size_t t = 0; t < T; t++) {
            const double *q = qkv + h * d * T, *k = q + C * T, *v = k + C * T;

            memset(share, 0, T * sizeof *share);
            for (size_t s = 0; s < T; s++)
                for (size_t c = 0; c < d; c++)
                    share[s] += q[c * T + t] * k[c * T + s] / sqrt((double)d);
            naive_softmax(share, T);
            for (size_t c = 0; c < d; c++)
                for (size_t s = 0; s < T; s++)
                    mix[(h * d + c) * T + t] += share[s] * v[c * T + s];
        }
    naive_project(l->param[2].data, l->param[3].data, mix, C, C, T, y);
    free(in);
    free(mix);
    free(qkv);
    free(share);
}

static void attention_is_its_definition(void **state)
{
    static const struct {
        size_t C, T, heads, n;
    } cases[] = {{128, 64, 8, 2}, {6, 5, 3, 4}, {4, 1, 2, 3},
                 {20, 33, 1, 2},  {1, 7, 1, 1}, {32, 17, 4, 3}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t C = cases[i / 2].C, T = cases[i / 2].T, n = cases[i / 2].n;
        float *x = xcalloc(n * C * T, sizeof *x), *y;
        double *want = xcalloc(n * C * T, sizeof *want);
        struct model *m;
        char yaml[100];

        snprintf(yaml, sizeof yaml,
                 "layers: [{type: attention, name: a, heads: %zu}]",
                 cases[i / 2].heads);
        m = must(yaml, C, T);
        for (size_t j = 0; j < m->size; j++)
            m->params[j] *= 3; /* away from equal shares */
        fill(m->layer[0].param[1].data, 3 * C, 5);
        fill(m->layer[0].param[3].data, C, 6);
        fill(x, n * C * T, i);
        for (size_t r = 0; r < n; r++)
            naive_attention(&m->layer[0], x + r * C * T, want + r * C * T);
        y = run(m, n, i % 2, x);
        assert_close(y, want, n * C * T, 3e-5);
        free(x);
        free(y);
        free(want);
        model_free(m);
    }
}

static void attention_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: attention, heads: 2}]", 4, 5, 3);
    check_gradient("layers: [{type: conv1d, out: 6}, "
                   "{type: attention, heads: 3, dropout: 0.4}, "
                   "{type: dense, out: 1}]",
                   2, 7, 4);
}

/* With V the same at all steps, the mean of what is kept is what is seen. */
static void attention_drops_its_share(void **state)
{
    enum { C = 2, T = 40, N = 50 };
    struct model *m = must("layers: [{type: attention, name: a, heads: 2, "
                           "dropout: 0.25}]",
                           C, T);
    const float one[] = {1, 0, 0, 1}, zero[C] = {0};
    float x[N * C * T] = {0}, *y, *again;
    double sum = 0, squares = 0;

    (void)state;
    memset(m->params, 0, m->size * sizeof *m->params);
    m->layer[0].param[1].data[4] = m->layer[0].param[1].data[5] = 1;
    memcpy(m->layer[0].param[2].data, one, sizeof one);
    memcpy(m->layer[0].param[3].data, zero, sizeof zero);
    y = run(m, N, true, x);
    again = run(m, N, true, x);
    assert_memory_equal(y, again, sizeof x);
    for (size_t i = 0; i < N * C * T; i++) {
        sum += (double)y[i];
        squares += ((double)y[i] - 1) * ((double)y[i] - 1);
    }
    /* 40 shares of 1/40, of variance .25 / .75 each */
    assert_true(fabs(sum / (N * C * T) - 1) < .01);
    assert_true(fabs(squares / (N * C * T) * T - 1. / 3) < .03);
    free(y);
    free(again);
    y = run(m, N, false, x);
    for (size_t i = 0; i < N * C * T; i++)
        assert_true(fabsf(y[i] - 1) < 1e-5f);
    free(y);
    model_free(m);
}

static void attention_starts_as_pytorch_does(void **state)
{
    struct model *m =
        must("layers: [{type: attention, name: a, heads: 8}]", 128, 3);
    double most[4] = {0};

    (void)state;
    assert_int_equal(tensors_count(&m->tensors), 4 * 128 * 128 + 4 * 128);
    assert_string_equal(m->tensors.at[0].name, "a.in_proj_weight");
    assert_string_equal(m->tensors.at[2].name, "a.out_proj.weight");
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < tensor_count(&m->tensors.at[i]); j++)
            most[i] = fmax(most[i], fabs((double)m->tensors.at[i].data[j]));
    assert_true(fabs(most[0] - sqrt(6. / 512)) < 1e-3);
    assert_true(fabs(most[2] - sqrt(1. / 128)) < 1e-3);
    assert_true(most[1] == 0 && most[3] == 0);
    model_free(m);
}

/* ---- layer_norm ---- */

static void norm_is_its_definition(void **state)
{
    enum { C = 37, T = 19, N = 3 };
    struct model *m = must("layers: [{type: layer_norm, name: n}]", C, T);
    float x[N * C * T], *y;
    double want[N * C * T];

    (void)state;
    assert_true(m->tensors.at[0].data[C - 1] == 1 &&
                m->tensors.at[1].data[0] == 0);
    fill(m->tensors.at[0].data, C, 8);
    fill(m->tensors.at[1].data, C, 9);
    fill(x, N * C * T, 1);
    for (size_t i = 0; i < N * T; i++) {
        size_t at = i / T * C * T + i % T;
        double mean = 0, variance = 0;

        for (size_t c = 0; c < C; c++)
            mean += (double)x[at + c * T] / C;
        for (size_t c = 0; c < C; c++)
            variance += pow((double)x[at + c * T] - mean, 2) / C;
        for (size_t c = 0; c < C; c++)
            want[at + c * T] = ((double)x[at + c * T] - mean) /
                                   sqrt(variance + 1e-5) *
                                   (double)m->tensors.at[0].data[c] +
                               (double)m->tensors.at[1].data[c];
    }
    y = run(m, N, false, x);
    assert_close(y, want, N * C * T, 1e-5);
    free(y);
    model_free(m);
}

static void norm_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: layer_norm}, {type: dense, out: 1}]", 5, 19,
                   3);
    check_gradient("layers: [{type: conv1d, out: 24}, {type: layer_norm}, "
                   "{type: dense, out: 1}]",
                   2, 6, 4);
}

/* ---- pools ---- */

static void pools_are_their_definitions(void **state)
{
    enum { C = 9, T = 21, N = 4 };
    struct model *a = must("layers: [{type: attention_pool}]", C, T);
    struct model *b = must("layers: [{type: mean_pool}]", C, T);
    double want_a[N * C] = {0}, want_b[N * C] = {0}, share[T];
    float x[N * C * T], *y;

    (void)state;
    fill(x, N * C * T, 1);
    for (size_t r = 0; r < N; r++) {
        for (size_t t = 0; t < T; t++) {
            share[t] = (double)*a->tensors.at[1].data;
            for (size_t c = 0; c < C; c++)
                share[t] += (double)a->tensors.at[0].data[c] *
                            (double)x[(r * C + c) * T + t];
        }
        naive_softmax(share, T);
        for (size_t i = 0; i < C * T; i++) {
            double value = (double)x[r * C * T + i];

            want_a[r * C + i / T] += share[i % T] * value;
            want_b[r * C + i / T] += value / T;
        }
    }
    y = run(a, N, true, x);
    assert_true(a->n_out == C && a->layer[0].out.length == 1);
    assert_close(y, want_a, N * C, 1e-5);
    free(y);
    y = run(b, N, true, x);
    assert_close(y, want_b, N * C, 1e-5);
    free(y);
    model_free(a);
    model_free(b);
}

static void pool_gradients(void **state)
{
    (void)state;
    check_gradient("layers: [{type: attention_pool}]", 5, 7, 3);
    check_gradient("layers: [{type: conv1d, out: 6}, {type: attention_pool}, "
                   "{type: dense, out: 1}]",
                   2, 21, 4);
    check_gradient("layers: [{type: conv1d, out: 6}, {type: mean_pool}, "
                   "{type: dense, out: 1}]",
                   2, 21, 4);
}

static void softmax_of_anything(void **state)
{
    float x[3 * 20];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        x[i] = i < 20 ? 1e30f * (i == 7) : i < 40 ? -200 : 0;
    x[41] = NAN;
    softmax(x, 3, 20);
    for (size_t i = 0; i < 20; i++) {
        assert_true(fabsf(x[i] - (i == 7)) < 1e-6f);
        assert_true(fabsf(x[20 + i] - .05f) < 1e-6f);
        assert_true(isnan(x[40 + i]));
    }
}

/* ---- unfold ---- */

static void unfold_gives_windows(void **state)
{
    struct model *m = must("layers: [{type: unfold, size: 3}]", 2, 5);
    const float x[] = {1, 2, 3, 4, 5, 10, 20, 30, 40, 50};
    const double want[] = {1,  2,  3,  2,  3,  4,  3,  4,  5,
                           10, 20, 30, 20, 30, 40, 30, 40, 50};
    float *y = run(m, 1, false, x);

    (void)state;
    assert_true(m->layer[0].out.channels == 6 && m->layer[0].out.length == 3);
    assert_close(y, want, 18, 0);
    free(y);
    model_free(m);
    check_gradient("layers: [{type: conv1d, out: 3}, {type: unfold, size: 4}, "
                   "{type: dense, out: 1}]",
                   2, 9, 3);
}

static void bad_descriptions_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"layers: [{type: attention, heads: 3}]", "3 heads"},
        {"layers: [{type: attention, heads: 0}]", "heads"},
        {"layers: [{type: attention, heads: 2, dropout: 1}]", "dropout"},
        {"layers: [{type: conv1d, out: 2, kernel: 256, dilation: 256, "
         "padding: 65280}, {type: attention}]",
         "too many"},
        {"layers: [{type: layer_norm, eps: 1}]", "eps"},
        {"layers: [{type: mean_pool, size: 2}]", "size"},
        {"layers: [{type: attention_pool, heads: 2}]", "heads"},
        {"layers: [{type: unfold}]", "size"},
        {"layers: [{type: unfold, size: 26}]", "size 26"},
        {"layers: [{type: conv1d, out: 64, kernel: 256, dilation: 256, "
         "padding: 65280}, {type: unfold, size: 4096}]",
         "too many"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&e, 0, sizeof e);
        assert_null(model_of(bad[i][0], 4, 25, &e));
        assert_int_equal(e.code, ERR_DATA);
        if (!strstr(e.msg, bad[i][1]))
            fail_msg("'%s' does not say '%s'", e.msg, bad[i][1]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_backward_is_its_definition),
        cmocka_unit_test(plain_conv_gradient),
        cmocka_unit_test(conv_predicts_the_same),
        cmocka_unit_test(attention_is_its_definition),
        cmocka_unit_test(attention_gradient),
        cmocka_unit_test(attention_drops_its_share),
        cmocka_unit_test(attention_starts_as_pytorch_does),
        cmocka_unit_test(norm_is_its_definition),
        cmocka_unit_test(norm_gradient),
        cmocka_unit_test(pools_are_their_definitions),
        cmocka_unit_test(pool_gradients),
        cmocka_unit_test(softmax_of_anything),
        cmocka_unit_test(unfold_gives_windows),
        cmocka_unit_test(bad_descriptions_are_named),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
