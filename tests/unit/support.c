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

/* As older checkpoints have it: no rows, the range alone. */
static void without_rows_it_is_the_share_in_range(void **state)
{
    static const float x[] = {1, 10, 2, 20, 3, 30, 9, 90}; /* (4, 2) */
    static const uint32_t rows[] = {0, 1, 2};
    static const float asked[] = {2, 15, 0, 31, 3, 30, NAN, 10}; /* (4, 2) */
    float row[4];
    struct support s;

    (void)state;
    support_init(&s, 2);
    support_fit(&s, x, rows, 3);
    assert_true(s.min[0] == 1 && s.max[0] == 3 && s.min[1] == 10 &&
                s.max[1] == 30);
    s.K = 0;
    for (int i = 0; i < 4; i++)
        row[i] = support_row(&s, asked + 2 * i);
    assert_true(row[0] == 1 && row[1] == 0 && row[2] == 1 && row[3] == .5f);
    assert_true(support_window(row, 1, 1, 1) == 0);
    assert_true(support_window(row, 2, 2, 2) == 1.0f);
    assert_true(support_window(row, 2, 2, 3) == 0.25f);
    support_release(&s);
}

enum { D = 3, T = 1000 };

static void fit_cloud(struct support *s, float *x)
{
    uint32_t rows[T];
    struct rng rng;

    rng_init(&rng, 3, 3);
    for (uint32_t t = 0; t < T; t++) {
        x[t * D] = 100 + (float)rng_uniform(&rng, -10, 10);
        x[t * D + 1] = x[t * D] / 50 + (float)rng_uniform(&rng, 0, 1);
        x[t * D + 2] = 7; /* never changes */
        rows[t] = t;
    }
    support_init(s, D);
    support_fit(s, x, rows, T);
}

/* The twin: every kept row, one after the other, in double. */
static double naive_distance(const struct support *s, const float *row)
{
    double least = HUGE_VAL;

    for (size_t k = 0; k < s->K; k++) {
        double sum = 0;

        for (size_t i = 0; i < D; i++) {
            double z =
                ((double)row[i] - (double)s->mean[i]) * (double)s->factor[i];

            z = z > 6 ? 6 : z < -6 ? -6 : z;
            z -= (double)s->rows[i * SUPPORT_ROWS + k];
            sum += z * z;
        }
        least = fmin(least, sum);
    }
    return sqrt(least);
}

static void nearest_row_as_its_naive_twin(void **state)
{
    static float x[T * D];
    struct support s;
    struct rng rng;
    int below = 0;

    (void)state;
    fit_cloud(&s, x);
    assert_int_equal(s.K, SUPPORT_ROWS);
    rng_init(&rng, 4, 4);
    for (int i = 0; i < 300; i++) {
        const float row[D] = {(float)rng_uniform(&rng, 60, 140),
                              (float)rng_uniform(&rng, 0, 6), 7};
        double far = (double)s.far[0];
        double expected = far / (far + naive_distance(&s, row));

        assert_true(fabs((double)support_row(&s, row) - expected) < 1e-4);
    }
    for (int t = 0; t < T; t++)
        below += support_row(&s, x + t * D) < .5f;
    assert_in_range(below, 1, 25); /* about one training row in a hundred */
    support_release(&s);
}

static void far_off_there_is_little(void **state)
{
    static float x[T * D];
    float near[D] = {100, 2.5f, 7}, far[D] = {1e9f, -1e9f, 7},
          farther[D] = {130, 2.5f, 7}, changed[D] = {100, 2.5f, 7.1f},
          none[D] = {100, NAN, 7}, inf[D] = {HUGE_VALF, 2.5f, 7};
    struct support s;

    (void)state;
    fit_cloud(&s, x);
    assert_true(support_row(&s, near) > .5f);
    assert_true(support_row(&s, farther) < .5f);
    assert_true(support_row(&s, far) < support_row(&s, farther));
    assert_true(support_row(&s, changed) < .1f); /* what never changed does */
    assert_true(support_row(&s, none) == 0);
    assert_true(support_row(&s, inf) < .5f && support_row(&s, inf) > 0);
    support_release(&s);
}

/* Fewer rows than are kept, one row, none. */
static void few_rows(void **state)
{
    const float x[] = {1, 2, 3, 5, 5, 9}, row[] = {1, 2}; /* (3, 2) */
    const uint32_t rows[] = {0, 1, 2};

    (void)state;
    for (size_t n = 0; n <= 3; n++) {
        struct support s;

        support_init(&s, 2);
        support_fit(&s, x, rows, n);
        assert_true(support_row(&s, row) == (n ? 1 : 0));
        support_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_definition),
        cmocka_unit_test(too_few_say_nothing),
        cmocka_unit_test(coverage_holds),
        cmocka_unit_test(without_rows_it_is_the_share_in_range),
        cmocka_unit_test(nearest_row_as_its_naive_twin),
        cmocka_unit_test(far_off_there_is_little),
        cmocka_unit_test(few_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
