/* Resampling runs, against draws made row by row, and against theory. */
#include "common/math/bootstrap.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/base/rng.h"

enum { UNITS = 12, ROWS = 40, DRAWS = 400 };

/* Rows of unit u, which has an error of its own and u + 1 times 10 rows. */
static struct metric_row row_of(size_t u, size_t i)
{
    struct metric_row row = {.dt_s = 1};

    row.measured_w = 20 + 10 * rng_unit(rng_at(1, u, i));
    row.predicted_w = row.measured_w + rng_unit(rng_at(2, u, i)) +
                      3 * rng_unit(rng_at(3, u, 0)) - 2;
    for (int k = 0; k < INTERVALS; k++) {
        row.lower_w[k] = k == INTERVAL_50 ? NAN : row.predicted_w - 1;
        row.upper_w[k] = row.predicted_w + 1;
    }
    row.idle = u < 4 && i == 0; /* of too few units to say */
    return row;
}

static void fill(struct metric *unit, size_t n)
{
    for (size_t u = 0; u < n; u++) {
        unit[u] = (struct metric){0};
        for (size_t i = 0; i < 10 * (u % 4 + 1); i++) {
            const struct metric_row row = row_of(u, i);

            metric_add(&unit[u], &row, 1);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The q-quantile as numpy's default has it. */
static double naive_quantile(double *v, size_t n, double q)
{
    double at = q * (double)(n - 1), below = floor(at);
    size_t i = (size_t)below;

    qsort(v, n, sizeof *v, by_value);
    return i + 1 == n ? v[i]
                      : v[i] * (below + 1 - at) + v[i + 1] * (at - below);
}

/* Each draw from single rows, the mean error and R2 in two passes. */
static void naive_draw(struct rng *rng, double *bias, double *r2)
{
    double y[UNITS * ROWS], e[UNITS * ROWS], mean = 0, sse = 0, sst = 0;
    size_t n = 0;

    for (size_t k = 0; k < UNITS; k++) {
        size_t u = (size_t)rng_below(rng, UNITS);

        for (size_t i = 0; i < 10 * (u % 4 + 1); i++, n++) {
            const struct metric_row row = row_of(u, i);

            y[n] = row.measured_w;
            e[n] = row.predicted_w - row.measured_w;
            mean += y[n];
        }
    }
    mean /= (double)n;
    *bias = 0;
    for (size_t i = 0; i < n; i++) {
        *bias += e[i] / (double)n;
        sse += e[i] * e[i];
        sst += (y[i] - mean) * (y[i] - mean);
    }
    *r2 = 1 - sse / sst;
}

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("%.17g is not %.17g", got, expected);
}

static void as_row_by_row(void **state)
{
    double low[METRIC_FIGURES], high[METRIC_FIGURES], bias[DRAWS], r2[DRAWS];
    int b = metric_figure_find("bias"), r = metric_figure_find("r2");
    struct metric unit[UNITS];
    struct rng rng;

    (void)state;
    fill(unit, UNITS);
    bootstrap(unit, NULL, UNITS, DRAWS, 42, low, high);
    rng_init(&rng, 42, UNITS);
    for (size_t d = 0; d < DRAWS; d++)
        naive_draw(&rng, &bias[d], &r2[d]);
    assert_near(low[b], naive_quantile(bias, DRAWS, .025), 1e-12);
    assert_near(high[b], naive_quantile(bias, DRAWS, .975), 1e-12);
    assert_near(low[r], naive_quantile(r2, DRAWS, .025), 1e-12);
    assert_near(high[r], naive_quantile(r2, DRAWS, .975), 1e-12);
    assert_true(isnan(low[metric_figure_find("coverage50")]));
    assert_true(isnan(low[metric_figure_find("idle_bias")]));
    assert_false(isnan(low[metric_figure_find("coverage")]));
}

/* Units of one row: the interval of a mean is 1.96 standard errors wide. */
static void as_theory_has_it(void **state)
{
    enum { N = 400 };
    struct metric *unit = calloc(N, sizeof *unit);
    double low[METRIC_FIGURES], high[METRIC_FIGURES], sum = 0, sum2 = 0;
    int b = metric_figure_find("bias");

    (void)state;
    assert_non_null(unit);
    for (size_t i = 0; i < N; i++) {
        double e = rng_unit(rng_at(9, 0, i));
        const struct metric_row row = {.predicted_w = e, .dt_s = 1};

        metric_add(&unit[i], &row, 1);
        sum += e;
        sum2 += e * e;
    }
    bootstrap(unit, NULL, N, 4000, 7, low, high);
    sum /= N;
    sum2 = sqrt((sum2 / N - sum * sum) / N);
    assert_near(low[b], sum - 1.96 * sum2, .15 * sum2);
    assert_near(high[b], sum + 1.96 * sum2, .15 * sum2);
    free(unit);
}

/* Drawn together: what is common to both cancels. */
static void differences_are_paired(void **state)
{
    double low[METRIC_FIGURES], high[METRIC_FIGURES];
    int b = metric_figure_find("bias");
    struct metric unit[UNITS], shifted[UNITS];

    (void)state;
    fill(unit, UNITS);
    for (size_t u = 0; u < UNITS; u++) {
        shifted[u] = unit[u];
        shifted[u].sum_e -= .25 * (double)unit[u].n;
    }
    bootstrap(unit, shifted, UNITS, DRAWS, 1, low, high);
    assert_near(low[b], .25, 1e-12);
    assert_near(high[b], .25, 1e-12);
}

static void the_seed_is_all(void **state)
{
    double low[3][METRIC_FIGURES], high[METRIC_FIGURES];
    int b = metric_figure_find("bias");
    struct metric unit[UNITS];

    (void)state;
    fill(unit, UNITS);
    bootstrap(unit, NULL, UNITS, DRAWS, 1, low[0], high);
    bootstrap(unit, NULL, UNITS, DRAWS, 1, low[1], high);
    bootstrap(unit, NULL, UNITS, DRAWS, 2, low[2], high);
    assert_true(low[0][b] == low[1][b] && low[0][b] != low[2][b]);
    bootstrap(unit, NULL, BOOTSTRAP_UNITS, DRAWS, 1, low[0], high);
    assert_false(isnan(low[0][b]) || isnan(high[b]));
    bootstrap(unit, NULL, BOOTSTRAP_UNITS - 1, DRAWS, 1, low[0], high);
    assert_true(isnan(low[0][b]) && isnan(high[b]));
    bootstrap(unit, NULL, 0, DRAWS, 1, low[0], high);
    assert_true(isnan(low[0][b]) && isnan(high[b]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_row_by_row),
        cmocka_unit_test(as_theory_has_it),
        cmocka_unit_test(differences_are_paired),
        cmocka_unit_test(the_seed_is_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
