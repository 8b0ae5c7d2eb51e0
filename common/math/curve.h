#ifndef MATH_CURVE_H
#define MATH_CURVE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * The curves of a recurrent cell, off by less than 1e-6, in plain arithmetic
 * that a loop under VECTOR turns into vector instructions.  A NaN stays one.
 */

/* e^x for x in -20..20; what is outside is cut to that, which is far enough
 * for both curves. */
static inline float curve_exp(float x)
{
    const float round = 12582912.f; /* 1.5 * 2^23: adding it rounds to ints */
    float n, r, p;
    uint32_t bits;

    x = copysignf(fabsf(x) > 20 ? 20 : fabsf(x), x);
    n = x * 1.44269504f + round;
    memcpy(&bits, &n, sizeof bits);
    n -= round;
    r = x - n * .693359375f + n * 2.12194440e-4f;
    p = 1.f / 720;
    p = p * r + 1.f / 120;
    p = p * r + 1.f / 24;
    p = p * r + 1.f / 6;
    p = p * r + .5f;
    p = p * r + 1;
    p = p * r + 1;
    bits = (bits << 23) + 0x3f800000; /* 2^n */
    memcpy(&n, &bits, sizeof n);
    return p * n;
}

static inline float curve_tanh(float x)
{
    return 1 - 2 / (1 + curve_exp(2 * x));
}

/*
 * The sigmoids of i, f and o and the tanh of g, in place.  A division takes as
 * long as all else of a curve, so that the four share one: the product of
 * their denominators stays under 1e35.
 */
static inline void curve_gates(float *i, float *f, float *g, float *o)
{
    float a = 1 + curve_exp(-*i), b = 1 + curve_exp(-*f);
    float c = 1 + curve_exp(2 * *g), d = 1 + curve_exp(-*o);
    float ab = a * b, cd = c * d, one = 1 / (ab * cd);

    *i = one * cd * b;
    *f = one * cd * a;
    *g = 1 - 2 * (one * ab * d);
    *o = one * ab * c;
}

#endif
