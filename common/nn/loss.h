#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stddef.h>

#include "common/math/embed.h"

/* What training makes small: a mean over the rows of a batch. */
struct loss_type {
    const char *name; /* `loss` in a model's file */
    double delta;     /* huber: from here on it grows as its slope, not as a
                         square; 1 unless changed in a copy */
    double weight[MAX_TARGETS]; /* of each target, in the sum over them; 1
                                   unless changed in a copy */

    /*
     * The sum of the loss over n values, and, unless dy is NULL, its gradient
     * times `scale` (1 / values in the batch, for a mean).
     */
    double (*eval)(const struct loss_type *l, const float *y,
                   const float *target, size_t n, float scale, float *dy);
};

/* The loss of that name (mse, mae, huber: PyTorch's MSELoss, L1Loss,
 * HuberLoss), or NULL. */
const struct loss_type *loss_type_find(const char *name);
const char *loss_type_names(void);

/*
 * The loss of n rows of K targets: for each row the sum over its targets, by
 * their weights, times the row's weight; summed over rows.  A target that is
 * NaN is not known and adds nothing, neither to the loss nor to its gradient.
 *
 * y, target  (n, K)
 * row        (n) weights of the rows; NULL: all 1
 * dy         (n, K) takes the gradient times `scale`; NULL: not wanted
 */
double loss_rows(const struct loss_type *l, const float *y, const float *target,
                 const float *row, size_t n, size_t K, float scale, float *dy);

#endif
