#ifndef MATH_PRINCIPAL_H
#define MATH_PRINCIPAL_H

#include <stddef.h>

/*
 * The two directions in which rows differ most, each feature less its mean and
 * over its standard deviation (principal components of the correlations).
 */
struct principal {
    size_t D;
    double *mean, *factor; /* (D) factor 0: a feature that never changes */
    double *axis;          /* (2, D) of length 1, at right angles */
    double share[2];       /* of the variance of all features; 0 to 1 */
};

/*
 * x (T, D) finite; T >= 1, D >= 1.  With one feature that changes the second
 * axis is of zeros, with none both are.
 */
void principal_fit(struct principal *p, const float *x, size_t T, size_t D);

/* Where a row (D) lies: out (2). */
void principal_place(const struct principal *p, const float *row, double *out);
void principal_release(struct principal *p);

#endif
