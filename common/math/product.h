#ifndef MATH_PRODUCT_H
#define MATH_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * c = a b, or c += a b where add is set, for matrices that have just been
 * written and lie in the cache: nothing is packed, which is what BLAS spends a
 * fifth of its time on for the sizes of these models.
 *
 * a  (A, n)  element (i, r) lies at i * row + r * column of a.at, and one of
 *            the two is 1
 * b  (n, B)  rows ldb apart
 * c  (A, B)  rows ldc apart
 */
struct operand {
    const float *at;
    size_t row, column;
};

void product(size_t A, size_t B, size_t n, struct operand a, const float *b,
             size_t ldb, bool add, float *c, size_t ldc);

#endif
