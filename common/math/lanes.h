#ifndef MATH_LANES_H
#define MATH_LANES_H

#include <stddef.h>

/*
 * For kernels that keep their sums in registers: vectors of 16 floats, which
 * the compiler makes of what the processor has.
 */
#define LANES 16

typedef float vector __attribute__((vector_size(4 * LANES)));
/* One that lies anywhere in memory. */
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4)));

/* Half of one, and as much in double. */
typedef float loose_half __attribute__((vector_size(2 * LANES), aligned(4)));
#define DOUBLES (LANES / 2)
typedef double doubles __attribute__((vector_size(8 * DOUBLES)));

#define INLINE __attribute__((always_inline)) static inline

/* UNROLL before a loop of a constant few turns. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Sums over any number of values, by lanes; in functions under VECTOR. */
INLINE float lanes_total(const vector *v)
{
    float sum = 0;

    UNROLL
    for (int i = 0; i < LANES; i++)
        sum += (*v)[i];
    return sum;
}

INLINE float lanes_sum(const float *x, size_t n)
{
    vector sum = {0};
    float rest = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        sum += *(const loose *)(x + i);
    for (; i < n; i++)
        rest += x[i];
    return lanes_total(&sum) + rest;
}

INLINE float lanes_dot(const float *x, const float *y, size_t n)
{
    vector sum = {0};
    float rest = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        sum += *(const loose *)(x + i) * *(const loose *)(y + i);
    for (; i < n; i++)
        rest += x[i] * y[i];
    return lanes_total(&sum) + rest;
}

#endif
