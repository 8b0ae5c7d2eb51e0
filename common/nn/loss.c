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

static const struct loss_type types[] = {
    {"mse", 0, mse}, {"mae", 0, mae}, {"huber", 1, huber}};

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
