#ifndef MATH_STRIP_H
#define MATH_STRIP_H

#include <stddef.h>

/*
 * Convolution along many short sequences at once.  A strip holds a batch of
 * them channel by channel, zeros between: in each channel `gap` zeros, then
 * for each of n sequences its values and zeros up to the next one, `pitch`
 * further on.  Long rows keep the vector units busy, and the zeros are the
 * padding that a convolution asks for.
 *
 * n sequences, I channels in, O channels out, K taps, `dilation` apart.
 */
struct strip {
    size_t n, pitch;
    size_t stride; /* floats from a channel to the next: strip_stride() */
    size_t tail;   /* positions at the end that strip_convolve() may leave */
};

/* What a strip with gaps of up to `gap` needs a channel, and in all: what is
 * behind the last value is read as well. */
size_t strip_stride(size_t n, size_t pitch, size_t gap);
size_t strip_size(size_t channels, size_t stride, size_t reach);

/* Lay out x (n, channels, length), length + gap <= pitch; all else to 0. */
void strip_fill(const struct strip *s, const float *x, size_t channels,
                size_t length, size_t gap, size_t reach, float *strip);

/* Back to x (n, channels, length), from a strip without a gap at its start. */
void strip_take(const struct strip *s, const float *strip, size_t channels,
                size_t length, float *x);

/* How a convolution reaches. */
struct taps {
    size_t O, I, K, dilation;
};

/* y[o][t] = bias[o] + sum over i, k of weight[o][i][k] x[i][t + k dilation];
 * bias may be NULL.  weight (O, I, K), strips x and y. */
void strip_convolve(const struct strip *s, const struct taps *c, const float *x,
                    const float *weight, const float *bias, float *y);

/* weight_grad[o][i][k] += sum over t of dy[o][t] x[i][t + k dilation]. */
void strip_correlate(const struct strip *s, const struct taps *c,
                     const float *x, const float *dy, float *weight_grad);

/* weight (O, I, K) to (I, O, K), the last tap first: dx is a convolution of
 * dy with that. */
void strip_turn(const struct taps *taps, const float *weight, float *turned);

#endif
