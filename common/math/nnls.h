#ifndef MATH_NNLS_H
#define MATH_NNLS_H

#include <stddef.h>

/*
 * Least squares with weights that are not negative: the x >= 0 that minimises
 * x' G x - 2 x' h, by the active-set method of Lawson and Hanson (1974) on the
 * normal equations.
 *
 * gram (K, K)  X' X, both triangles, positive definite
 * rhs  (K)     X' y
 * x    (K)     caller's; K <= NNLS_MAX
 * Returns 0, or -1 where gram is not positive definite.
 */
enum { NNLS_MAX = 16 };

int nnls(size_t K, const double *gram, const double *rhs, double *x);

#endif
