#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "common/physical/basis.h"
#include "common/physical/thin.h"

enum { N = 1000 };

/* Nine rows in ten idle, the tenth at one load or another. */
static void fill(float *busy, float *watts)
{
    for (size_t i = 0; i < N; i++) {
        busy[i] = i % 10 ? 0 : (float)(1 + i / 10 % 3 * 10);
        watts[i] = (float)i;
    }
}

static void each_load_has_the_same(void **state)
{
    float busy[N], watts[N];
    size_t count[BASIS_BINS] = {0}, n;

    (void)state;
    fill(busy, watts);
    n = thin_rows(busy, watts, N, 24, 60);
    assert_int_equal(n, 60);
    for (size_t i = 0; i < n; i++)
        count[basis_bin(busy[i], 24)]++;
    assert_int_equal(count[basis_bin(0, 24)], 15);
    for (int load = 1; load <= 21; load += 10)
        assert_int_equal(count[basis_bin(load, 24)], 15);
}

static void rows_stay_whole_in_order_and_spread(void **state)
{
    float busy[N], watts[N], all_busy[N], all_watts[N];
    size_t n, late = 0;

    (void)state;
    fill(busy, watts);
    fill(all_busy, all_watts);
    n = thin_rows(busy, watts, N, 24, 40);
    for (size_t i = 0; i < n; i++) {
        assert_true(busy[i] == all_busy[(size_t)watts[i]]);
        assert_true(i == 0 || watts[i] > watts[i - 1]);
        late += watts[i] >= N / 2;
    }
    assert_in_range(late, n / 2 - 2, n / 2 + 2);
}

static void rare_loads_give_all_they_have(void **state)
{
    float busy[] = {0, 0, 0, 0, 24, 0}, watts[] = {1, 2, 3, 4, 5, 6};

    (void)state;
    assert_int_equal(thin_rows(busy, watts, 6, 24, 4), 4);
    assert_true(watts[2] == 5 || watts[3] == 5);
}

/* One row of many is the one in the middle, not the last that came. */
static void a_row_stands_for_its_neighbours(void **state)
{
    float busy[N], watts[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        busy[i] = 0;
        watts[i] = (float)i;
    }
    assert_int_equal(thin_rows(busy, watts, N, 24, 2), 2);
    assert_true(fabsf(watts[0] - N / 4) < 2 && fabsf(watts[1] - 3 * N / 4) < 2);
}

static void few_rows_stay_as_they_are(void **state)
{
    float busy[N], watts[N];

    (void)state;
    fill(busy, watts);
    assert_int_equal(thin_rows(busy, watts, N, 24, N), N);
    assert_int_equal(thin_rows(busy, watts, N, 24, 2 * N), N);
    assert_int_equal(thin_rows(busy, watts, 0, 24, 60), 0);
    for (size_t i = 0; i < N; i++)
        assert_true(watts[i] == (float)i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_load_has_the_same),
        cmocka_unit_test(rows_stay_whole_in_order_and_spread),
        cmocka_unit_test(rare_loads_give_all_they_have),
        cmocka_unit_test(a_row_stands_for_its_neighbours),
        cmocka_unit_test(few_rows_stay_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
