/* conv1d, maxpool and lstm against naive twins and finite differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/math/blas.h"
#include "common/math/curve.h"
#include "common/math/across.h"
#include "tests/unit/gradient.h"

static struct err e;

/* ---- conv1d ---- */

struct conv_case {
    size_t I, L, O, K, dilation, padding, n;
};

static const struct conv_case conv_cases[] = {
    {4, 25, 32, 3, 1, 1, 33},
    {4, 25, 32, 5, 1, 2, 70},
    {32, 25, 64, 3, 1, 1, 5},
    {1, 1, 1, 1, 1, 0, 1},
    {3, 64, 13, 3, 16, 16, 2},
    {2, 9, 5, 7, 1, 3, 40},
    {2, 9, 5, 4, 2, 0, 3},
    {2, 9, 3, 3, 2, 4, 3},
    {5, 17, 9, 2, 1, 0, 9},
    {2, 3, 2, 3, 8, 8, 4},
    /* enough weights for columns, and of three taps for Winograd's way */
    {128, 64, 128, 3, 1, 1, 9},
    {96, 40, 120, 3, 32, 32, 5},
    {64, 9, 80, 7, 1, 3, 35},
    {70, 300, 160, 3, 2, 4, 2},
    {90, 21, 99, 4, 3, 2, 1},
    {75, 120, 64, 1, 1, 0, 3},
    {128, 4, 90, 3, 2, 2, 5},
    {90, 12, 128, 3, 3, 3, 150},
    {128, 64, 128, 3, 8, 8, 4},
    {110, 64, 128, 3, 32, 32, 17},
    {128, 40, 96, 3, 4, 4, 7},
    {128, 96, 90, 3, 16, 16, 4},
    {16, 5, 16, 1, 1, 0, 4},
    {130, 3, 90, 3, 8, 8, 3},
};

static struct model *conv_model(const struct conv_case *c)
{
    char yaml[200];

    snprintf(yaml, sizeof yaml,
             "layers: [{type: conv1d, name: c, out: %zu, kernel: %zu, "
             "dilation: %zu, padding: %zu}]",
             c->O, c->K, c->dilation, c->padding);
    return must(yaml, c->I, c->L);
}

/* The definition, in double precision. */
static double *naive_conv(const struct conv_case *c, const struct model *m,
                          const float *x)
{
    size_t M = c->L + 2 * c->padding - c->dilation * (c->K - 1);
    const float *W = m->tensors.at[0].data, *b = m->tensors.at[1].data;
    double *y = xcalloc(c->n * c->O * M, sizeof *y);

    for (size_t r = 0; r < c->n; r++, x += c->I * c->L)
        for (size_t o = 0; o < c->O; o++)
            for (size_t t = 0; t < M; t++) {
                double *to = &y[(r * c->O + o) * M + t];

                *to = (double)b[o];
                for (size_t i = 0; i < c->I; i++)
                    for (size_t k = 0; k < c->K; k++) {
                        size_t at = t + k * c->dilation;

                        if (at >= c->padding && at - c->padding < c->L)
                            *to += (double)W[(o * c->I + i) * c->K + k] *
                                   (double)x[i * c->L + at - c->padding];
                    }
            }
    return y;
}

static void conv_is_its_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof conv_cases / sizeof *conv_cases; i++) {
        const struct conv_case *c = &conv_cases[i];
        struct model *m = conv_model(c);
        float *x = xcalloc(c->n * c->I * c->L, sizeof *x), *y;
        double *want;

        fill(x, c->n * c->I * c->L, i);
        y = run(m, c->n, i % 2, x);
        want = naive_conv(c, m, x);
        assert_close(y, want, c->n * m->n_out, 1e-5);
        free(x);
        free(y);
        free(want);
        model_free(m);
    }
}

static void conv_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: conv1d, out: 3}]", 2, 7, 5);
    /* Values that lie across, from rows that learn. */
    check_gradient("layers: [{type: dense, out: 6}, {type: conv1d, out: 3}, "
                   "{type: dense, out: 2}]",
                   2, 4, 18);
    check_gradient("layers: [{type: conv1d, out: 9, kernel: 5}, {type: conv1d, "
                   "out: 6, kernel: 3}, {type: dense, out: 1}]",
                   4, 11, 35);
    check_gradient("layers: [{type: conv1d, out: 2, kernel: 2, padding: 1}, "
                   "{type: conv1d, out: 5, kernel: 4, dilation: 2, padding: 1},"
                   "{type: conv1d, out: 1, kernel: 7, padding: 0}]",
                   1, 15, 3);
}

/* Rows side by side give to the bit what they give one after the other. */
static void check_pool_across(const char *yaml, size_t channels, size_t length)
{
    enum { N = 18, MOST = N * 64 };
    struct model *m = must(yaml, channels, length);
    const struct layer *l = &m->layer[0];
    struct pass rows = {.n = N, .training = true}, lines = rows;
    float x[MOST], y[MOST], dx[MOST], turned[MOST], got[MOST];

    lines.across_in = lines.across = true;
    fill(x, N * l->n_in, 1);
    l->type->forward(l, &rows, x, y);
    across_turn(x, N, l->n_in, turned);
    l->type->forward(l, &lines, turned, got);
    across_turn(got, l->n_out, N, dx);
    assert_memory_equal(dx, y, N * l->n_out * sizeof *y);
    l->type->backward(l, &lines, turned, NULL, got, got + MOST / 2, NULL);
    across_turn(got + MOST / 2, l->n_in, N, turned);
    l->type->backward(l, &rows, x, NULL, y, dx, NULL);
    assert_memory_equal(turned, dx, N * l->n_in * sizeof *dx);
    model_free(m);
}

static void pool_lies_across(void **state)
{
    (void)state;
    check_pool_across("layers: [{type: maxpool, size: 3}]", 2, 8);
    check_pool_across("layers: [{type: maxpool, size: 2}]", 3, 7);
}

static void conv_shape_and_start(void **state)
{
    struct model *m = must("layers: [{type: conv1d, out: 64, kernel: 5}, "
                           "{type: maxpool}]",
                           32, 25);
    double squares = 0;
    float most = 0;

    (void)state;
    assert_true(m->layer[0].out.channels == 64 && m->layer[0].out.length == 25);
    assert_true(m->layer[1].out.channels == 64 && m->layer[1].out.length == 12);
    assert_int_equal(tensors_count(&m->tensors), 64 * 32 * 5 + 64);
    for (size_t i = 0; i < 10240; i++) {
        most = fmaxf(most, fabsf(m->tensors.at[0].data[i]));
        squares +=
            (double)m->tensors.at[0].data[i] * (double)m->tensors.at[0].data[i];
    }
    assert_true(most <= 1 / sqrtf(160) && most > .99f / sqrtf(160));
    assert_true(fabs(squares / 10240 * 160 * 3 - 1) < .05);
    for (int i = 0; i < 64; i++)
        assert_true(fabsf(m->tensors.at[1].data[i]) <= 1 / sqrtf(160) &&
                    m->tensors.at[1].data[i] != 0);
    model_free(m);
}

/* ---- maxpool ---- */

static void pool_takes_the_first_of_the_largest(void **state)
{
    struct model *m =
        must("layers: [{type: conv1d, name: c, out: 1, kernel: 1}, "
             "{type: maxpool, size: 3}]",
             1, 8);
    const float x[] = {1, 5, 5, -3, -2, -9, 100, 100}, one = 1, zero = 0;
    struct workspace *w = workspace_new(m, 1, true);
    struct pass pass = {.n = 1, .training = true};
    float *grad = xcalloc(m->size, sizeof *grad);
    const float *y;

    (void)state;
    *m->tensors.at[0].data = one;
    *m->tensors.at[1].data = zero;
    memcpy(w->input, x, sizeof x);
    y = workspace_forward(w, &pass, w->input);
    assert_true(m->n_out == 2 && y[0] == 5 && y[1] == -2);
    w->slope[0][0] = 1;
    w->slope[0][1] = 10;
    w->input[2] = 7; /* of the two fives the first one counts */
    workspace_backward(w, &pass, grad);
    assert_true(*grad == 5 - 20);
    w->input[0] = NAN;
    assert_true(isnan(workspace_forward(w, &pass, w->input)[0]));
    free(grad);
    workspace_free(w);
    model_free(m);
}

static void pool_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: conv1d, out: 1, kernel: 1}, "
                   "{type: maxpool, size: 4}, {type: dense, out: 1}]",
                   1, 9, 3);
}

/* ---- lstm ---- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static void curves_are_exact_enough(void **state)
{
    double worst = 0;

    (void)state;
    for (double x = -100; x < 100; x += 1e-3) {
        float a = (float)x, b = -a, g = a, o = a / 3;

        curve_gates(&a, &b, &g, &o);
        worst = fmax(worst, fabs((double)a - sigmoid((double)(float)x)));
        worst = fmax(worst, fabs((double)b - sigmoid(-(double)(float)x)));
        worst = fmax(worst, fabs((double)o - sigmoid((double)(float)x / 3)));
        worst = fmax(worst, fabs((double)g - tanh((double)(float)x)));
        worst = fmax(worst, fabs((double)curve_tanh((float)x) - tanh(x)));
    }
    assert_true(worst < 1e-6);
    for (int i = 0; i < 4; i++) { /* the far corners, all sixteen */
        for (int j = 0; j < 4; j++) {
            float a = i & 1 ? 1e30f : -1e30f, b = i & 2 ? 1e30f : -1e30f;
            float g = j & 1 ? INFINITY : -INFINITY, o = j & 2 ? 99 : -99;

            curve_gates(&a, &b, &g, &o);
            assert_true(fabsf(a - (float)(i & 1)) < 1e-6f);
            assert_true(fabsf(b - (float)(i / 2)) < 1e-6f);
            assert_true(fabsf(g - (float)(2 * (j & 1) - 1)) < 1e-6f);
            assert_true(fabsf(o - (float)(j / 2)) < 1e-6f);
        }
    }
    for (int i = 0; i < 4; i++) {
        float x[4] = {0, 0, 0, 0};

        x[i] = NAN;
        curve_gates(&x[0], &x[1], &x[2], &x[3]);
        assert_true(isnan(x[i]));
    }
    assert_true(isnan(curve_tanh(NAN)));
}

/* The definition, one row, in double precision; h (H) starts as zeros. */
static void naive_lstm(const struct model *m, const float *x, double *h)
{
    size_t I = m->in.channels, T = m->in.length, H = m->n_out;
    const float *ih = m->tensors.at[0].data, *hh = m->tensors.at[1].data;
    const float *b = m->tensors.at[2].data, *b2 = m->tensors.at[3].data;
    double *sum = xcalloc(4 * H, sizeof *sum), *c = xcalloc(H, sizeof *c);

    for (size_t t = 0; t < T; t++) {
        for (size_t g = 0; g < 4 * H; g++) {
            sum[g] = (double)b[g] + (double)b2[g];
            for (size_t i = 0; i < I; i++)
                sum[g] += (double)ih[g * I + i] * (double)x[i * T + t];
            for (size_t j = 0; j < H; j++)
                sum[g] += (double)hh[g * H + j] * h[j];
        }
        for (size_t j = 0; j < H; j++) {
            c[j] = sigmoid(sum[H + j]) * c[j] +
                   sigmoid(sum[j]) * tanh(sum[2 * H + j]);
            h[j] = sigmoid(sum[3 * H + j]) * tanh(c[j]);
        }
    }
    free(sum);
    free(c);
}

static void lstm_is_its_definition(void **state)
{
    static const struct {
        size_t I, T, H, n;
    } cases[] = {{2, 60, 64, 9}, {2, 60, 64, 1},  {3, 5, 7, 3},
                 {1, 1, 1, 4},   {16, 9, 33, 11}, {2, 4, 20, 17}};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t I = cases[i / 2].I, T = cases[i / 2].T, H = cases[i / 2].H;
        size_t n = cases[i / 2].n;
        float *x = xcalloc(n * I * T, sizeof *x), *y;
        double *want = xcalloc(n * H, sizeof *want);
        struct model *m;
        char yaml[100];

        snprintf(yaml, sizeof yaml, "layers: [{type: lstm, hidden: %zu}]", H);
        m = must(yaml, I, T);
        for (size_t j = 0; j < m->size; j++)
            m->params[j] *= 3; /* into the bends of the curves */
        fill(x, n * I * T, i);
        for (size_t r = 0; r < n; r++)
            naive_lstm(m, x + r * I * T, want + r * H);
        y = run(m, n, i % 2, x);
        assert_close(y, want, n * H, 1e-5);
        free(x);
        free(y);
        free(want);
        model_free(m);
    }
}

/* Packed beforehand, and in a predictor, whose steps share their place. */
static void lstm_predicts_the_same(void **state)
{
    enum { N = 600, IN = 2 * 20 };
    struct model *m = must("layers: [{type: lstm, hidden: 24, take: last}, "
                           "{type: dense, out: 1}]",
                           2, 20);
    struct pool *pool = pool_new(2);
    struct predictor *p = predictor_new(m, pool);
    float *x = xcalloc(N * IN, sizeof *x), many[N], one, *kept;

    (void)state;
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
    pool_free(pool);
    model_free(m);
}

static void lstm_gradient(void **state)
{
    (void)state;
    check_gradient("layers: [{type: lstm, hidden: 5}]", 2, 1, 2);
    check_gradient("layers: [{type: lstm, hidden: 5}]", 2, 6, 3);
    check_gradient("layers: [{type: lstm, hidden: 9}, {type: dense, out: 1}]",
                   3, 7, 12);
    check_gradient("layers: [{type: conv1d, out: 4}, {type: lstm, hidden: 6}]",
                   2, 8, 9);
    check_gradient("layers: [{type: conv1d, out: 4}, {type: lstm, hidden: 6}]",
                   2, 8, 2);
}

static void bad_descriptions_are_named(void **state)
{
    static const char *const bad[][2] = {
        {"layers: [{type: conv1d}]", "out"},
        {"layers: [{type: conv1d, out: 2, kernel: 0}]", "kernel"},
        {"layers: [{type: conv1d, out: 2, kernel: 3, padding: 3}]", "padding"},
        {"layers: [{type: conv1d, out: 2, kernel: 26, padding: 0}]", "spans"},
        {"layers: [{type: conv1d, out: 2, stride: 2}]", "stride"},
        {"layers: [{type: conv1d, out: 4096, kernel: 256, dilation: 256, "
         "padding: 65280}]",
         "too many"},
        {"layers: [{type: maxpool, size: 26}]", "size 26"},
        {"layers: [{type: lstm}]", "hidden"},
        {"layers: [{type: lstm, hidden: 4, take: all}]", "last"},
        {"layers: [{type: lstm, hidden: 2048}]", "too large"},
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
        cmocka_unit_test(conv_is_its_definition),
        cmocka_unit_test(conv_gradient),
        cmocka_unit_test(pool_lies_across),
        cmocka_unit_test(conv_shape_and_start),
        cmocka_unit_test(pool_takes_the_first_of_the_largest),
        cmocka_unit_test(pool_gradient),
        cmocka_unit_test(curves_are_exact_enough),
        cmocka_unit_test(lstm_is_its_definition),
        cmocka_unit_test(lstm_predicts_the_same),
        cmocka_unit_test(lstm_gradient),
        cmocka_unit_test(bad_descriptions_are_named),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
