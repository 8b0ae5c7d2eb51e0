#ifndef MATH_SPD_H
#define MATH_SPD_H

#include <stddef.h>

/*
 * Symmetric positive definite matrices of a few rows (up to some hundred), by
 * Cholesky; row-major (K, K).  Only the lower triangle of `a` is read.
 */

/* a = L L', L in the lower triangle of a.  -1 if a is not positive definite. */
int spd_factor(size_t K, double *a);

/* Solve L L' x = b in place. */
void spd_solve(size_t K, const double *l, double *b);

/* inverse (K, K) from the factor, both triangles. */
void spd_invert(size_t K, const double *l, double *inverse);

/* log |L L'| */
double spd_log_det(size_t K, const double *l);

#endif
