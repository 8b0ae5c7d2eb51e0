#include "common/estimator/drive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

/* The training's mean of each signal, scaled as inputs are; on the heap. */
static float *mean_row(const struct estimator *m, size_t D)
{
    float *row = xreallocarray(NULL, D, sizeof *row);

    memcpy(row, m->input.support.mean, D * sizeof *row);
    scale_apply(&m->input.scale, row, 1, m->input.clip);
    return row;
}

/*
 * The window (span, D) D + 1 times: in copy i signal i is at its mean, the last
 * is as it was.
 */
static float *variants(const struct estimator *m, const float *window,
                       size_t span, size_t D)
{
    float *mean = mean_row(m, D);
    float *x = xreallocarray(NULL, (D + 1) * span * D, sizeof *x);

    for (size_t i = 0; i <= D; i++) {
        float *copy = x + i * span * D;

        memcpy(copy, window, span * D * sizeof *x);
        for (size_t t = 0; i < D && t < span; t++)
            copy[t * D + i] = mean[i];
    }
    free(mean);
    return x;
}

static void predict(struct estimator *m, const float *x, size_t span, size_t D)
{
    uint32_t *end = xreallocarray(NULL, D + 1, sizeof *end);
    const struct window_set set = {.x = x,
                                   .end = end,
                                   .T = (D + 1) * span,
                                   .D = D,
                                   .N = D + 1,
                                   .delays = (size_t)m->spec.delays,
                                   .tau = (size_t)m->spec.tau};

    for (size_t i = 0; i <= D; i++)
        end[i] = (uint32_t)((i + 1) * span - 1);
    estimator_predict(m, &set);
    free(end);
}

void estimator_drive(struct estimator *m, const float *x, size_t end,
                     float *adds_w)
{
    size_t D = m->spec.features.n, span = window_span(&m->spec);
    size_t K = m->targets.n;
    const float *w;
    float *all;

    for (size_t i = 0; i < D; i++)
        adds_w[i] = NAN;
    if (m->input.support.K == 0 || span > DRIVE_MAX_CELLS / (D * (D + 1)))
        return;
    all = variants(m, x + (end + 1 - span) * D, span, D);
    predict(m, all, span, D);
    w = estimator_watts(m);
    for (size_t i = 0; i < D; i++)
        adds_w[i] = w[D * K] - w[i * K];
    free(all);
}
