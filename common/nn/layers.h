#ifndef NN_LAYERS_H
#define NN_LAYERS_H

#include "common/nn/layer.h"

/* The kinds of layer there are; each is described in the file of its name. */
extern const struct layer_type layer_dense;
extern const struct layer_type layer_relu;
extern const struct layer_type layer_dropout;
extern const struct layer_type layer_conv1d;
extern const struct layer_type layer_maxpool;
extern const struct layer_type layer_lstm;
extern const struct layer_type layer_attention;
extern const struct layer_type layer_attention_pool;
extern const struct layer_type layer_mean_pool;
extern const struct layer_type layer_layer_norm;
extern const struct layer_type layer_unfold;
extern const struct layer_type layer_batch_norm;
extern const struct layer_type layer_add;
extern const struct layer_type layer_concat;
extern const struct layer_type layer_reverse;
extern const struct layer_type layer_branch;

#endif
