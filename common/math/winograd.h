#ifndef MATH_WINOGRAD_H
#define MATH_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Convolution with three taps in half of the multiplications (Winograd; Lavin
 * and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015): a few
 * outputs `dilation` apart take as many products as there are parts, of sums of
 * what they see with sums of the weights.  Two schemes:
 *
 *   four  6 products for 4 outputs (common/math/winograd_four.c)
 *   pair  3 products for 2 outputs, where a sequence has no more blocks of
 *         `dilation` values, so that outer taps see padding
 *         (common/math/winograd_pair.c)
 *
 * n sequences of I channels to O channels of L values each, padded by
 * `dilation` zeros at both ends.  The weights are used as U (parts, O, I).
 */
struct winograd {
    size_t n, I, O, L, dilation;
};

/* Can a convolution like this be done so, and is it worth it? */
bool winograd_fits(size_t K, size_t dilation, size_t padding, size_t L);

/* Floats of U, and of room that both ways take, which do a few sequences at a
 * time. */
size_t winograd_weights(const struct winograd *c);
size_t winograd_room(const struct winograd *c);

/* weight (O, I, 3) to U, and the gradient of U to that of weight. */
void winograd_turn(const struct winograd *c, const float *weight, float *U);
void winograd_turn_back(const struct winograd *c, const float *U_grad,
                        float *grad);

/* x (n, I, L) to y (n, O, L), bias (O). */
void winograd_forward(const struct winograd *c, const float *U,
                      const float *bias, const float *x, float *y, float *room);

/*
 * x and dy (n, O, L) to dx, unless that is NULL; and the gradient of U, which
 * is added to U_grad, or written where first.
 */
void winograd_backward(const struct winograd *c, const float *U, const float *x,
                       const float *dy, bool first, float *dx, float *U_grad,
                       float *room);

#endif
