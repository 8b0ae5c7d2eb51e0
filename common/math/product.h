#ifndef MATH_PRODUCT_H
#define MATH_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * c = a b, for matrices that have just been written and lie in the cache:
 * nothing is packed, which is what BLAS spends a fifth of its time on for the
 * sizes of these models.
 *
 * a  (A, n)  element (i, r) lies at i * row + r * column, and one of the two
 *            is 1
 * b  (n, B)  rows ldb apart
 * c  (A, B)  rows ldc apart
 */
struct product {
    size_t A, B, n;
    const float *a;
    size_t row, column;
    const float *b;
    size_t ldb;
    const float *bias; /* (A) added to the rows of c; or NULL */
    bool add;          /* c += a b */
    float *c;
    size_t ldc;
};

void product(const struct product *p);

#endif
