#include "common/math/coverage.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/xalloc.h"

enum { TENTHS = COVERAGE_TENTHS };

static size_t tenth_of(double v, double min, double max)
{
    double at = max > min ? (v - min) / (max - min) * TENTHS : 0;

    return (size_t)fmin(fmax(at, 0), TENTHS - 1);
}

size_t coverage_tenths(const float *x, size_t n, size_t stride, double min,
                       double max)
{
    size_t count[TENTHS] = {0}, known = 0, covered = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i * stride]))
            continue;
        known++;
        count[tenth_of((double)x[i * stride], min, max)]++;
    }
    for (size_t k = 0; k < TENTHS; k++)
        covered += count[k] > 0 && count[k] * 1000 >= known;
    return covered;
}

/* N rows that are looked at, K of the features: those that change. */
struct look {
    size_t N, K;
    double *z;     // (N, K) deviations from the mean, over their norm
    uint8_t *code; // (N, K) tenths
};

/* Column d as column k, unless it never changes. */
static void take_column(struct look *l, const float *x, size_t T, size_t D,
                        size_t d)
{
    double mean = 0, squares = 0, min = INFINITY, max = -INFINITY;

    for (size_t i = 0; i < l->N; i++) {
        double v = (double)x[i * T / l->N * D + d];

        mean += v / (double)l->N;
        min = fmin(min, v);
        max = fmax(max, v);
    }
    if (!(max > min))
        return;
    for (size_t i = 0; i < l->N; i++) {
        double v = (double)x[i * T / l->N * D + d];

        squares += (v - mean) * (v - mean);
        l->z[i * D + l->K] = v - mean;
        l->code[i * D + l->K] = (uint8_t)tenth_of(v, min, max);
    }
    for (size_t i = 0; i < l->N; i++)
        l->z[i * D + l->K] /= sqrt(squares);
    l->K++;
}

/* Correlation of two columns, and the cells of theirs that hold a row. */
static double compare(const struct look *l, size_t D, size_t a, size_t b,
                      double *cells)
{
    uint8_t seen[TENTHS][TENTHS] = {{0}};
    double r = 0;

    for (size_t i = 0; i < l->N; i++) {
        const double *z = l->z + i * D;
        const uint8_t *code = l->code + i * D;

        r += z[a] * z[b];
        seen[code[a]][code[b]] = 1;
    }
    for (size_t k = 0; k < (size_t)TENTHS * TENTHS; k++)
        *cells += seen[k / TENTHS][k % TENTHS];
    return r;
}

void coverage_of(const float *x, size_t T, size_t D, struct coverage *out)
{
    size_t N = T < COVERAGE_MAX_ROWS ? T : COVERAGE_MAX_ROWS;
    struct look l = {.N = N};
    double squares = 0, cells = 0, K;

    *out = (struct coverage){NAN, NAN};
    if (D > COVERAGE_MAX_FEATURES)
        return;
    l.z = xcalloc(N * D + 1, sizeof *l.z);
    l.code = xcalloc(N * D + 1, sizeof *l.code);
    for (size_t d = 0; d < D; d++)
        take_column(&l, x, T, D, d);
    for (size_t a = 0; a < l.K; a++)
        for (size_t b = 0; b < a; b++)
            squares += 2 * pow(compare(&l, D, a, b, &cells), 2);
    K = (double)l.K;
    if (l.K > 1) {
        out->dimensions = K * K / (K + squares);
        out->pairs_pct = 100 * cells / (K * (K - 1) / 2 * TENTHS * TENTHS);
    }
    free(l.z);
    free(l.code);
}
