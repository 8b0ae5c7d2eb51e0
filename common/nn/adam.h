#ifndef NN_ADAM_H
#define NN_ADAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Adam (Kingma and Ba) as torch.optim.Adam does it: betas .9 and .999, epsilon
 * 1e-8, weight decay added to the gradient; or, decoupled, as
 * torch.optim.AdamW: the parameters shrink by lr * weight_decay of themselves.
 */
struct adam {
    double lr, weight_decay;
    bool decoupled;
    double scale;  /* the gradient is multiplied by it first; 1: as it is */
    uint64_t step; /* from 1: the step that is being made */
};

/*
 * Add up n_grads gradients of n values, in order, `stride` floats apart, into
 * the first of them.  Returns the sum of the squares of that.
 */
double adam_sum(size_t n, float *grad, size_t n_grads, size_t stride);

/*
 * Make a step for n parameters whose gradient is the sum of n_grads arrays,
 * taken in order, `stride` floats apart.  p, m, v (n) are updated.
 */
void adam_step(const struct adam *a, size_t n, const float *grad,
               size_t n_grads, size_t stride, float *p, float *m, float *v);

#endif
