/* What is of now, and what is not; no clock is read. */
#include "common/export/freshness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/clock.h"

#define WALL (1700000000 * NS_PER_S)
#define NOW (5000 * NS_PER_S)

static char words[FRESHNESS_WORDS];

/* A row of WALL that came at NOW and stands for dt_s, asked about later. */
static struct age after(const struct freshness *f, float dt_s, double came_s,
                        double old_s)
{
    struct meters ms = {
        .any = true, .t_ns = WALL, .came_ns = NOW, .dt_s = dt_s};

    return freshness_age(f, &ms, NOW + (int64_t)(came_s * NS_PER_S),
                         WALL + (int64_t)(old_s * NS_PER_S), words);
}

static void assert_words(const char *expected)
{
    assert_string_equal(words, expected);
}

static void nothing_came(void **state)
{
    const struct freshness f = {0};
    const struct meters none = {0};
    struct age age = freshness_age(&f, &none, NOW, WALL, words);

    (void)state;
    assert_false(age.fresh);
    assert_true(isnan(age.seconds));
    assert_words("no sample has come yet");
}

static void ten_seconds(void **state)
{
    const struct freshness f = {0};

    (void)state;
    assert_true(after(&f, 1, .5, .75).fresh);
    assert_words("fresh: the latest sample is 0.8 s old");
    assert_true(after(&f, 1, 10, 10).fresh);
    assert_false(after(&f, 1, 10.001, 9).fresh);
    assert_words("stale: no sample for 10.0 s (over 10 s)");
    assert_false(after(&f, 1, 0, 3600).fresh);
    assert_words("stale: samples come, but are 3600.0 s old (over 10 s)");
    assert_true(after(&f, 1, 0, -10).fresh);
    assert_false(after(&f, 1, 0, -60).fresh);
    assert_words("stale: the latest sample is of a time 60.0 s ahead of this "
                 "machine's clock");
    assert_float_equal(after(&f, 1, 2, 3).seconds, 3, 1e-9);
    assert_float_equal(after(&f, 1, 2, -3).seconds, 2, 1e-9);
}

static void slow_samples(void **state)
{
    const struct freshness f = {0};

    (void)state;
    assert_true(after(&f, 60, 180, 180).fresh);
    assert_false(after(&f, 60, 181, 180).fresh);
    assert_words("stale: no sample for 181.0 s (over 180 s)");
    assert_false(after(&f, NAN, 11, 11).fresh);
    assert_false(after(&f, INFINITY, 11, 11).fresh);
    assert_false(after(&f, 1e30f, 11, 11).fresh);
}

static void as_told(void **state)
{
    const struct freshness f = {.stale_ns = NS_PER_S / 2};
    const struct freshness recorded = {.recorded = true};

    (void)state;
    assert_true(after(&f, 60, .5, .5).fresh);
    assert_false(after(&f, 60, .6, .5).fresh);
    assert_true(after(&recorded, 1, 9, 1e8).fresh);
    assert_words("fresh: the latest sample is 9.0 s old");
    assert_false(after(&recorded, 1, 11, 0).fresh);
}

/* The end is the first moment that is stale, and never beyond all times. */
static void the_end(void **state)
{
    struct freshness f = {.stale_ns = 7, .recorded = true};
    struct meters ms = {.any = true, .came_ns = NOW};
    int64_t end = freshness_end_ns(&f, &ms);

    (void)state;
    assert_true(freshness_age(&f, &ms, end - 1, WALL, words).fresh);
    assert_false(freshness_age(&f, &ms, end, WALL, words).fresh);
    f.stale_ns = INT64_MAX;
    assert_int_equal(freshness_end_ns(&f, &ms), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_came), cmocka_unit_test(ten_seconds),
        cmocka_unit_test(slow_samples), cmocka_unit_test(as_told),
        cmocka_unit_test(the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
