#ifndef NN_BRANCH_H
#define NN_BRANCH_H

#include "common/nn/layer.h"

/*
 * A branch: an auxiliary task in training, nothing at all in prediction.
 *
 *     - type: branch
 *       name: dec
 *       loss: reconstruction   # or machine
 *       of: unfold             # reconstruction: of what; the window, unless
 * set weight: 0.01 layers:
 *         - {type: dense, out: 128}
 *         - {type: relu}
 *         - {type: dense, out: 100}
 *
 * The main path goes on beside it.  In training its layers run on the same
 * values, and what comes out is compared:
 *
 *   reconstruction  with the window, as the model gets it, or with what the
 *                   layer `of` gives, which takes no gradient from it: the
 *                   mean square over all values
 *   machine         with the machine that the window is from: the cross
 *                   entropy of the outputs as logits, a channel for each
 *                   machine; where these have a length, the mean over it
 *
 * `weight` times the loss, a mean over the batch, is added to that of the
 * batch, and its gradient to that of the main path.  With `reverse: true` the
 * gradient that leaves the branch is multiplied by -`lambda` (1 unless given):
 * its own layers learn the task, those before it unlearn it (Ganin and
 * Lempitsky, 2015).
 *
 * Its layers are called by its own name and theirs, or their place in its
 * list: "dec.0.weight".
 *
 * In the graph of a model that is trained a branch is its layers, after a
 * reverse if it has one, and layer_branch, which reads what they give and what
 * that is compared with, and adds the weighted loss to pass.loss: a mean over
 * the values of a row and a sum over rows.  A model that only predicts has none
 * of it.
 */

/* Is there nothing to learn at this end of a branch: is there one machine? */
bool branch_is_idle(const struct layer *l);

#endif
