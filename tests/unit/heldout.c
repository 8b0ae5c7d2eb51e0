/* Bins, the additive model on rows held out, fingerprints: against naive twins
 * and data whose answer is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/additive.h"
#include "common/math/bins.h"
#include "common/math/fingerprint.h"

enum { T = 4000, D = 3, FILES = 8, BINS = 4, P = D * BINS };

static struct err e;
static float x[T * D], y[T];
static uint8_t code[T * D];
static uint16_t n_codes[D];
static int64_t t_ns[T];
static uint32_t file[T], group[FILES], begin[FILES + 1], session[FILES];

static void fill(uint64_t seed)
{
    struct rng r;

    rng_init(&r, seed, 0);
    for (size_t i = 0; i < T * D; i++)
        x[i] = (float)rng_uniform(&r, 0, 1);
    for (size_t f = 0; f <= FILES; f++)
        begin[f] = (uint32_t)(f * T / FILES);
    for (size_t i = 0; i < T; i++) {
        file[i] = (uint32_t)(i / (T / FILES));
        t_ns[i] = (int64_t)(i % (T / FILES));
    }
}

/* ---- bins ---- */

static void test_bins(void **state)
{
    size_t count[BINS] = {0};

    (void)state;
    fill(1);
    for (size_t i = 0; i < T; i++) {
        x[i * D + 1] = i % 10 ? 0 : (float)i; /* mostly 0 */
        x[i * D + 2] = 7;
    }
    bins_code(x, T, D, BINS, code, n_codes);
    assert_int_equal(n_codes[0], BINS);
    assert_int_equal(n_codes[1], 2);
    assert_int_equal(n_codes[2], 1);
    for (size_t i = 0; i < T; i++) {
        assert_true(code[i * D] < BINS);
        count[code[i * D]]++;
        assert_int_equal(code[i * D + 1], x[i * D + 1] > 0);
        assert_int_equal(code[i * D + 2], 0);
        for (size_t j = 0; j < 10; j++) /* order is kept */
            if (x[i * D] < x[j * D])
                assert_true(code[i * D] <= code[j * D]);
    }
    for (size_t b = 0; b < BINS; b++)
        assert_in_range(count[b], T / BINS - 2, T / BINS + 2);
}

/* ---- the additive model ---- */

/* Gaussian elimination without a pivot: a is positive definite. */
static void solve(double a[P][P], double b[P], size_t n)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = k + 1; i < n; i++) {
            double f = a[i][k] / a[k][k];

            for (size_t j = k; j < n; j++)
                a[i][j] -= f * a[k][j];
            b[i] -= f * b[k];
        }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            b[i] -= a[i][j] * b[j];
        b[i] /= a[i][i];
    }
}

static bool has_bin(size_t row, size_t p)
{
    return code[row * D + p / BINS] == p % BINS;
}

/* The twin: train on the rows outside the fold, row by row; the sum of squared
 * errors inside. */
static double naive_sse(uint32_t out, const bool *use)
{
    double gram[P][P] = {{0}}, w[P] = {0}, mean = 0, n = 0, sse = 0;

    for (size_t i = 0; i < T; i++) {
        n += file[i] != out;
        mean += file[i] != out ? (double)y[i] : 0;
    }
    mean /= n;
    for (size_t p = 0; p < P; p++)
        gram[p][p] = 10;
    for (size_t i = 0; i < T; i++)
        for (size_t p = 0; p < P; p++) {
            if (file[i] == out || !use[p / BINS] || !has_bin(i, p))
                continue;
            w[p] += (double)y[i] - mean;
            for (size_t q = 0; q < P; q++)
                gram[p][q] += use[q / BINS] && has_bin(i, q);
        }
    solve(gram, w, P);
    for (size_t i = 0; i < T; i++) {
        double guess = mean;

        if (file[i] != out)
            continue;
        for (size_t p = 0; p < P; p++)
            guess += use[p / BINS] && has_bin(i, p) ? w[p] : 0;
        sse += pow((double)y[i] - guess, 2);
    }
    return sse;
}

static void test_additive(void **state)
{
    const bool without_second[D] = {true, false, true}, all[D] = {1, 1, 1};
    struct pool *pool = pool_new(2);
    struct additive_score score;
    struct additive *a;
    double want[2] = {0};
    struct rng r;

    (void)state;
    fill(2);
    rng_init(&r, 3, 3);
    for (size_t i = 0; i < T; i++)
        y[i] = 50 + 10 * x[i * D] + 4 * sinf(6 * x[i * D + 1]) +
               (float)(file[i] % 3) + (float)rng_uniform(&r, -1, 1);
    bins_code(x, T, D, BINS, code, n_codes);
    for (uint32_t f = 0; f < FILES; f++) {
        want[0] += naive_sse(f, all) / T;
        want[1] += naive_sse(f, without_second) / T;
    }
    a = additive_new(code, n_codes, y, file, T, D, FILES, pool);
    assert_int_equal(additive_held_out(a, NULL, &score, &e), 0);
    assert_float_equal(score.mse, want[0], 1e-6);
    assert_true(score.r2 > .8 && score.r2 < .97);
    assert_int_equal(additive_held_out(a, without_second, &score, &e), 0);
    assert_float_equal(score.mse, want[1], 1e-6);
    assert_int_equal(additive_held_out(a, (bool[D]){0}, &score, &e), 0);
    assert_true(score.r2 < 0);
    additive_free(a);
    additive_free(NULL);
    pool_free(pool);
}

static void test_one_fold(void **state)
{
    struct pool *pool = pool_new(1);
    struct additive_score score;
    struct additive *a;

    (void)state;
    memset(file, 0, sizeof file);
    a = additive_new(code, n_codes, y, file, T, D, 3, pool);
    assert_int_equal(additive_held_out(a, NULL, &score, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    additive_free(a);
    pool_free(pool);
}

/* ---- fingerprints ---- */

/*
 * Feature 0 is the load, 1 the load and noise, 2 a background process of
 * session 1.
 */
static void check(uint32_t n_sessions, int threads, struct fingerprints *out)
{
    static uint16_t work[T];
    struct labelled l = {.T = T,
                         .D = D,
                         .n_files = FILES,
                         .n_groups = 1,
                         .x = x,
                         .y = y,
                         .t_ns = t_ns,
                         .file = file,
                         .group = group,
                         .begin = begin};
    struct fingerprint_options o = {.session = session,
                                    .n_sessions = n_sessions,
                                    .code = code,
                                    .n_codes = n_codes,
                                    .work = work,
                                    .n_works = BINS,
                                    .block_ns = 25};
    struct pool *pool = pool_new(threads);

    bins_code(x, T, D, BINS, code, n_codes);
    for (size_t i = 0; i < T; i++)
        work[i] = code[i * D];
    fingerprint_check(&l, &o, pool, out);
    pool_free(pool);
}

static void make_sessions(uint32_t n)
{
    fill(4);
    for (uint32_t f = 0; f < FILES; f++)
        session[f] = f * n / FILES;
    for (size_t i = 0; i < T; i++) {
        bool second = session[file[i]] == 1;

        x[i * D] = x[i * D] * .5f + (second ? .5f : 0); /* it worked harder */
        x[i * D + 1] = x[i * D] + .1f * x[i * D + 1];
        x[i * D + 2] = (x[i * D + 2] < .9f) == second ? 1 : 0;
    }
}

static void test_fingerprint(void **state)
{
    struct fingerprint feature[D], again[D];
    struct fingerprints f = {.feature = feature}, g = {.feature = again};
    double h = -.9 * log2(.9) - .1 * log2(.1);

    (void)state;
    make_sessions(2);
    check(2, 1, &f);
    assert_int_equal(f.n_trained, T / 2);
    assert_int_equal(f.n_held_out, T / 2);
    assert_float_equal(f.chance, .5, 1e-9);
    assert_float_equal(f.entropy, 1, 1e-3);
    assert_float_equal(feature[2].accuracy, .9, .02);
    assert_float_equal((float)feature[2].bits, (float)(1 - h), .05f);
    assert_true(feature[0].accuracy > .95); /* of load, the session's own */
    assert_true(feature[0].bits > .9);
    assert_true(feature[1].bits_same_work < .03);
    assert_true(f.joint.accuracy > .95);
    check(2, 3, &g);
    assert_memory_equal(feature, again, sizeof feature);
    assert_float_equal(f.joint.accuracy, g.joint.accuracy, 0);
}

/* Nothing tells the sessions apart but what does. */
static void test_same_work(void **state)
{
    struct fingerprint feature[D];
    struct fingerprints f = {.feature = feature};

    (void)state;
    make_sessions(2);
    for (size_t i = 0; i < T; i++)
        x[i * D] = (float)rng_unit(rng_at(1, 1, i));
    check(2, 2, &f);
    assert_float_equal(feature[0].accuracy, .5, .05);
    assert_float_equal(feature[0].bits, 0, .03);
    assert_true(feature[2].bits_same_work > .45);
}

/* Sessions of one file: blocks of it are held out, with as much between. */
static void test_blocks(void **state)
{
    struct fingerprint feature[D];
    struct fingerprints f = {.feature = feature};

    (void)state;
    make_sessions(FILES);
    check(FILES, 2, &f);
    assert_int_equal(f.n_trained, T / 4);
    assert_int_equal(f.n_held_out, T / 4);
    assert_float_equal(f.chance, 1. / FILES, 1e-9);
    assert_float_equal(f.entropy, log2(FILES), 1e-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bins),      cmocka_unit_test(test_additive),
        cmocka_unit_test(test_one_fold),  cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_same_work), cmocka_unit_test(test_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
