#ifndef MATH_CONFORMAL_H
#define MATH_CONFORMAL_H

#include <stddef.h>

/*
 * Split-conformal prediction (Papadopoulos et al., 2002): how far, above and
 * below a prediction, the measured value lies in `coverage` of all cases like
 * those of a held-out set; each side misses half of the rest.
 *
 * residual (n)  measured - predicted of the held-out set, finite; is sorted
 * low, high     to be added to a prediction; NaN where n is too small to say
 */
void conformal_interval(float *residual, size_t n, double coverage, double *low,
                        double *high);

#endif
