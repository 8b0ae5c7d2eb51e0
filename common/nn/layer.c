#include "common/nn/layer.h"

#include <stdio.h>
#include <string.h>

#include "common/nn/layers.h"

static const struct layer_type *const types[] = {
    &layer_dense,   &layer_relu,   &layer_dropout,    &layer_conv1d,
    &layer_maxpool, &layer_lstm,   &layer_batch_norm, &layer_add,
    &layer_concat,  &layer_reverse};
#define N_TYPES (sizeof types / sizeof *types)

const struct layer_type *layer_type_find(const char *name)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    return NULL;
}

const char *layer_type_names(void)
{
    return "dense, relu, dropout, conv1d, maxpool, lstm, batch_norm, "
           "add, concat, reverse, residual, parallel, branch";
}

void layer_param(struct layer *l, const char *name, int n_dims,
                 const size_t *dim)
{
    struct tensor *t = &l->param[l->n_params++];

    snprintf(t->name, sizeof t->name, "%.80s.%s", l->name, name);
    t->n_dims = n_dims;
    memcpy(t->dim, dim, (size_t)n_dims * sizeof *dim);
}

void layer_buffer(struct layer *l, const char *name, size_t n)
{
    layer_param(l, name, 1, &n);
    l->param[l->n_params - 1].buffer = true;
}
