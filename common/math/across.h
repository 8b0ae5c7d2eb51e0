#ifndef MATH_ACROSS_H
#define MATH_ACROSS_H

#include <stddef.h>

/*
 * Convolution along short sequences that lie across: position by position the
 * values of all n sequences side by side, (channels, length, n).  Vectors run
 * over sequences, so that nothing is shifted, copied or padded, whatever the
 * length.
 *
 * n sequences of I channels and L values to O channels and M values, K taps
 * `dilation` apart; tap k of position t sees value t + k dilation - padding,
 * which is 0 where there is none; padding is (K - 1) dilation at most.  Fast
 * where n is a multiple of 16.
 */
struct across {
    size_t n, I, L, O, M, K, dilation, padding;
};

/* x (rows, width) to y (width, rows). */
void across_turn(const float *x, size_t rows, size_t width, float *y);

/* x (I, L, n) to y (O, M, n); weight (O, I, K), bias (O) or NULL. */
void across_convolve(const struct across *c, const float *x,
                     const float *weight, const float *bias, float *y);

/*
 * The gradient of weight, written to grad (O, I, K), from x (I, L, n) and
 * dy (O, M, n).  zeros (n): they stand for what is outside of a sequence.
 */
void across_correlate(const struct across *c, const float *x, const float *dy,
                      const float *zeros, float *grad);

#endif
