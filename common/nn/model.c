#include "common/nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

#define MAX_LAYERS 1000
#define MAX_INPUTS ((size_t)1 << 20)
#define MAX_PARAMS ((size_t)1 << 28)
#define ALIGN 16 /* floats in 64 bytes */

static int check_keys(const struct layer_type *type, const struct node *at,
                      struct err *e)
{
    const char *known[16] = {"type", "name"};

    for (size_t i = 0; type->keys[i] && i < 13; i++)
        known[i + 2] = type->keys[i];
    return node_check_keys(at, known, e);
}

static int layer_new(struct layer *l, int index, struct shape in,
                     const struct node *at, struct err *e)
{
    const char *type = NULL, *name = NULL;

    if (node_text(at, "type", &type, e) || node_text(at, "name", &name, e))
        return -1;
    l->type = type ? layer_type_find(type) : NULL;
    if (!l->type)
        return node_error(at, e, "a layer needs a `type`, one of: %s",
                          layer_type_names());
    if (check_keys(l->type, at, e))
        return -1;
    l->index = index;
    snprintf(l->name, sizeof l->name, "%d", index);
    if (name)
        snprintf(l->name, sizeof l->name, "%s", name);
    l->in = in;
    l->n_in = in.channels * in.length;
    if (l->type->setup(l, at, e))
        return -1;
    l->n_out = l->out.channels * l->out.length;
    return 0;
}

/* Give each parameter its place, and the model its one allocation. */
static int place_params(struct model *m, const struct node *at, struct err *e)
{
    for (size_t i = 0; i < m->n_layers; i++)
        for (int j = 0; j < m->layer[i].n_params; j++) {
            const struct tensor *t = &m->layer[i].param[j];

            if (tensors_find(&m->tensors, t->name))
                return node_error(at, e, "two layers are called %s",
                                  m->layer[i].name);
            tensors_add(&m->tensors, t->name, t->n_dims, t->dim, NULL);
            m->size += (tensor_count(t) + ALIGN - 1) / ALIGN * ALIGN;
            if (m->size > MAX_PARAMS)
                return node_error(at, e, "more than %zu parameters",
                                  MAX_PARAMS);
        }
    m->params = xmalloc_aligned(m->size, sizeof *m->params);
    memset(m->params, 0, m->size * sizeof *m->params);
    for (size_t i = 0, k = 0, at_float = 0; i < m->n_layers; i++)
        for (int j = 0; j < m->layer[i].n_params; j++, k++) {
            struct tensor *t = &m->tensors.at[k];

            t->data = m->layer[i].param[j].data = m->params + at_float;
            at_float += (tensor_count(t) + ALIGN - 1) / ALIGN * ALIGN;
        }
    return 0;
}

static int add_layers(struct model *m, const struct node *list, struct err *e)
{
    struct shape shape = m->in;

    m->layer = xcalloc(list->n, sizeof *m->layer);
    for (size_t i = 0; i < list->n; i++) {
        if (layer_new(&m->layer[i], (int)i, shape, list->item[i], e))
            return -1;
        m->n_layers++;
        shape = m->layer[i].out;
        m->n_out = m->layer[i].n_out;
    }
    return place_params(m, list, e);
}

int model_new(struct model **out, const struct node *description, size_t D,
              size_t delays, struct err *e)
{
    const struct node *list = node_get(description, "layers");
    struct model *m;

    *out = NULL;
    if (!list || list->kind != NODE_LIST || list->n == 0 ||
        list->n > MAX_LAYERS)
        return node_error(list ? list : description, e,
                          "a model needs `layers`, a list of 1 to %d",
                          MAX_LAYERS);
    if (D == 0 || delays == 0 || D > MAX_INPUTS / delays)
        return node_error(list, e, "a window of %zu x %zu inputs is too large",
                          D, delays);
    m = xcalloc(1, sizeof *m);
    m->in = (struct shape){D, delays};
    m->n_in = D * delays;
    if (add_layers(m, list, e)) {
        model_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

void model_init(struct model *m, uint64_t seed)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        struct rng rng;

        rng_init(&rng, seed, 0x696e6974 + i);
        if (m->layer[i].type->init)
            m->layer[i].type->init(&m->layer[i], &rng);
    }
}

void model_free(struct model *m)
{
    if (!m)
        return;
    free(m->layer);
    free(m->params);
    tensors_release(&m->tensors);
    free(m);
}
