#ifndef NN_FOLD_H
#define NN_FOLD_H

#include "common/nn/model.h"

/*
 * A model as it predicts: without the layers that do nothing then (dropout,
 * branches) and without those that only scale and shift channels (batch_norm)
 * where what they read is linear and can take that into its own weights, be it
 * through a concat.
 *
 * The layers are copies and share the parameters of the model, but for those
 * that took something in: these have their own, which fold_refresh() makes
 * anew from the model as it is.
 */
struct fold {
    struct model model; /* the layers alone: no params, tensors or cuts */
    const struct model *of;
    struct taken *taken;
    size_t n_taken;
    double *factors; /* room for a layer's */
    float *params;   /* of the layers that took something in */
};

/* m is borrowed.  Refresh it before use. */
struct fold *fold_new(const struct model *m);
void fold_free(struct fold *f);
void fold_refresh(struct fold *f);

/* How many times layers, or the caller of the model, read what layer `at`
 * gives. */
size_t fold_readers(const struct model *m, int at);

#endif
