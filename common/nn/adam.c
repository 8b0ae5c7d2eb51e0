#include "common/nn/adam.h"

#include <math.h>

#include "common/math/vector.h"

#define BETA1 .9
#define BETA2 .999
#define EPSILON 1e-8f

/* The numbers of one step, ready for the loop. */
struct factors {
    float decay, rate, root; /* root: of the second moment's correction */
};

VECTOR static void update(size_t n, struct factors f,
                          const float *restrict grad, size_t n_grads,
                          size_t stride, float *restrict p, float *restrict m,
                          float *restrict v)
{
    for (size_t i = 0; i < n; i++) {
        float g = grad[i];

        for (size_t k = 1; k < n_grads; k++)
            g += grad[k * stride + i];
        g += f.decay * p[i];
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

    update(n, f, grad, n_grads, stride, p, m, v);
}
