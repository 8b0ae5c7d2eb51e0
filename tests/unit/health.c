/* Whether a recording is plausible; how long a signal remembers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/rng.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ar1),      cmocka_unit_test(test_sine),
        cmocka_unit_test(test_no_delay), cmocka_unit_test(test_health),
        cmocka_unit_test(test_quantum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
