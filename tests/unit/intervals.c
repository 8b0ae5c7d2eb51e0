/* The intervals of a checkpoint: all, those of an older one, and none. */
#include "formats/intervals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct checkpoint c;
static struct intervals of[2];
static struct err e;

static int forget(void **state)
{
    (void)state;
    checkpoint_release(&c);
    return 0;
}

static int read_targets(size_t K)
{
    static char power[] = "package-0", dram[] = "dram";
    char *names[] = {power, dram};
    const struct strings targets = {.at = names, .n = K};

    return intervals_from_checkpoint(of, &targets, &c, &e);
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
    assert_int_equal(read_targets(1), 0);
    assert_float_equal(of->low[INTERVAL_50], -1, 0);
    assert_float_equal(of->high[INTERVAL_50], 1.5, 0);
    assert_float_equal(of->low[INTERVAL_80], -2, 0);
    assert_true(isnan(of->high[INTERVAL_80]));
    assert_float_equal(of->low[INTERVAL_90], -3, 0);
    assert_float_equal(of->high[INTERVAL_90], 4, 0);
}

static void older_ones_know_90_alone(void **state)
{
    (void)state;
    labels_set(&c.meta, "interval.low_w", "-3");
    labels_set(&c.meta, "interval.high_w", "4");
    assert_int_equal(read_targets(1), 0);
    assert_true(isnan(of->low[INTERVAL_50]) && isnan(of->high[INTERVAL_80]));
    assert_float_equal(of->low[INTERVAL_90], -3, 0);
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    labels_set(&c.meta, "interval.low80_w", "2");
    labels_set(&c.meta, "interval.high80_w", "1");
    assert_int_equal(read_targets(1), -1);
    assert_int_equal(e.code, ERR_DATA);
    labels_set(&c.meta, "interval.high80_w", "inf");
    assert_int_equal(read_targets(1), -1);
    labels_remove(&c.meta, "interval.high80_w");
    assert_int_equal(read_targets(1), -1);
}

static void each_target_has_its_own(void **state)
{
    const float watts[] = {50, 5};
    struct prediction p;

    (void)state;
    labels_set(&c.meta, "interval.low_w", "-3");
    labels_set(&c.meta, "interval.high_w", "4");
    labels_set(&c.meta, "interval.low_w.dram", "-1");
    labels_set(&c.meta, "interval.high_w.dram", "2");
    assert_int_equal(read_targets(2), 0);
    intervals_predict(&p, watts, 2, of);
    assert_true(p.power_w == 50 && p.domain[0].power_w == 5);
    assert_true(p.lower_w[INTERVAL_90] == 47 && p.upper_w[INTERVAL_90] == 54);
    assert_true(p.domain[0].lower_w == 4 && p.domain[0].upper_w == 7);
    assert_true(isnan(p.lower_w[INTERVAL_50]));
    intervals_predict(&p, watts, 2, NULL);
    assert_true(p.domain[0].power_w == 5 && isnan(p.domain[0].lower_w));
    assert_true(isnan(p.upper_w[INTERVAL_90]));
    labels_set(&c.meta, "interval.high_w.dram", "-2");
    assert_int_equal(read_targets(2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_levels, forget),
        cmocka_unit_test_teardown(older_ones_know_90_alone, forget),
        cmocka_unit_test_teardown(each_target_has_its_own, forget),
        cmocka_unit_test_teardown(what_is_none_is_refused, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
