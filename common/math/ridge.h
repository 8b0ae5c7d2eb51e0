#ifndef MATH_RIDGE_H
#define MATH_RIDGE_H

#include "common/base/err.h"
#include "common/base/pool.h"
#include "common/math/embed.h"

/*
 * Ridge regression in closed form: the weights w and the intercept b that
 * minimise |y - X w - b|^2 + lambda |w|^2; the intercept is not penalised.
 *
 * ridge_new() makes the one pass over the windows, which must stay until
 * ridge_free(); ridge_solve() solves for a lambda, as often as asked.  X'X is
 * accumulated in double, in shards of fixed size that are summed in order: the
 * result is the same to the bit for any number of threads.  Memory is bounded
 * whatever N is.
 *
 * set     (N, D*d) windows with labels, all finite
 * lambda  >= 0
 * weight  (D*d), bias (1): caller's storage
 * ridge_solve() returns 0, or -1 with ERR_DATA: no windows, a value that is
 * not finite, or columns that depend on one another (lambda above 0 helps).
 */
struct ridge;

struct ridge *ridge_new(const struct window_set *set, struct pool *pool);
int ridge_solve(struct ridge *r, double lambda, float *weight, float *bias,
                struct err *e);
void ridge_free(struct ridge *r);

#endif
