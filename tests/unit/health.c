/* Whether a recording is plausible; how long a signal remembers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/coverage.h"
#include "common/math/delay.h"
#include "common/math/health.h"

enum { N = 40000, LAGS = 12 };
#define S INT64_C(1000000000)

static float x[N];
static double out[LAGS];

static void near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within))
        fail_msg("%g is not %g within %g", got, want, within);
}

static double normal(struct rng *r)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += rng_uniform(r, 0, 1);
    return sum;
}

/* x(t) = a x(t-1) + noise: the autocorrelation is a^lag, and of a normal
 * process the information -log2(1 - a^(2 lag)) / 2. */
static void test_ar1(void **state)
{
    const double a = .8;
    double v = 0;
    struct rng r;

    (void)state;
    rng_init(&r, 1, 1);
    for (size_t i = 0; i < N; i++) {
        v = a * v + normal(&r);
        x[i] = (float)v;
    }
    delay_autocorrelation(x, N, LAGS, out);
    for (int lag = 0; lag < LAGS; lag++)
        near(out[lag], pow(a, lag), .03);
    assert_int_equal(delay_of_autocorrelation(out, LAGS), 5); /* .8^5 < 1/e */
    delay_information(x, N, LAGS, out);
    near(out[0], 4, .001); /* 16 bins */
    for (int lag = 2; lag < LAGS; lag++)
        near(out[lag], -log2(1 - pow(a, 2 * lag)) / 2, .03);
}

/* A sine in noise: no correlation at a quarter of its period, and the least
 * information there. */
static void test_sine(void **state)
{
    struct rng r;

    (void)state;
    rng_init(&r, 2, 2);
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(sin(2 * M_PI * (double)i / 20.37) + .05 * normal(&r));
    delay_autocorrelation(x, N, LAGS, out);
    near(out[5], cos(2 * M_PI * 5 / 20.37), .01);
    assert_int_equal(delay_of_autocorrelation(out, LAGS), 4);
    delay_information(x, N, LAGS, out);
    assert_in_range(delay_of_information(out, LAGS), 4, 6);
}

static double f_x(const double *v, int k)
{
    switch (k) {
    case 0:
        return 10 * (v[1] - v[0]);
    case 1:
        return v[0] * (28 - v[2]) - v[1];
    default:
        return v[0] * v[1] - 8. / 3 * v[2];
    }
}

/* A step of Runge and Kutta's along Lorenz' equations. */
static void lorenz_step(double *v, double dt)
{
    double k[4][3], at[3];

    for (int s = 0; s < 4; s++) {
        for (int i = 0; i < 3; i++)
            at[i] = v[i] + (s ? k[s - 1][i] * dt * (s == 3 ? 1 : .5) : 0);
        for (int i = 0; i < 3; i++)
            k[s][i] = f_x(at, i);
    }
    for (int i = 0; i < 3; i++)
        v[i] += dt / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

/* Published: the x of Lorenz' system, sampled every .01, has the first minimum
 * of its information at 16 to 18 samples (Abarbanel 1996; Wallot and Monster
 * 2018 use 17). */
static void test_lorenz(void **state)
{
    double v[3] = {1, 1, 1}, information[40];

    (void)state;
    for (int i = 0; i < 2000; i++)
        lorenz_step(v, .01);
    for (size_t i = 0; i < N; i++) {
        lorenz_step(v, .01);
        x[i] = (float)v[0];
    }
    delay_information(x, N, 40, information);
    assert_in_range(delay_of_information(information, 40), 15, 19);
}

/* The information as its definition has it: over all pairs of values, of
 * which each is its own bin. */
static double naive_information(size_t n, size_t lag)
{
    double bits = 0, m = (double)(n - lag), cells = 0, first = 0, last = 0;

    for (int a = 0; a < 8; a++) {
        double alone = 0, behind = 0;

        for (size_t i = 0; i + lag < n; i++) {
            alone += x[i] == (float)a;
            behind += x[i + lag] == (float)a;
        }
        first += alone > 0;
        last += behind > 0;
        for (int b = 0; b < 8; b++) {
            double both = 0, then = 0;

            for (size_t i = 0; i + lag < n; i++) {
                both += x[i] == (float)a && x[i + lag] == (float)b;
                then += x[i + lag] == (float)b;
            }
            if (both > 0)
                bits += both / m * log2(both * m / (alone * then));
            cells += both > 0;
        }
    }
    return fmax(bits - (cells - first - last + 1) / (2 * m * log(2)), 0);
}

/* A walk around eight values, against the naive twins. */
static void test_naive(void **state)
{
    enum { FEW = 600 };
    double mean = 0, variance = 0;
    struct rng r;
    int at = 3;

    (void)state;
    rng_init(&r, 3, 3);
    for (size_t i = 0; i < FEW; i++) {
        at = (at + (int)rng_uniform(&r, 0, 3)) % 8;
        x[i] = (float)at;
        mean += (double)at / FEW;
    }
    for (size_t i = 0; i < FEW; i++)
        variance += pow((double)x[i] - mean, 2) / FEW;
    delay_information(x, FEW, LAGS, out);
    for (size_t lag = 1; lag < LAGS; lag++)
        near(out[lag], naive_information(FEW, lag), 1e-9);
    delay_autocorrelation(x, FEW, LAGS, out);
    for (size_t lag = 1; lag < LAGS; lag++) {
        double sum = 0;

        for (size_t i = 0; i + lag < FEW; i++)
            sum += ((double)x[i] - mean) * ((double)x[i + lag] - mean);
        near(out[lag], sum / (double)(FEW - lag) / variance, 1e-9);
    }
}

static void test_no_delay(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = 3;
    delay_autocorrelation(x, N, LAGS, out);
    assert_true(isnan(out[1]));
    assert_int_equal(delay_of_autocorrelation(out, LAGS), 0);
    delay_information(x, N, LAGS, out);
    near(out[1], 0, 0);
    assert_int_equal(delay_of_information(out, LAGS), 0);
    delay_autocorrelation(x, 3, LAGS, out);
    delay_information(x, 3, LAGS, out);
    assert_true(isnan(out[3]));
    delay_information(x, 0, LAGS, out);
    assert_true(isnan(out[0]));
}

static void test_health(void **state)
{
    const struct health_options o = {
        .most_w = 100, .idle_share = .05, .settle_s = 2, .gap_s = 1.5};
    const int64_t t[] = {0,     S,     2 * S,  3 * S,  4 * S,
                         5 * S, 9 * S, 10 * S, 11 * S, 12 * S};
    const float y[] = {5, 5, 5, NAN, -1, 7, 7, 7, 101, 101};
    const float busy[] = {0, .01f, .04f, .05f, 0, .5f, 0, 0, NAN, 0};
    struct health h, all = {0};

    (void)state;
    health_of(t, y, busy, 10, &o, &h);
    assert_int_equal(h.rows, 10);
    assert_int_equal(h.labelled, 9);
    assert_int_equal(h.negative, 1);
    assert_int_equal(h.impossible, 2);
    near(h.min_w, -1, 0);
    near(h.max_w, 101, 0);
    near(h.sum_w, 237, 1e-9);
    near(h.stuck_s, 2, 0); /* 5 from 0 to 2; 7 is cut by the gap */
    assert_int_equal(h.loaded, 9);
    assert_int_equal(h.idle, 8);
    near(h.idle_s, 4, 0);
    near(h.settled_s, 2, 0);
    health_merge(&all, &h);
    health_of(t, y + 3, busy, 1, &o, &h); /* no watts: no extremes */
    health_merge(&all, &h);
    assert_int_equal(all.rows, 11);
    near(all.min_w, -1, 0);
    near(all.max_w, 101, 0);
    health_of(t, y, busy, 0, &o, &h);
    assert_int_equal(h.rows, 0);
}

static void test_quantum(void **state)
{
    const float v[] = {3, 0, 1, 0, 1.5f, 0, NAN, 0, 3, 0, 2, 0};
    struct quantum q;

    (void)state;
    health_quantum(v, 6, 2, &q);
    assert_int_equal(q.distinct, 4);
    near(q.min, 1, 0);
    near(q.max, 3, 0);
    near(q.step, .5, 0);
    near(q.usual, .5, 0);
    health_quantum(v + 1, 6, 2, &q);
    assert_int_equal(q.distinct, 1);
    assert_true(isnan(q.step));
    health_quantum(v + 6, 1, 1, &q);
    assert_int_equal(q.distinct, 0);
    assert_true(isnan(q.min));
}

/* Two unrelated features, one that is the first again, one that is constant. */
static void test_coverage(void **state)
{
    enum { ROWS = 4000 };
    struct coverage c;
    struct rng r;

    (void)state;
    rng_init(&r, 4, 4);
    for (size_t i = 0; i < ROWS; i++) {
        x[4 * i] = (float)rng_uniform(&r, 0, 1);
        x[4 * i + 1] = (float)rng_uniform(&r, 5, 9);
        x[4 * i + 2] = 3 - 2 * x[4 * i];
        x[4 * i + 3] = 7;
    }
    coverage_of(x, ROWS, 4, &c);
    /* eigenvalues 2, 1, 0: 9 / 5 */
    near(c.dimensions, 1.8, .01);
    /* all cells of two pairs, of one the ten on its diagonal, and what
     * rounding puts beside it */
    near(c.pairs_pct, 100 * 210. / 300, .5);
    assert_int_equal(coverage_tenths(x, ROWS, 4, 0, 2), 5);
    assert_int_equal(coverage_tenths(x + 3, ROWS, 4, 0, 10), 1);
    coverage_of(x + 3, 1000, 4, &c); /* columns 3, 0, 1, 2: as before */
    near(c.dimensions, 1.8, .1);
    coverage_of(x, 1, 4, &c);
    assert_true(isnan(c.dimensions) && isnan(c.pairs_pct));
    coverage_of(x, 1, COVERAGE_MAX_FEATURES + 1, &c);
    assert_true(isnan(c.dimensions));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ar1),      cmocka_unit_test(test_sine),
        cmocka_unit_test(test_no_delay), cmocka_unit_test(test_health),
        cmocka_unit_test(test_quantum),  cmocka_unit_test(test_lorenz),
        cmocka_unit_test(test_naive),    cmocka_unit_test(test_coverage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
