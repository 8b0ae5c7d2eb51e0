#ifndef MATH_SUPPORT_H
#define MATH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * How much of what a model is asked about lies where it was trained: the
 * range of each feature over the training part, and the share of a window's
 * D*d inputs that lie in it.
 */

/*
 * Least and greatest value of each column.
 *
 * x    (T, D)
 * use  (T)  rows with 0 are left out
 * min, max (D)  caller's; min > max where no row is left
 */
void support_fit(const float *x, size_t T, size_t D, const uint8_t *use,
                 float *min, float *max);

/* How many of the D values of a row lie outside.  NaN does. */
size_t support_outside(const float *x, size_t D, const float *min,
                       const float *max);

/*
 * The support score of the window that ends at row `end`.
 *
 * outside (T)  of each row, as support_outside() counts
 */
float support_score(const uint32_t *outside, size_t D, size_t delays,
                    size_t tau, size_t end);

#endif
