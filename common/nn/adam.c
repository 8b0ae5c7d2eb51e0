#include "common/nn/adam.h"

#include <math.h>
#include <string.h>

#include "common/math/vector.h"

#define BETA1 .9
#define BETA2 .999
#define EPSILON 1e-8f
#define BLOCK 1024

/* The numbers of one step, ready for the loop. */
struct factors {
    float decay, rate, root; /* root: of the second moment's correction */
};

VECTOR static void add(size_t n, const float *x, float *sum)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

VECTOR static void update(size_t n, struct factors f, const float *grad,
                          float *p, float *m, float *v)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float g = grad[i] + f.decay * p[i];

        m[i] = m[i] * (float)BETA1 + g * (float)(1 - BETA1);
        v[i] = v[i] * (float)BETA2 + g * g * (float)(1 - BETA2);
        p[i] -= f.rate * m[i] / (sqrtf(v[i]) * f.root + EPSILON);
    }
}

void adam_step(const struct adam *a, size_t n, const float *grad,
               size_t n_grads, size_t stride, float *p, float *m, float *v)
{
    double steps = (double)a->step;
    struct factors f = {
        .decay = (float)a->weight_decay,
        .rate = (float)(a->lr / (1 - pow(BETA1, steps))),
        .root = (float)(1 / sqrt(1 - pow(BETA2, steps))),
    };

    float sum[BLOCK];

    for (size_t at = 0; at < n; at += BLOCK) {
        size_t width = n - at < BLOCK ? n - at : BLOCK;

        memcpy(sum, grad + at, width * sizeof *sum);
        for (size_t k = 1; k < n_grads; k++)
            add(width, grad + k * stride + at, sum);
        update(width, f, sum, p + at, m + at, v + at);
    }
}
