#include "common/nn/layer.h"

#include <stdio.h>
#include <string.h>

#include "common/nn/layers.h"

static const struct layer_type *const types[] = {
    &layer_dense,      &layer_relu,       &layer_dropout,
    &layer_conv1d,     &layer_maxpool,    &layer_lstm,
    &layer_batch_norm, &layer_attention,  &layer_attention_pool,
    &layer_mean_pool,  &layer_layer_norm, &layer_unfold,
    &layer_add,        &layer_concat,     &layer_reverse};
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
           "attention, attention_pool, mean_pool, layer_norm, unfold, "
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

int layer_read_out(const struct layer *l, const struct node *settings,
                   int64_t most, int64_t *out, struct err *e)
{
    const struct node *at = node_get(settings, "out");
    const char *text = at && at->kind == NODE_SCALAR ? at->text : "";
    bool targets = strcmp(text, "targets") == 0;

    if (!targets && strcmp(text, "machines") != 0)
        return node_int(settings, "out", 1, most, out, e);
    *out = (int64_t)(targets ? l->n_targets : l->n_machines);
    if (*out == 0 && targets)
        return node_error(at, e,
                          "out: targets: how many there are is not "
                          "known here; give a number");
    if (*out == 0)
        return node_error(at, e,
                          "out: machines is for a branch with loss "
                          "machine; give a number here");
    return 0;
}
