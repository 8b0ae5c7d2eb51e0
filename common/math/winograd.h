#ifndef MATH_WINOGRAD_H
#define MATH_WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Convolution with three taps in two thirds of the multiplications (Winograd's
 * F(2,3); Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * 2015).  Two outputs `dilation` apart take four products, of sums and
 * differences of four inputs with those of the weights:
 *
 *     y0 = m0 + m1 + m2      m0 = (x0 - x2) w0
 *     y1 = m1 - m2 - m3      m1 = (x1 + x2) (w0 + w1 + w2) / 2
 *                            m2 = (x2 - x1) (w0 - w1 + w2) / 2
 *                            m3 = (x1 - x3) w2
 *
 * n sequences of I channels to O channels of L values each, padded by
 * `dilation` zeros at both ends.  The weights are used as U (4, O, I).
 */
struct winograd {
    size_t n, I, O, L, dilation;
};

/* Can a convolution like this be done so? */
bool winograd_fits(size_t K, size_t dilation, size_t padding, size_t L);

/* Floats of room that both ways take, which do a few sequences at a time. */
size_t winograd_room(const struct winograd *c);

/* weight (O, I, 3) to U, and the gradient of U to that of weight. */
void winograd_turn(const float *weight, size_t n_pairs, float *U);
void winograd_turn_back(const float *U_grad, size_t n_pairs, float *grad);

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
