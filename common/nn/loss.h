#ifndef NN_LOSS_H
#define NN_LOSS_H

#include <stddef.h>

/* What training makes small: a mean over the values of a batch. */
struct loss_type {
    const char *name; /* `loss` in a model's file */
    double delta;     /* huber: from here on it grows as its slope, not as a
                         square; 1 unless changed in a copy */

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

#endif
