#ifndef MATH_TRANSPOSE_H
#define MATH_TRANSPOSE_H

#include <stddef.h>

/* x (R, C) to y (C, R), which does not overlap it. */
void transpose(const float *x, size_t R, size_t C, float *y);

#endif
