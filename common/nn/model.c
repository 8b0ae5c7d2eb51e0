#include "common/nn/model.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/branch.h"
#include "common/nn/graph.h"

#define MAX_INPUTS ((size_t)1 << 20)
#define MAX_PARAMS ((size_t)1 << 28)
#define ALIGN 16 /* floats in 64 bytes */

static size_t padded(const struct tensor *t)
{
    return (tensor_count(t) + ALIGN - 1) / ALIGN * ALIGN;
}

/* Name them all, in the order of the file. */
static int name_params(struct model *m, const struct node *at, struct err *e)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        for (int j = 0; j < l->n_params; j++) {
            const struct tensor *t = &l->param[j];

            if (tensors_find(&m->tensors, t->name))
                return node_error(at, e, "two layers are called %s", l->name);
            tensors_add(&m->tensors, t->name, t->n_dims, t->dim, NULL)->buffer =
                t->buffer;
            m->size += t->buffer ? 0 : padded(t);
            m->size_all += padded(t);
            if (m->size_all > MAX_PARAMS)
                return node_error(at, e, "more than %zu parameters",
                                  MAX_PARAMS);
        }
    }
    return 0;
}

/* Give each its place: what is learned first, the buffers behind. */
static void place_params(struct model *m)
{
    size_t learned = 0, buffers = m->size, n = 0;

    for (size_t i = 0; i < m->n_layers; i++)
        for (int j = 0; j < m->layer[i].n_params; j++) {
            struct tensor *t = &m->tensors.at[n++];
            size_t *used = t->buffer ? &buffers : &learned;

            t->data = m->layer[i].param[j].data = m->params + *used;
            *used += padded(t);
        }
}

/* Draw the parameters of each layer from what its index keys. */
void model_init(struct model *m, uint64_t seed)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];
        struct rng rng;

        rng_init(&rng, seed, 0x696e6974 + (uint64_t)l->index);
        if (l->type->init)
            l->type->init(l, &rng);
    }
}

/* The one allocation. */
static int make_params(struct model *m, const struct node *at, struct err *e)
{
    if (name_params(m, at, e))
        return -1;
    m->params = xmalloc_aligned(m->size_all, sizeof *m->params);
    memset(m->params, 0, m->size_all * sizeof *m->params);
    place_params(m);
    return 0;
}

/* What comes out is what is to be predicted. */
static int check_targets(const struct model *m, const struct node *last,
                         size_t K, struct err *e)
{
    if (K == 0 || m->n_out == K)
        return 0;
    if (K == 1)
        return node_error(last, e,
                          "%zu values come out; one, the power, is wanted",
                          m->n_out);
    return node_error(last, e,
                      "%zu values come out, and the windows have %zu targets; "
                      "the last layer wants out: targets",
                      m->n_out, K);
}

int model_build(struct model **out, const struct node *description,
                const struct model_use *use, struct err *e)
{
    const struct node *list = node_get(description, "layers");
    size_t D = use->D, delays = use->delays;
    struct model *m;

    *out = NULL;
    if (graph_check_list(description, list, e))
        return -1;
    if (D == 0 || delays == 0 || D > MAX_INPUTS / delays)
        return node_error(list, e, "a window of %zu x %zu inputs is too large",
                          D, delays);
    m = xcalloc(1, sizeof *m);
    m->in = (struct shape){D, delays};
    m->n_in = D * delays;
    if (graph_build(m, list, use, e) ||
        check_targets(m, list->item[list->n - 1], use->n_targets, e) ||
        make_params(m, list, e)) {
        model_free(m);
        return -1;
    }
    *out = m;
    return 0;
}

int model_new(struct model **m, const struct node *description, size_t D,
              size_t delays, struct err *e)
{
    struct model_use use = {.D = D, .delays = delays};

    return model_build(m, description, &use, e);
}

int model_new_trained(struct model **m, const struct node *description,
                      size_t D, size_t delays, size_t n_machines, struct err *e)
{
    struct model_use use = {
        .D = D, .delays = delays, .n_machines = n_machines, .trained = true};

    return model_build(m, description, &use, e);
}

const char *model_idle_branch(const struct model *m)
{
    for (size_t i = 0; i < m->n_layers; i++)
        if (m->layer[i].branch && branch_is_idle(&m->layer[i]))
            return m->layer[i].name;
    return NULL;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    free(m->layer);
    free(m->cut);
    free(m->params);
    tensors_release(&m->tensors);
    free(m);
}
