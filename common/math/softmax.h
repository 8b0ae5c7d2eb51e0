#ifndef MATH_SOFTMAX_H
#define MATH_SOFTMAX_H

#include <stddef.h>

/* Each row of x (n, T) to e^x by their sum, in place, off by less than 1e-6.
 * A NaN makes its row NaN. */
void softmax(float *x, size_t n, size_t T);

/* From the gradient of a softmax y (n, T) to that of its input, in place. */
void softmax_back(const float *y, size_t n, size_t T, float *slope);

#endif
