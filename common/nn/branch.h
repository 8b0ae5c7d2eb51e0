#ifndef NN_BRANCH_H
#define NN_BRANCH_H

#include "common/nn/model.h"

/*
 * A branch: an auxiliary task in training, nothing at all in prediction.
 *
 *     - type: branch
 *       name: dec
 *       loss: reconstruction   # or machine
 *       weight: 0.01
 *       layers:
 *         - {type: dense, out: 128}
 *         - {type: relu}
 *         - {type: dense, out: 100}
 *
 * The main path goes through it unchanged.  In training its layers run on the
 * same values, and what comes out is compared:
 *
 *   reconstruction  with the window, as the model gets it: the mean square
 *                   over all values
 *   machine         with the machine that the window is from: the cross
 *                   entropy of the outputs as logits, one for each machine
 *
 * `weight` times the loss, a mean over the batch, is added to that of the
 * batch, and its gradient to that of the main path.  With `reverse: true` the
 * gradient that leaves the branch is multiplied by -`lambda` (1 unless given):
 * its own layers learn the task, those before it unlearn it (Ganin and
 * Lempitsky, 2015).
 *
 * Its layers are called by its own name and theirs, or their place in its
 * list: "dec.0.weight".
 */
struct branch_loss;

struct branch {
    const struct branch_loss *loss;
    double weight;
    double back;         /* factor of the gradient that leaves it */
    struct model *stack; /* its layers, whose parameters lie in the model's;
                            NULL in a model that only predicts */
};

/*
 * Does what comes out of the stack fit its loss, for windows of n_in values?
 * -1 with e filled, naming file and line of `at`.
 */
int branch_check(const struct layer *l, size_t n_in, const struct node *at,
                 struct err *e);

/*
 * The weighted loss of the outputs y (n, stack's n_out) for windows
 * x (n, n_in), as a mean over the values of a row and a sum over rows.
 * dy takes the gradient of that loss as a mean over the batch.
 */
double branch_eval(const struct branch *b, const struct pass *p, const float *x,
                   const float *y, float *dy);

#endif
