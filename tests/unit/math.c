/* Threads, BLAS, windows, scaling and ridge, each against a naive twin. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/math/panel.h"
#include "common/math/ridge.h"
#include "common/math/scale.h"
#include "common/math/tensor.h"

static struct err e;

static float *randoms(uint64_t stream, size_t n)
{
    float *x = xmalloc_aligned(n, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rng_unit(rng_at(3, stream, i)) - .5);
    return x;
}

/* ---- tensors ---- */

static void tensors_are_found_by_name(void **state)
{
    struct tensors ts = {0};
    float data[7];

    (void)state;
    tensors_add(&ts, "a.weight", 2, (size_t[]){2, 3}, data);
    tensors_add(&ts, "a.bias", 1, (size_t[]){1}, data + 6);
    assert_int_equal(tensors_count(&ts), 7);
    assert_ptr_equal(tensors_find(&ts, "a.bias")->data, data + 6);
    assert_int_equal(tensors_find(&ts, "a.weight")->dim[1], 3);
    assert_null(tensors_find(&ts, "b"));
    tensors_release(&ts);
}

/* ---- blas ---- */

static void naive_gemm(bool ta, bool tb, size_t M, size_t N, size_t K,
                       const float *a, const float *b, float beta, float *c)
{
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = beta == 0 ? 0 : (double)beta * (double)c[i * N + j];

            for (size_t k = 0; k < K; k++)
                sum += (double)(ta ? a[k * M + i] : a[i * K + k]) *
                       (double)(tb ? b[j * K + k] : b[k * N + j]);
            c[i * N + j] = (float)sum;
        }
}

static void gemm_case(int flags, size_t M, size_t N, size_t K)
{
    float *a = randoms(1, M * K), *b = randoms(2, K * N);
    float *c = randoms(3, M * N), *want = randoms(3, M * N);
    float beta = flags & 4 ? 1.f : 0.f;

    if (beta == 0)
        c[0] = NAN; /* must not be read */
    blas_gemm(flags & 1, flags & 2, M, N, K, a, b, beta, c);
    naive_gemm(flags & 1, flags & 2, M, N, K, a, b, beta, want);
    for (size_t i = 0; i < M * N; i++)
        assert_true(fabsf(c[i] - want[i]) < 1e-4f);
    free(a);
    free(b);
    free(c);
    free(want);
}

static void gemm_is_the_naive_product(void **state)
{
    (void)state;
    for (int flags = 0; flags < 8; flags++) {
        gemm_case(flags, 1, 1, 1);
        gemm_case(flags, 1, 37, 100);
        gemm_case(flags, 64, 1, 64);
        gemm_case(flags, 3, 5, 7);
        gemm_case(flags, 64, 512, 100);
        gemm_case(flags, 129, 65, 33);
    }
}

static void panel_case(size_t M, size_t O, size_t I)
{
    float *x = randoms(1, M * I), *w = randoms(2, O * I), *bias = randoms(3, O);
    float *packed = randoms(4, panel_size(O, I)), *y = randoms(5, M * O);
    float *want = randoms(6, M * O);

    for (size_t i = 0; i < M * O; i++)
        want[i] = bias[i % O];
    naive_gemm(false, true, M, O, I, x, w, 1, want);
    panel_pack(w, bias, O, I, packed);
    panel_multiply(x, packed, M, O, I, y);
    for (size_t i = 0; i < M * O; i++)
        assert_true(fabsf(y[i] - want[i]) < 1e-4f);
    free(x);
    free(w);
    free(bias);
    free(packed);
    free(y);
    free(want);
}

static void panels_are_the_naive_product(void **state)
{
    (void)state;
    if (!panel_usable()) {
        fprintf(stderr, "# SKIPPED: no panels on this processor\n");
        return;
    }
    panel_case(1, 1, 1);
    panel_case(23, 1, 64);
    panel_case(64, 512, 100);
    panel_case(13, 65, 7);
    panel_case(8, 32, 512);
}

static void dsyrk_adds_the_lower_triangle(void **state)
{
    enum { N = 19, K = 6 };
    double a[N * K], c[K * K];

    (void)state;
    for (int i = 0; i < N * K; i++)
        a[i] = rng_unit(rng_at(1, 1, (uint64_t)i));
    for (int i = 0; i < K * K; i++)
        c[i] = 5;
    blas_dsyrk(N, K, a, c);
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            double want = 5;

            for (int n = 0; n < N && j <= i; n++)
                want += a[n * K + i] * a[n * K + j];
            assert_true(fabs(c[i * K + j] - want) < 1e-12);
        }
}

static void solver_solves_and_refuses(void **state)
{
    double a[9] = {4, 0, 0, 1, 3, 0, .5, -1, 2}; /* lower triangle */
    double full[9] = {4, 1, .5, 1, 3, -1, .5, -1, 2};
    double x[3] = {1, -2, 3}, b[3] = {0};
    double singular[4] = {1, 0, 1, 1}, ones[2] = {1, 1};

    (void)state;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            b[i] += full[i * 3 + j] * x[j];
    assert_int_equal(blas_solve_spd(3, a, b, &e), 0);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(b[i] - x[i]) < 1e-12);
    assert_int_equal(blas_solve_spd(2, singular, ones, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.msg, "column 2"));
}

static void core_choice_is_stable(void **state)
{
    const char *better = blas_better_core("Prescott");

    (void)state;
    assert_null(blas_better_core("SkylakeX"));
    assert_null(blas_better_core("Cooperlake"));
    if (better) /* what is recommended is good enough itself */
        assert_null(blas_better_core(better));
    if (getenv("RAPL_BLAS_STARTED")) /* main() had to start again */
        assert_string_equal(blas_core_name(), getenv("OPENBLAS_CORETYPE"));
}

/* ---- windows ---- */

static void windows_are_oldest_first(void **state)
{
    /* Two features; the value says feature and time: 100 f + t. */
    float x[10 * 2], out[2 * 6];
    const uint32_t end[] = {4, 9};
    const float want[] = {0, 2, 4, 100, 102, 104, 5, 7, 9, 105, 107, 109};

    (void)state;
    for (int t = 0; t < 10; t++)
        for (int f = 0; f < 2; f++)
            x[t * 2 + f] = (float)(100 * f + t);
    assert_int_equal(embed_span(3, 2), 5);
    embed(x, 2, 3, 2, end, 2, out);
    assert_memory_equal(out, want, sizeof want);
}

static void windows_are_the_naive_view(void **state)
{
    enum { T = 60, D = 3, DELAYS = 5, TAU = 4, N = T - 16 };
    float *x = randoms(9, T * D), out[N * D * DELAYS], labels[N];
    uint32_t end[N];

    (void)state;
    for (uint32_t i = 0; i < N; i++)
        end[i] = T - 1 - i;
    embed(x, D, DELAYS, TAU, end, N, out);
    embed_labels(&(struct window_set){.label = x}, end, N, labels);
    for (int i = 0; i < N; i++) {
        assert_true(labels[i] == x[end[i]]);
        for (int f = 0; f < D; f++)
            for (int k = 0; k < DELAYS; k++) {
                uint32_t t = end[i] - (uint32_t)((DELAYS - 1 - k) * TAU);

                assert_true(out[(i * D + f) * DELAYS + k] == x[t * D + f]);
            }
    }
    free(x);
}

static void reversed_is_newest_first(void **state)
{
    float x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, 3, 4}, one[] = {1, 2};
    const float x_back[] = {3, 2, 1, 6, 5, 4}, y_back[] = {4, 3, 2, 1};

    (void)state;
    embed_reverse(x, 2, 3);
    assert_memory_equal(x, x_back, sizeof x);
    embed_reverse(y, 1, 4);
    assert_memory_equal(y, y_back, sizeof y);
    embed_reverse(one, 2, 1);
    assert_true(one[0] == 1 && one[1] == 2);
}

static void marks_are_the_rows_of_windows(void **state)
{
    const uint32_t end[] = {4, 5};
    struct window_set set = {
        .end = end, .T = 8, .D = 1, .N = 2, .delays = 3, .tau = 2};
    const uint8_t want[8] = {1, 1, 1, 1, 1, 1, 0, 9};
    uint8_t use[8] = {[7] = 9};

    (void)state;
    embed_mark(&set, use);
    assert_memory_equal(use, want, sizeof want);
}

/* ---- scaling ---- */

static void minmax_fits_the_rows_in_use(void **state)
{
    float x[] = {2, 7, 4, 7, 6, 7, 100, 7};
    const uint8_t use[] = {1, 1, 1, 0};
    struct scale s;

    (void)state;
    scale_init(&s, SCALE_MINMAX, 2);
    assert_int_equal(scale_fit(&s, x, 4, use, &e), 0);
    x[7] = 9;
    scale_apply(&s, x, 4, true);
    assert_true(x[0] == 0 && x[2] == .5f && x[4] == 1);
    assert_true(x[6] == 1);              /* clipped */
    assert_true(x[1] == 0 && x[7] == 1); /* constant column; clipped */
    scale_invert(&s, x, 1);
    assert_true(x[0] == 2 && x[1] == 7);
    scale_release(&s);
}

static void zscore_has_mean_0_and_deviation_1(void **state)
{
    float x[] = {1, 3, 5, 7};
    struct scale s;

    (void)state;
    scale_init(&s, SCALE_ZSCORE, 1);
    assert_int_equal(scale_fit(&s, x, 4, NULL, &e), 0);
    scale_apply(&s, x, 4, true); /* which clips nothing here */
    assert_true(fabsf(x[0] + x[3]) < 1e-6f && fabsf(x[1] + x[2]) < 1e-6f);
    assert_true(fabsf(x[0] * x[0] + x[1] * x[1] - 2) < 1e-5f);
    scale_release(&s);
}

static void scaling_refuses_nothing_and_nan(void **state)
{
    float x[] = {1, NAN};
    const uint8_t none[] = {0, 0};
    enum scale_kind kind;
    struct scale s;

    (void)state;
    scale_init(&s, SCALE_MINMAX, 1);
    assert_int_equal(scale_fit(&s, x, 2, none, &e), -1);
    assert_int_equal(scale_fit(&s, x, 2, NULL, &e), -1);
    assert_non_null(strstr(e.msg, "row 2, column 1"));
    scale_release(&s);
    assert_int_equal(scale_kind_parse("none", &kind, &e), 0);
    assert_int_equal(kind, SCALE_NONE);
    assert_int_equal(scale_kind_parse("minmax", &kind, &e), 0);
    assert_int_equal(kind, SCALE_MINMAX);
    assert_int_equal(scale_kind_parse("zscore", &kind, &e), 0);
    assert_int_equal(kind, SCALE_ZSCORE);
    assert_int_equal(scale_kind_parse("max", &kind, &e), -1);
}

/* ---- ridge ---- */

enum { D = 2, DELAYS = 3, K = D * DELAYS };

struct problem {
    float *x, *label;
    uint32_t *end;
    struct window_set set;
};

static void make_problem(struct problem *p, size_t N)
{
    size_t T = N + 2;

    p->x = randoms(5, T * D);
    p->label = randoms(6, T);
    p->end = xcalloc(N, sizeof *p->end);
    for (uint32_t i = 0; i < N; i++)
        p->end[i] = i + 2;
    for (size_t t = 0; t < T; t++)
        p->label[t] = p->label[t] / 10 + 3 * p->x[t * D] + 40;
    p->set = (struct window_set){.x = p->x,
                                 .label = p->label,
                                 .end = p->end,
                                 .T = T,
                                 .D = D,
                                 .N = N,
                                 .delays = DELAYS,
                                 .tau = 1};
}

static void free_problem(struct problem *p)
{
    free(p->x);
    free(p->label);
    free(p->end);
}

/* Where |y - X w - b|^2 + lambda |w|^2 is least, its gradient is zero. */
static double worst_slope(const struct problem *p, double lambda,
                          const float *w, float b)
{
    double slope[K + 1] = {0}, worst = 0;

    for (size_t i = 0; i < p->set.N; i++) {
        float row[K];
        double off = (double)b - (double)p->label[p->end[i]];

        embed(p->x, D, DELAYS, 1, p->end + i, 1, row);
        for (int k = 0; k < K; k++)
            off += (double)row[k] * (double)w[k];
        for (int k = 0; k < K; k++)
            slope[k] += off * (double)row[k];
        slope[K] += off;
    }
    for (int k = 0; k <= K; k++) {
        double s = slope[k] + (k < K ? lambda * (double)w[k] : 0);

        worst = fmax(worst, fabs(s));
    }
    return worst;
}

static int ridge_fit(const struct window_set *set, double lambda,
                     struct pool *pool, float *weight, float *bias)
{
    struct ridge *r = ridge_new(set, pool);
    int rc = ridge_solve(r, lambda, weight, bias, &e);

    ridge_free(r);
    return rc;
}

static void ridge_solves_the_normal_equations(void **state)
{
    const double lambda[] = {0, 1, 1000};
    struct pool *pool = pool_new(1);
    struct problem p;

    (void)state;
    make_problem(&p, 500);
    for (int i = 0; i < 3; i++) {
        float w[K], b;

        assert_int_equal(ridge_fit(&p.set, lambda[i], pool, w, &b), 0);
        assert_true(worst_slope(&p, lambda[i], w, b) < 1e-2);
        w[2] += 1e-3f;
        assert_true(worst_slope(&p, lambda[i], w, b) > 3e-2);
    }
    free_problem(&p);
    pool_free(pool);
}

static void ridge_is_the_same_for_any_threads(void **state)
{
    float w[4][K + 1];
    struct problem p;

    (void)state;
    make_problem(&p, 40000); /* three rounds of shards */
    for (int threads = 1; threads <= 3; threads++) {
        struct pool *pool = pool_new(threads);

        assert_int_equal(
            ridge_fit(&p.set, .1, pool, w[threads], &w[threads][K]), 0);
        assert_memory_equal(w[threads], w[1], sizeof w[1]);
        pool_free(pool);
    }
    free_problem(&p);
}

static void ridge_refuses_what_has_no_answer(void **state)
{
    struct pool *pool = pool_new(1);
    struct problem p;
    float w[K], b;

    (void)state;
    make_problem(&p, 50);
    for (size_t t = 0; t < p.set.T; t++)
        p.x[t * D + 1] = 7; /* constant: it cannot be told from the bias */
    assert_int_equal(ridge_fit(&p.set, 0, pool, w, &b), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(ridge_fit(&p.set, .1, pool, w, &b), 0);
    assert_true(fabsf(w[K - 1]) < 1e-6f);
    p.x[20] = INFINITY;
    assert_int_equal(ridge_fit(&p.set, .1, pool, w, &b), -1);
    assert_non_null(strstr(e.msg, "not finite"));
    p.set.N = 0;
    assert_int_equal(ridge_fit(&p.set, .1, pool, w, &b), -1);
    free_problem(&p);
    pool_free(pool);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_are_found_by_name),
        cmocka_unit_test(gemm_is_the_naive_product),
        cmocka_unit_test(panels_are_the_naive_product),
        cmocka_unit_test(dsyrk_adds_the_lower_triangle),
        cmocka_unit_test(solver_solves_and_refuses),
        cmocka_unit_test(core_choice_is_stable),
        cmocka_unit_test(windows_are_oldest_first),
        cmocka_unit_test(windows_are_the_naive_view),
        cmocka_unit_test(reversed_is_newest_first),
        cmocka_unit_test(marks_are_the_rows_of_windows),
        cmocka_unit_test(minmax_fits_the_rows_in_use),
        cmocka_unit_test(zscore_has_mean_0_and_deviation_1),
        cmocka_unit_test(scaling_refuses_nothing_and_nan),
        cmocka_unit_test(ridge_solves_the_normal_equations),
        cmocka_unit_test(ridge_is_the_same_for_any_threads),
        cmocka_unit_test(ridge_refuses_what_has_no_answer),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
