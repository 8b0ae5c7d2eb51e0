/* The intervals of a checkpoint: all, those of an older one, and none. */
#include "formats/intervals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct checkpoint c;
static double low[INTERVALS], high[INTERVALS];
static struct err e;

static int forget(void **state)
{
    (void)state;
    checkpoint_release(&c);
    return 0;
}

static void all_levels(void **state)
{
    (void)state;
    labels_set(&c.meta, "interval.low_w", "-3");
    labels_set(&c.meta, "interval.high_w", "4");
    labels_set(&c.meta, "interval.low50_w", "-1");
    labels_set(&c.meta, "interval.high50_w", "1.5");
    labels_set(&c.meta, "interval.low80_w", "-2");
    labels_set(&c.meta, "interval.high80_w", "nan");
    assert_int_equal(intervals_from_checkpoint(low, high, &c, &e), 0);
    assert_float_equal(low[INTERVAL_50], -1, 0);
    assert_float_equal(high[INTERVAL_50], 1.5, 0);
    assert_float_equal(low[INTERVAL_80], -2, 0);
    assert_true(isnan(high[INTERVAL_80]));
    assert_float_equal(low[INTERVAL_90], -3, 0);
    assert_float_equal(high[INTERVAL_90], 4, 0);
}

static void older_ones_know_90_alone(void **state)
{
    (void)state;
    labels_set(&c.meta, "interval.low_w", "-3");
    labels_set(&c.meta, "interval.high_w", "4");
    assert_int_equal(intervals_from_checkpoint(low, high, &c, &e), 0);
    assert_true(isnan(low[INTERVAL_50]) && isnan(high[INTERVAL_80]));
    assert_float_equal(low[INTERVAL_90], -3, 0);
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    labels_set(&c.meta, "interval.low80_w", "2");
    labels_set(&c.meta, "interval.high80_w", "1");
    assert_int_equal(intervals_from_checkpoint(low, high, &c, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    labels_set(&c.meta, "interval.high80_w", "inf");
    assert_int_equal(intervals_from_checkpoint(low, high, &c, &e), -1);
    labels_remove(&c.meta, "interval.high80_w");
    assert_int_equal(intervals_from_checkpoint(low, high, &c, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_levels, forget),
        cmocka_unit_test_teardown(older_ones_know_90_alone, forget),
        cmocka_unit_test_teardown(what_is_none_is_refused, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
