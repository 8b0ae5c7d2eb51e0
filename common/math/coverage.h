#ifndef MATH_COVERAGE_H
#define MATH_COVERAGE_H

#include <stddef.h>

/*
 * How much of the space of its features a set of rows covers.
 *
 * dimensions  how many features that know nothing of one another would vary as
 *             much: (sum of the eigenvalues of their correlations)^2 over the
 *             sum of their squares, the participation ratio; 1 where all move
 *             as one, D where none knows of another
 * pairs_pct   of the cells that any two features make, each range cut into
 *             tenths, those with a row in them: the coverage of all pairs
 *             (Kuhn, Kacker, Lei: Introduction to Combinatorial Testing)
 *
 * Features that never change are left out; NaN where fewer than two change, or
 * there are more than COVERAGE_MAX_FEATURES.
 */
struct coverage {
    double dimensions, pairs_pct;
};

enum {
    COVERAGE_TENTHS = 10,
    COVERAGE_MAX_ROWS = 200000,
    COVERAGE_MAX_FEATURES = 256
};

/*
 * x (T, D), finite; of more rows than COVERAGE_MAX_ROWS evenly spaced ones are
 * looked at.
 */
void coverage_of(const float *x, size_t T, size_t D, struct coverage *out);

/* Tenths of the range min..max that hold at least a thousandth of the n values,
 * `stride` apart; NaN is no value. */
size_t coverage_tenths(const float *x, size_t n, size_t stride, double min,
                       double max);

#endif
