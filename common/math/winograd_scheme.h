#ifndef MATH_WINOGRAD_SCHEME_H
#define MATH_WINOGRAD_SCHEME_H

#include <stddef.h>

/*
 * A scheme of common/math/winograd.h: `phases` outputs from `parts` products.
 *
 * A sequence lies in blocks of d (dilation) values.  Every phases-th of them,
 * one after the other, is a phase: `width` values, the last of which may lie
 * behind the end of the sequence, where all is 0.
 *
 * One channel at a time, n sequences, `stride` apart; a part of them is
 * (n, width), the next part `size` floats behind.
 */
enum { WINOGRAD_LONGEST = 1024, WINOGRAD_PARTS = 6 };

struct winograd_channel {
    size_t n, stride, L, d, width, size;
};

struct winograd_scheme {
    size_t phases, parts;

    /* n_pairs weights (n_pairs, 3) to U (parts, n_pairs); the gradient back. */
    void (*turn)(const float *weight, size_t n_pairs, float *U);
    void (*turn_back)(const float *U, size_t n_pairs, float *grad);

    /* x to V, and the gradient of V to that of x. */
    void (*take_input)(const struct winograd_channel *c, const float *x,
                       float *V);
    void (*give_input)(const struct winograd_channel *c, const float *V,
                       float *dx);

    /* M to y, and the gradient of y to that of M. */
    void (*give_output)(const struct winograd_channel *c, const float *M,
                        float bias, float *y);
    void (*take_output)(const struct winograd_channel *c, const float *dy,
                        float *M);
};

extern const struct winograd_scheme winograd_four, winograd_pair;

#endif
