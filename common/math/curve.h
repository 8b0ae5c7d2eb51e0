#ifndef MATH_CURVE_H
#define MATH_CURVE_H

#include <stdint.h>
#include <string.h>

/*
 * The curves of a recurrent cell, off by less than 1e-6, in plain arithmetic
 * that a loop under VECTOR turns into vector instructions.  A NaN stays one.
 */

/* e^x for x in -60..60; what is outside is cut to that. */
static inline float curve_exp(float x)
{
    const float round = 12582912.f; /* 1.5 * 2^23: adding it rounds to ints */
    float n, r, p;
    uint32_t bits;

    x = x < -60 ? -60 : x;
    x = x > 60 ? 60 : x;
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

static inline float curve_sigmoid(float x)
{
    return 1 / (1 + curve_exp(-x));
}

static inline float curve_tanh(float x)
{
    return 1 - 2 / (1 + curve_exp(2 * x));
}

#endif
