#ifndef MATH_COLUMNS_H
#define MATH_COLUMNS_H

#include <stddef.h>

/*
 * Convolution along sequences as a product of matrices: each position becomes
 * a column of all that the kernel sees from there.
 *
 * n sequences of I channels and L values, M positions, K taps `dilation`
 * apart; tap k of position t sees value t + k dilation - padding, which is 0
 * where there is none.
 */
struct columns {
    size_t n, I, L, M, K, dilation, padding;
};

/* x (n, I, L) to columns (I, K, n, M). */
void columns_fill(const struct columns *c, const float *x, float *columns);

/* The way back, for gradients: each value of x (n, I, L) becomes the sum of
 * its places in columns (I, K, n, M). */
void columns_sum(const struct columns *c, const float *columns, float *x);

/* From a sequence after the other (n, C, M) to a channel after the other
 * (C, n, M): give C for n and n for C to go back. */
void columns_turn(const float *x, size_t n, size_t C, size_t M, float *turned);

/* Each value of x (C), M times over, to y (C, M). */
void columns_spread(const float *x, size_t C, size_t M, float *y);

/* sum[c] += all of x (C, M) that is of channel c. */
void columns_add_totals(const float *x, size_t C, size_t M, float *sum);

/* sum[c] = all of x (n, C, M) that is of channel c. */
void columns_total(const float *x, size_t n, size_t C, size_t M, float *sum);

#endif
