#include "common/math/softmax.h"

#include "common/math/curve.h"
#include "common/math/lanes.h"
#include "common/math/vector.h"

typedef int bits __attribute__((vector_size(4 * LANES)));

/* The largest, taken by lanes. */
INLINE float largest(const float *x, size_t T)
{
    float most = x[0];
    size_t t = 0;

    if (T >= LANES) {
        vector v = *(const loose *)x;

        for (t = LANES; t + LANES <= T; t += LANES) {
            vector u = *(const loose *)(x + t);
            bits more = u > v;

            v = (vector)((more & (bits)u) | (~more & (bits)v));
        }
        for (int i = 0; i < LANES; i++)
            most = v[i] > most ? v[i] : most;
    }
    for (; t < T; t++)
        most = x[t] > most ? x[t] : most;
    return most;
}

VECTOR static void softmax_rows(float *x, size_t n, size_t T)
{
    for (size_t i = 0; i < n; i++, x += T) {
        float most = largest(x, T), scale;

        VECTOR_LOOP
        for (size_t t = 0; t < T; t++)
            x[t] = curve_exp(x[t] - most);
        scale = 1 / lanes_sum(x, T);
        VECTOR_LOOP
        for (size_t t = 0; t < T; t++)
            x[t] *= scale;
    }
}

void softmax(float *x, size_t n, size_t T)
{
    softmax_rows(x, n, T);
}

VECTOR static void softmax_slopes(const float *y, size_t n, size_t T,
                                  float *slope)
{
    for (size_t i = 0; i < n; i++, y += T, slope += T) {
        float mean = lanes_dot(y, slope, T);

        VECTOR_LOOP
        for (size_t t = 0; t < T; t++)
            slope[t] = y[t] * (slope[t] - mean);
    }
}

void softmax_back(const float *y, size_t n, size_t T, float *slope)
{
    softmax_slopes(y, n, T, slope);
}
