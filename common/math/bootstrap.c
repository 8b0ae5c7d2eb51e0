#include "common/math/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The quantile of n sorted values, between two of them in a straight line. */
static double quantile(const double *v, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;

    return i + 1 < n ? v[i] + (at - (double)i) * (v[i + 1] - v[i]) : v[n - 1];
}

static void percentiles(double *v, size_t draws, double *low, double *high)
{
    double tail = (1 - BOOTSTRAP_COVERAGE) / 2;
    size_t n = 0;

    for (size_t d = 0; d < draws; d++)
        if (!isnan(v[d]))
            v[n++] = v[d];
    *low = *high = NAN;
    if (n == 0)
        return;
    qsort(v, n, sizeof *v, by_value);
    *low = quantile(v, n, tail);
    *high = quantile(v, n, 1 - tail);
}

static size_t n_known(const struct metric *unit, size_t n, size_t figure)
{
    size_t known = 0;

    for (size_t i = 0; i < n; i++)
        known += !isnan(metric_figures[figure].value(&unit[i]));
    return known;
}

void bootstrap(const struct metric *a, const struct metric *b, size_t n,
               size_t draws, uint64_t seed, double *low, double *high)
{
    double *values = xcalloc(draws * METRIC_FIGURES, sizeof *values);
    struct rng rng;

    rng_init(&rng, seed, n);
    for (size_t d = 0; d < draws; d++) {
        struct metric sum = {0}, less = {0};

        for (size_t i = 0; i < n; i++) {
            size_t unit = (size_t)rng_below(&rng, n);

            metric_merge(&sum, &a[unit]);
            if (b)
                metric_merge(&less, &b[unit]);
        }
        for (size_t f = 0; f < METRIC_FIGURES; f++)
            values[f * draws + d] = metric_figures[f].value(&sum) -
                                    (b ? metric_figures[f].value(&less) : 0);
    }
    for (size_t f = 0; f < METRIC_FIGURES; f++) {
        percentiles(values + f * draws, draws, &low[f], &high[f]);
        if (n_known(a, n, f) < BOOTSTRAP_UNITS ||
            (b && n_known(b, n, f) < BOOTSTRAP_UNITS))
            low[f] = high[f] = NAN;
    }
    free(values);
}
