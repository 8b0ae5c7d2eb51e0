/* Steps of counters: growth, wraps, resets, what nobody can know. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/counter.h"

#define MODULUS 262143328850u /* of a server's package, uJ */

static const struct counter_rule plain = {0};
static const struct counter_rule energy = {
    .wrap = MODULUS, .max_rate = 2e9, .jitter_s = 1e-3};

static void grows(void **state)
{
    (void)state;
    assert_true(counter_step(&plain, 5, 5, 1) == 0);
    assert_true(counter_step(&plain, 5, 12, 1) == 7);
    assert_true(counter_step(&plain, UINT64_MAX - 1, UINT64_MAX, 1) == 1);
}

static void without_a_modulus_going_back_is_a_reset(void **state)
{
    (void)state;
    assert_true(isnan(counter_step(&plain, 12, 5, 1)));
    assert_true(isnan(counter_step(&plain, UINT64_MAX, 0, 1)));
}

static void wraps_by_its_own_range(void **state)
{
    (void)state;
    /* 10 uJ before the end to 20 after: 30, not 2^32 or 2^64 of anything */
    assert_true(counter_step(&energy, MODULUS - 10, 20, 0.016) == 30);
    /* 1 s at 200 W across the end */
    assert_true(counter_step(&energy, MODULUS - 1000000, 199000000, 1) ==
                200e6);
}

static void an_implausible_wrap_is_a_reset(void **state)
{
    (void)state;
    /* would be 131 kJ within 16 ms */
    assert_true(isnan(counter_step(&energy, MODULUS / 2, 20, 0.016)));
    /* 33 J in 16 ms is over 2 kW whichever way it came about */
    assert_true(isnan(counter_step(&energy, 0, 35000000, 0.016)));
    assert_true(counter_step(&energy, 0, 33900000, 0.016) == 33.9e6);
}

static void so_long_that_it_may_have_gone_round_twice(void **state)
{
    (void)state;
    /* 262 kJ at 2 kW are 131 s */
    assert_true(counter_step(&energy, 100, 200, 130) == 100);
    assert_true(isnan(counter_step(&energy, 100, 200, 132)));
    assert_true(isnan(counter_step(&energy, 200, 100, 132)));
}

static void without_a_rate_a_wrap_reaches_half_round(void **state)
{
    const struct counter_rule r = {.wrap = 1000};

    (void)state;
    assert_true(counter_step(&r, 900, 100, 1) == 200);
    assert_true(isnan(counter_step(&r, 500, 100, 1)));
    assert_true(isnan(counter_step(&r, 1500, 100, 1))); /* not its range */
}

static void idle_time_goes_back_by_a_tick(void **state)
{
    const struct counter_rule r = {.slack = 100};
    const uint64_t v[] = {1000, 998, 999, 1003, 1103, 1000};
    const double dt[] = {1, 1, 1, 1, 1, 1};
    double step[6], sum = 0;
    uint64_t prev;

    (void)state;
    prev = counter_steps(&r, 995, v, dt, 6, step);
    for (int i = 0; i < 5; i++)
        sum += step[i];
    assert_true(step[0] == 5 && step[1] == 0 && step[2] == 0 && step[3] == 3);
    assert_true(sum == 1103 - 995); /* nothing is counted twice */
    assert_true(isnan(step[5]));    /* 103 back is no tick or so */
    assert_int_equal(prev, 1000);
}

/* The column, in pieces, is the single step, row by row. */
static void a_column_is_its_steps(void **state)
{
    const struct counter_rule *rules[] = {&plain, &energy};
    enum { N = 1000 };
    uint64_t v[N], prev;
    double dt[N], step[N];

    (void)state;
    for (int i = 0; i < N; i++) {
        v[i] = rng_at(1, 2, (uint64_t)i) % (i % 7 ? 1000000 : MODULUS);
        dt[i] = 0.016;
    }
    for (int k = 0; k < 2; k++) {
        prev = counter_steps(rules[k], 17, v, dt, 333, step);
        counter_steps(rules[k], prev, v + 333, dt + 333, N - 333, step + 333);
        for (int i = 0; i < N; i++) {
            double one = counter_step(rules[k], i ? v[i - 1] : 17, v[i], dt[i]);

            assert_true(isnan(one) ? isnan(step[i]) : one == step[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(without_a_modulus_going_back_is_a_reset),
        cmocka_unit_test(wraps_by_its_own_range),
        cmocka_unit_test(an_implausible_wrap_is_a_reset),
        cmocka_unit_test(so_long_that_it_may_have_gone_round_twice),
        cmocka_unit_test(without_a_rate_a_wrap_reaches_half_round),
        cmocka_unit_test(idle_time_goes_back_by_a_tick),
        cmocka_unit_test(a_column_is_its_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
