#include "common/math/support.h"

#include <math.h>

void support_fit(const float *x, size_t T, size_t D, const uint8_t *use,
                 float *min, float *max)
{
    for (size_t i = 0; i < D; i++) {
        min[i] = HUGE_VALF;
        max[i] = -HUGE_VALF;
    }
    for (size_t t = 0; t < T; t++) {
        for (size_t i = 0; use[t] && i < D; i++) {
            min[i] = fminf(min[i], x[t * D + i]);
            max[i] = fmaxf(max[i], x[t * D + i]);
        }
    }
}

size_t support_outside(const float *x, size_t D, const float *min,
                       const float *max)
{
    size_t n = 0;

    for (size_t i = 0; i < D; i++)
        n += !(x[i] >= min[i] && x[i] <= max[i]);
    return n;
}

float support_score(const uint32_t *outside, size_t D, size_t delays,
                    size_t tau, size_t end)
{
    size_t n = 0;

    for (size_t k = 0; k < delays; k++)
        n += outside[end - k * tau];
    return 1 - (float)n / (float)(D * delays);
}
