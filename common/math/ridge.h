#ifndef MATH_RIDGE_H
#define MATH_RIDGE_H

#include "common/base/err.h"
#include "common/base/pool.h"
#include "common/math/embed.h"

/*
 * Ridge regression in closed form: the weights w and the intercept b that
 * minimise |y - X w - b|^2 + lambda |w|^2; the intercept is not penalised.
 *
 * X'X is accumulated in double, in shards of fixed size that are summed in
 * order: the result is the same to the bit for any number of threads.  Memory
 * is bounded whatever N is.
 *
 * set     (N, D*d) windows with labels, all finite
 * lambda  >= 0
 * weight  (D*d), bias (1): caller's storage
 * Returns 0, or -1 with ERR_DATA: no windows, a value that is not finite, or
 * columns that depend on one another (lambda above 0 helps).
 */
int ridge_fit(const struct window_set *set, double lambda, struct pool *pool,
              float *weight, float *bias, struct err *e);

/*
 * The same in two steps, for more than one lambda: the pass over the windows,
 * and then what ridge_fit() does with its sums.  The set must stay meanwhile.
 */
struct ridge;

struct ridge *ridge_new(const struct window_set *set, struct pool *pool);
int ridge_solve(struct ridge *r, double lambda, float *weight, float *bias,
                struct err *e);
void ridge_free(struct ridge *r);

#endif
