#include "common/nn/adam.h"

#include <math.h>
#include <string.h>

#include "common/math/vector.h"

#define BETA1 .9
#define BETA2 .999
#define EPSILON 1e-8f
#define BLOCK 1024
#define LANES 16

/* The numbers of one step, ready for the loop. */
struct factors {
    float decay, shrink, rate;
    float root; /* of the second moment's correction */
};

VECTOR static void add(size_t n, const float *x, float *sum)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

/* In lanes, so that it can be done in vectors; their order is fixed. */
VECTOR static double sum_squares(size_t n, const float *x)
{
    double sum[LANES] = {0}, all = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sum[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++)
        sum[i % LANES] += (double)x[i] * (double)x[i];
    for (size_t k = 0; k < LANES; k++)
        all += sum[k];
    return all;
}

double adam_sum(size_t n, float *grad, size_t n_grads, size_t stride)
{
    for (size_t k = 1; k < n_grads; k++)
        add(n, grad + k * stride, grad);
    return sum_squares(n, grad);
}

VECTOR static void rescale(size_t n, float factor, float *x)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

VECTOR static void update(size_t n, struct factors f, const float *grad,
                          float *p, float *m, float *v)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + f.decay * p[i];

        m[i] = m[i] * (float)BETA1 + g * (float)(1 - BETA1);
        v[i] = v[i] * (float)BETA2 + g * g * (float)(1 - BETA2);
        p[i] =
            p[i] * f.shrink - f.rate * m[i] / (sqrtf(v[i]) * f.root + EPSILON);
    }
}

void adam_step(const struct adam *a, size_t n, const float *grad,
               size_t n_grads, size_t stride, float *p, float *m, float *v)
{
    double steps = (double)a->step;
    struct factors f = {
        .decay = a->decoupled ? 0 : (float)a->weight_decay,
        .shrink = a->decoupled ? (float)(1 - a->lr * a->weight_decay) : 1,
        .rate = (float)(a->lr / (1 - pow(BETA1, steps))),
        .root = (float)(1 / sqrt(1 - pow(BETA2, steps))),
    };

    float sum[BLOCK];

    for (size_t at = 0; at < n; at += BLOCK) {
        size_t width = n - at < BLOCK ? n - at : BLOCK;

        memcpy(sum, grad + at, width * sizeof *sum);
        for (size_t k = 1; k < n_grads; k++)
            add(width, grad + k * stride + at, sum);
        if (a->scale != 1)
            rescale(width, (float)a->scale, sum);
        update(width, f, sum, p + at, m + at, v + at);
    }
}
