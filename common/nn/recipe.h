#ifndef NN_RECIPE_H
#define NN_RECIPE_H

#include "common/base/labels.h"
#include "common/base/node.h"
#include "common/math/scale.h"
#include "common/nn/train.h"
#include "common/nn/weights.h"

/*
 * What a model's file says of it and of its training:
 *
 *     family: v3
 *     model:
 *       scaling: minmax        # none, minmax, zscore
 *       clip: true             # minmax: cut to 0..1 what is outside
 *       target_scaling: none   # of the power, in training; as scaling
 *       machine_label: machine # of recordings: which machine they are of
 *       layers: [...]          # common/nn/model.h
 *     training:
 *       method: adam           # adamw; ridge: closed form, one dense layer
 *       lambda: [0.1, 1]       # ridge: the best on the validation part
 *       batch: 256             # adam, adamw: common/nn/train.h; and how
 *                              # windows count: common/nn/weights.h
 */
enum train_method { TRAIN_ADAM, TRAIN_RIDGE };

enum { RECIPE_MAX_LAMBDA = 32 };

struct recipe {
    const char *family;       /* borrowed from the tree, as is ... */
    const struct node *model; /* ... the map that model_new() takes */
    struct scaling scaling;
    const char *machine_label; /* of the recordings, for branches */
    enum train_method method;
    double lambda[RECIPE_MAX_LAMBDA];
    size_t n_lambda;
    struct train_options train;
    struct weights weights; /* adam, adamw */
};

/* Read all of it; an unknown key or a wrong value is an error with its line. */
int recipe_read(struct recipe *r, const struct node *root, struct err *e);

/* What a model wants scaled: keys of the map `model`. */
int recipe_read_scaling(const struct node *model, struct scaling *s,
                        struct err *e);

/* The settings of training, as "training.batch" = "256", ... */
void recipe_to_labels(const struct recipe *r, struct labels *ls);

#endif
