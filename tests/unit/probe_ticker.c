/* Deadlines: a late wake-up moves none of them, a missed one is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/probe/ticker.h"

static void late_is_not_missed(void **state)
{
    int64_t missed = 99;

    (void)state;
    assert_int_equal(ticker_after(1000, 100, 1000, &missed), 1100);
    assert_int_equal(missed, 0);
    assert_int_equal(ticker_after(1000, 100, 1099, &missed), 1100);
    assert_int_equal(missed, 0);
    assert_int_equal(ticker_after(1000, 100, 900, &missed), 1100);
    assert_int_equal(missed, 0);
}

static void missed_are_counted_and_not_caught_up(void **state)
{
    int64_t missed = 99;

    (void)state;
    assert_int_equal(ticker_after(1000, 100, 1100, &missed), 1200);
    assert_int_equal(missed, 1);
    assert_int_equal(ticker_after(1000, 100, 1730, &missed), 1800);
    assert_int_equal(missed, 7);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

/* However late each wake-up is, rows and missed ticks add up to the grid. */
static void ticks_stay_on_their_grid(void **state)
{
    struct ticker t;
    int64_t first, ticks = 0, missed;

    (void)state;
    ticker_start(&t, NS_PER_MS);
    first = t.next_ns;
    for (int i = 0; i < 20; i++) {
        assert_true(ticker_wait(&t, never, NULL, &missed));
        ticks += 1 + missed;
        assert_int_equal(t.next_ns, first + ticks * NS_PER_MS);
        assert_true(clock_monotonic_ns() >= t.next_ns - NS_PER_MS);
    }
    assert_false(ticker_wait(&t, always, NULL, &missed));
}

static void sees_the_wall_clock_step(void **state)
{
    struct ticker t;
    int64_t now;

    (void)state;
    ticker_start(&t, NS_PER_MS);
    now = t.check_ns;
    assert_int_equal(ticker_clock_step(&t, now), 0);
    t.real_less_ns -= 2 * NS_PER_S; /* as if the clock had gone 2 s ahead */
    assert_int_equal(ticker_clock_step(&t, now), 0); /* looked just now */
    now = t.check_ns;
    assert_in_range(ticker_clock_step(&t, now), NS_PER_S, 3 * NS_PER_S);
    assert_int_equal(ticker_clock_step(&t, t.check_ns), 0); /* told once */
    t.real_less_ns += 2 * NS_PER_S;
    assert_true(ticker_clock_step(&t, t.check_ns) < -NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_is_not_missed),
        cmocka_unit_test(missed_are_counted_and_not_caught_up),
        cmocka_unit_test(ticks_stay_on_their_grid),
        cmocka_unit_test(sees_the_wall_clock_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
