#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "common/base/rng.h"
#include "common/math/conformal.h"
#include "common/math/support.h"

static void quantiles_are_those_of_the_definition(void **state)
{
    float r[99];
    double low, high;

    (void)state;
    for (int i = 0; i < 99; i++)
        r[i] = (float)((i * 37) % 99) - 40; /* -40..58, shuffled */
    conformal_interval(r, 99, 0.9, &low, &high);
    assert_true(low == -36); /* the 5th smallest of 99: 5 % of 100 */
    assert_true(high == 54);
}

static void too_few_say_nothing(void **state)
{
    float r[18] = {0};
    double low, high;

    (void)state;
    conformal_interval(r, 18, 0.9, &low, &high);
    assert_true(isnan(low) && isnan(high));
    conformal_interval(NULL, 0, 0.9, &low, &high);
    assert_true(isnan(low) && isnan(high));
}

/* Of fresh draws the share in the interval is what was asked for. */
static void coverage_holds(void **state)
{
    static float r[5000];
    struct rng rng;
    double low, high;
    int inside = 0;

    (void)state;
    rng_init(&rng, 1, 1);
    for (int i = 0; i < 5000; i++)
        r[i] = (float)(rng_uniform(&rng, 0, 1) * rng_uniform(&rng, -3, 1));
    conformal_interval(r, 5000, 0.9, &low, &high);
    for (int i = 0; i < 20000; i++) {
        double v = rng_uniform(&rng, 0, 1) * rng_uniform(&rng, -3, 1);

        inside += v >= low && v <= high;
    }
    assert_in_range(inside, 17800, 18200);
}

static void support_is_the_share_in_range(void **state)
{
    static const float x[] = {1, 10, 2, 20, 3, 30, 9, 90}; /* (4, 2) */
    static const uint8_t use[] = {1, 1, 1, 0};
    static const float asked[] = {2, 15, 0, 31, 3, 30, NAN, 10}; /* (4, 2) */
    float min[2], max[2];
    uint32_t outside[4];

    (void)state;
    support_fit(x, 4, 2, use, min, max);
    assert_true(min[0] == 1 && max[0] == 3 && min[1] == 10 && max[1] == 30);
    for (int i = 0; i < 4; i++)
        outside[i] = (uint32_t)support_outside(asked + 2 * i, 2, min, max);
    assert_int_equal(outside[0], 0);
    assert_int_equal(outside[1], 2);
    assert_int_equal(outside[2], 0);
    assert_int_equal(outside[3], 1);
    assert_true(support_score(outside, 2, 2, 1, 1) == 0.5f);
    assert_true(support_score(outside, 2, 2, 2, 2) == 1.0f);
    assert_true(support_score(outside, 2, 2, 2, 3) == 0.25f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_definition),
        cmocka_unit_test(too_few_say_nothing),
        cmocka_unit_test(coverage_holds),
        cmocka_unit_test(support_is_the_share_in_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
