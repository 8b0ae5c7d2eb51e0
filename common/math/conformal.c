#include "common/math/conformal.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

void conformal_interval(float *residual, size_t n, double coverage, double *low,
                        double *high)
{
    double tail = (1 - coverage) / 2;
    double k = floor(tail * (double)(n + 1) + 1e-9);

    *low = *high = NAN;
    if (k < 1)
        return;
    qsort(residual, n, sizeof *residual, by_value);
    *low = residual[(size_t)k - 1];
    *high = residual[n - (size_t)k];
}
