#ifndef MATH_PANEL_H
#define MATH_PANEL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * y = x W' + b with W packed beforehand, for weights that serve many rows:
 * BLAS packs its operands anew in each call, which takes a third of the time
 * for the matrices of these models.  The weights are kept as panels of 32
 * outputs, (ceil(O/32), I, 32), filled up with zeros.
 *
 * A row of y does not depend on the others, nor on how many there are.
 */

/* Is there a kernel for this processor?  (x86-64 with AVX-512, so far.) */
bool panel_usable(void);

/* Floats that the packed form of a (O, I) matrix and a bias (O) takes. */
size_t panel_size(size_t O, size_t I);

/* Pack weight (O, I) and bias (O) into out, 64-byte aligned. */
void panel_pack(const float *weight, const float *bias, size_t O, size_t I,
                float *out);

/* x (M, I), packed, y (M, O).  Only where panel_usable(). */
void panel_multiply(const float *x, const float *packed, size_t M, size_t O,
                    size_t I, float *y);

#endif
