#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/gbdt/gbdt_columns.h"
#include "formats/config.h"

enum {
    ALL = GBDT_LAST | GBDT_WINDOW | GBDT_MEAN | GBDT_STEP | GBDT_SPREAD |
          GBDT_RANGE
};

/* Two features, six samples: 1, 2, 4, ... and 10, 20, 30, ... */
static const float samples[] = {1, 10, 2, 20, 4, 30, 8, 40, 16, 50, 32, 60};
static const uint32_t ends[] = {4, 5};

static struct window_set windows(size_t delays, size_t tau)
{
    return (struct window_set){.x = samples,
                               .end = ends,
                               .T = 6,
                               .D = 2,
                               .N = 2,
                               .delays = delays,
                               .tau = tau};
}

static void check(const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fabsf(got[i] - want[i]) > 1e-5f)
            fail_msg("column %zu: %g, not %g", i, got[i], want[i]);
}

static void a_row_has_its_kinds_in_order(void **state)
{
    static const float want[] = {
        /* window */ 8,
        16,
        32,
        40,
        50,
        60,
        /* means over 2 and 3 */ 24,
        55,
        56.f / 3,
        50,
        /* step */ 16,
        10,
        /* spread */ 9.9777533f,
        8.1649658f,
        /* range */ 8,
        40,
        32,
        60,
    };
    struct window_set set = windows(3, 1);
    float out[18];

    (void)state;
    assert_int_equal(gbdt_columns_count(ALL, 2, 3), 18);
    gbdt_columns_fill(ALL, &set, 1, 1, out);
    check(out, want, 18);
}

static void rows_follow_each_other_and_tau(void **state)
{
    static const float want[] = {16, 50, 10, 40, 12, 20,
                                 32, 60, 20, 50, 24, 20};
    unsigned kinds = GBDT_LAST | GBDT_MEAN | GBDT_STEP;
    struct window_set set = windows(2, 2);
    float out[12];

    (void)state;
    assert_int_equal(gbdt_columns_count(kinds, 2, 2), 6);
    gbdt_columns_fill(kinds, &set, 0, 2, out);
    check(out, want, 12);
}

static void a_sample_alone_is_itself(void **state)
{
    struct window_set set = windows(1, 1);
    float out[2];

    (void)state;
    assert_int_equal(gbdt_columns_count(GBDT_MEAN | GBDT_SPREAD, 2, 1), 2);
    gbdt_columns_fill(GBDT_MEAN | GBDT_SPREAD, &set, 0, 1, out);
    check(out, (float[]){16, 50}, 2);
}

static void means_double_up_to_the_window(void **state)
{
    (void)state;
    assert_int_equal(gbdt_columns_count(GBDT_MEAN, 1, 2), 1); /* 2 */
    assert_int_equal(gbdt_columns_count(GBDT_MEAN, 1, 4), 2); /* 2 4 */
    assert_int_equal(gbdt_columns_count(GBDT_MEAN, 1, 5), 3); /* 2 4 5 */
    assert_int_equal(gbdt_columns_count(GBDT_MEAN, 3, 25), 15);
}

static int kinds_in(unsigned *kinds, const char *text, struct err *e)
{
    struct node *root;
    int rc;

    assert_int_equal(config_parse(&root, "t.yaml", text, strlen(text), e), 0);
    rc = gbdt_columns_read(kinds, root, e);
    node_free(root);
    return rc;
}

static void kinds_are_read(void **state)
{
    unsigned kinds = GBDT_STEP;
    struct err e;

    (void)state;
    assert_int_equal(kinds_in(&kinds, "type: gbdt\n", &e), 0);
    assert_int_equal(kinds, GBDT_STEP);
    assert_int_equal(kinds_in(&kinds, "columns: [last, spread]\n", &e), 0);
    assert_int_equal(kinds, GBDT_LAST | GBDT_SPREAD);
    assert_int_equal(
        kinds_in(&kinds, "columns: [last,window,mean,step,spread,range]\n", &e),
        0);
    assert_int_equal(kinds, ALL);
    assert_int_equal(kinds_in(&kinds, "columns:\n  - last\n  - lag\n", &e), -1);
    assert_string_equal(e.msg, "t.yaml:3: no such columns; there are: last, "
                               "window, mean, step, spread, range");
    assert_int_equal(kinds_in(&kinds, "columns: []\n", &e), -1);
    assert_int_equal(kinds_in(&kinds, "columns: last\n", &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_has_its_kinds_in_order),
        cmocka_unit_test(rows_follow_each_other_and_tau),
        cmocka_unit_test(a_sample_alone_is_itself),
        cmocka_unit_test(means_double_up_to_the_window),
        cmocka_unit_test(kinds_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
