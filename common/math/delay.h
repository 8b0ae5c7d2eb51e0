#ifndef MATH_DELAY_H
#define MATH_DELAY_H

#include <stddef.h>

/*
 * How long a signal remembers, and which delay tau an embedding should take.
 * Lags are counted in samples.
 */

/*
 * Autocorrelation at lags 0..n_lags-1, about the mean of all n values.
 *
 * x   (n)       finite
 * out (n_lags)  1 at lag 0; NaN from lag n on, and where x is constant
 */
void delay_autocorrelation(const float *x, size_t n, size_t n_lags,
                           double *out);

/*
 * Average mutual information of x(t) and x(t + lag), in bits, from a histogram
 * of bins that hold about the same number of values (Fraser and Swinney, 1986),
 * less the bias of counting (Miller and Madow); at least 0.
 *
 * x   (n)       finite
 * out (n_lags)  at lag 0 the entropy of the bins; NaN from lag n on
 */
void delay_information(const float *x, size_t n, size_t n_lags, double *out);

/* The lag at which the autocorrelation first falls below 1/e; 0: it does not.
 */
size_t delay_of_autocorrelation(const double *acf, size_t n_lags);

/* The first local minimum of the information; 0: there is none. */
size_t delay_of_information(const double *ami, size_t n_lags);

#endif
