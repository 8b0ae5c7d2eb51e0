#ifndef MATH_OUTER_H
#define MATH_OUTER_H

#include <stddef.h>

/*
 * c += a' b for a few rows that have just been written: the gradient of a
 * weight, step by step.  Nothing is packed, so that small n pays.
 *
 * a  (n, A)  rows lda apart
 * b  (n, B)  rows ldb apart; up to 31 floats behind the last are read as well
 * c  (A, B)
 */
void outer_add(const float *a, size_t lda, size_t A, const float *b, size_t ldb,
               size_t B, size_t n, float *c);

/* Floats that may be read behind b. */
#define OUTER_REACH 31

#endif
