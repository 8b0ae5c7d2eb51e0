#ifndef MATH_DESIGN_H
#define MATH_DESIGN_H

#include <stddef.h>

/*
 * What to measure next, among M points whose coordinates are known and whose
 * outcome is not, beside R points that were measured.
 *
 * P coordinates, K outcomes.  Points are rows of floats, row-major.
 */

enum { DESIGN_MAX_KNOWN = 600 }; /* that are interpolated from */

/*
 * Interpolate: the mean of a Gaussian process whose covariance is a constant, a
 * linear part and a squared exponential one with noise (kriging; Rasmussen and
 * Williams: Gaussian Processes for Machine Learning, 2006, ch. 2).  Length and
 * noise are those of a few that predict best what is left out of the known
 * points, one at a time (ibid., 5.4.2).
 *
 * u   (R, P)  known points, of which DESIGN_MAX_KNOWN evenly spaced are used
 * y   (R, K)  their outcomes
 * v   (M, P)  wanted
 * out (M, K)  their outcomes; the mean of y where R < 2
 *
 * Returns the share of the variance of y that the points left out explain, 1 if
 * all, below 0 if the mean is as good; NaN where R < 2 or y is constant.
 */
double design_interpolate(const float *u, const float *y, size_t R,
                          const float *v, size_t M, size_t P, size_t K,
                          float *out);

struct design {
    size_t M, R, P, D;
    const float *u;       /* (M + R, P) coordinates, the measured ones behind */
    const float *f;       /* (M + R, D) outcomes, or what is expected; D may
                             be 0 */
    const double *weight; /* (M) how much a point is worth, > 0; NULL: 1 */
};

struct design_pick {
    size_t at;       /* which of the M */
    double distance; /* to the nearest that was measured or picked before; two
                        points drawn at random are about 1 apart.  NaN: first
                        of all */
    double rank;     /* of that distance among those that are left, 0..1 */
};

/*
 * Pick n of the M points, one after another, each the one with the greatest
 * weight x distance to all that is measured or picked: the greedy design of
 * Kennard and Stone (1969), which Gonzalez (1985) shows to cover within a
 * factor of two of the best, from what there is already and with weights.
 * Distances are of coordinates and outcomes alike, each part over its mean
 * square.  Where nothing was measured, the point nearest to the mean is first.
 *
 * Returns how many were picked: the least of n and M.
 */
size_t design_choose(const struct design *d, size_t n,
                     struct design_pick *picks);

#endif
