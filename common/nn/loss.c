#include "common/nn/loss.h"

#include <math.h>
#include <string.h>

static double mse(const struct loss_type *l, const float *y,
                  const float *target, size_t n, float scale, float *dy)
{
    double sum = 0;

    (void)l;
    for (size_t i = 0; i < n; i++) {
        double off = (double)y[i] - (double)target[i];

        sum += off * off;
        if (dy)
            dy[i] = (float)(2 * off) * scale;
    }
    return sum;
}

/* At 0, where it has no slope, that is 0. */
static double mae(const struct loss_type *l, const float *y,
                  const float *target, size_t n, float scale, float *dy)
{
    double sum = 0;

    (void)l;
    for (size_t i = 0; i < n; i++) {
        double off = (double)y[i] - (double)target[i];

        sum += fabs(off);
        if (dy)
            dy[i] = (float)((off > 0) - (off < 0)) * scale;
    }
    return sum;
}

static double huber(const struct loss_type *l, const float *y,
                    const float *target, size_t n, float scale, float *dy)
{
    double sum = 0, delta = l->delta;

    for (size_t i = 0; i < n; i++) {
        double off = (double)y[i] - (double)target[i];
        double near = fmax(-delta, fmin(delta, off));

        sum += near * (off - near / 2);
        if (dy)
            dy[i] = (float)near * scale;
    }
    return sum;
}

#define ALL_ONE                     \
    {                               \
        [0 ... MAX_TARGETS - 1] = 1 \
    }

static const struct loss_type types[] = {{"mse", 0, ALL_ONE, mse},
                                         {"mae", 0, ALL_ONE, mae},
                                         {"huber", 1, ALL_ONE, huber}};

const struct loss_type *loss_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const char *loss_type_names(void)
{
    return "mse, mae, huber";
}

double loss_rows(const struct loss_type *l, const float *y, const float *target,
                 const float *row, size_t n, size_t K, float scale, float *dy)
{
    double sum = 0;

    if (K == 1 && !row && l->weight[0] == 1)
        return l->eval(l, y, target, n, scale, dy);
    for (size_t i = 0; i < n * K; i++) {
        double weight = l->weight[i % K] * (row ? (double)row[i / K] : 1);
        float *slope = dy ? dy + i : NULL;

        if (slope)
            *slope = 0;
        if (!isnan(target[i]))
            sum += weight * l->eval(l, y + i, target + i, 1,
                                    (float)weight * scale, slope);
    }
    return sum;
}
