#ifndef NN_ADAM_H
#define NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Adam (Kingma and Ba) as torch.optim.Adam does it: betas .9 and .999, epsilon
 * 1e-8, weight decay added to the gradient.
 */
struct adam {
    double lr, weight_decay;
    uint64_t step; /* from 1: the step that is being made */
};

/*
 * Make a step for n parameters whose gradient is the sum of n_grads arrays,
 * taken in order, `stride` floats apart.  p, m, v (n) are updated.
 */
void adam_step(const struct adam *a, size_t n, const float *grad,
               size_t n_grads, size_t stride, float *p, float *m, float *v);

#endif
