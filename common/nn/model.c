#include "common/nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/branch.h"

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

/* What a list of layers is built for. */
struct plan {
    const char *prefix; /* of their names */
    int index;          /* of the first */
    bool trained;
    size_t n_in, n_machines, n_targets; /* of the whole model */
};

static int add_layers(struct model *m, const struct node *list,
                      const struct plan *plan, struct err *e);

static int check_list(const struct node *parent, const struct node *list,
                      struct err *e)
{
    if (list && list->kind == NODE_LIST && list->n > 0 && list->n <= MAX_LAYERS)
        return 0;
    return node_error(list ? list : parent, e,
                      "`layers` is wanted here, a list of 1 to %d", MAX_LAYERS);
}

/* The layers beside the main path, for training alone. */
static int add_branch(struct layer *l, const struct node *at,
                      const struct plan *plan, struct err *e)
{
    const struct node *list = node_get(at, "layers");
    char prefix[TENSOR_NAME + 1];
    struct plan inner = *plan;

    if (*plan->prefix)
        return node_error(at, e, "a branch cannot have branches");
    if (check_list(at, list, e))
        return -1;
    snprintf(prefix, sizeof prefix, "%s.", l->name);
    inner.prefix = prefix;
    inner.index = (l->index + 1) * MAX_LAYERS;
    l->branch->stack = xcalloc(1, sizeof *l->branch->stack);
    l->branch->stack->in = l->in;
    l->branch->stack->n_in = l->n_in;
    return add_layers(l->branch->stack, list, &inner, e) ||
                   branch_check(l, plan->n_in, at, e)
               ? -1
               : 0;
}

static int layer_new(struct layer *l, size_t place, const struct plan *plan,
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
    l->index = plan->index + (int)place;
    snprintf(l->name, sizeof l->name, "%s%zu", plan->prefix, place);
    if (name)
        snprintf(l->name, sizeof l->name, "%s%s", plan->prefix, name);
    l->n_in = l->in.channels * l->in.length;
    l->n_machines = plan->n_machines;
    l->n_targets = plan->n_targets;
    if (l->type->setup(l, at, e))
        return -1;
    l->n_out = l->out.channels * l->out.length;
    return l->branch && plan->trained ? add_branch(l, at, plan, e) : 0;
}

/* Name the parameters of m and of its branches, in the order of the file. */
static int name_params(struct model *all, const struct model *m,
                       const struct node *at, struct err *e)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        for (int j = 0; j < l->n_params; j++) {
            const struct tensor *t = &l->param[j];

            if (tensors_find(&all->tensors, t->name))
                return node_error(at, e, "two layers are called %s", l->name);
            tensors_add(&all->tensors, t->name, t->n_dims, t->dim, NULL);
            all->size += (tensor_count(t) + ALIGN - 1) / ALIGN * ALIGN;
            if (all->size > MAX_PARAMS)
                return node_error(at, e, "more than %zu parameters",
                                  MAX_PARAMS);
        }
        if (l->branch && l->branch->stack &&
            name_params(all, l->branch->stack, at, e))
            return -1;
    }
    return 0;
}

/* Give each its place; *used floats are taken, *n parameters placed. */
static void place_params(struct model *all, struct model *m, size_t *used,
                         size_t *n)
{
    m->params = all->params;
    for (size_t i = 0; i < m->n_layers; i++) {
        struct layer *l = &m->layer[i];

        for (int j = 0; j < l->n_params; j++) {
            struct tensor *t = &all->tensors.at[(*n)++];

            t->data = l->param[j].data = all->params + *used;
            *used += (tensor_count(t) + ALIGN - 1) / ALIGN * ALIGN;
        }
        if (l->branch && l->branch->stack)
            place_params(all, l->branch->stack, used, n);
    }
}

/* The one allocation. */
static int make_params(struct model *m, const struct node *at, struct err *e)
{
    size_t used = 0, n = 0;

    if (name_params(m, m, at, e))
        return -1;
    m->params = xmalloc_aligned(m->size, sizeof *m->params);
    memset(m->params, 0, m->size * sizeof *m->params);
    place_params(m, m, &used, &n);
    return 0;
}

static int add_layers(struct model *m, const struct node *list,
                      const struct plan *plan, struct err *e)
{
    struct shape shape = m->in;

    m->layer = xcalloc(list->n, sizeof *m->layer);
    for (size_t i = 0; i < list->n; i++) {
        struct layer *l = &m->layer[i];

        m->n_layers++;
        l->in = shape;
        if (layer_new(l, i, plan, list->item[i], e))
            return -1;
        shape = l->out;
        m->n_out = l->n_out;
    }
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
    struct plan plan = {.prefix = "",
                        .trained = use->trained,
                        .n_in = D * delays,
                        .n_machines = use->n_machines,
                        .n_targets = use->n_targets};
    struct model *m;

    *out = NULL;
    if (check_list(description, list, e))
        return -1;
    if (D == 0 || delays == 0 || D > MAX_INPUTS / delays)
        return node_error(list, e, "a window of %zu x %zu inputs is too large",
                          D, delays);
    m = xcalloc(1, sizeof *m);
    m->in = (struct shape){D, delays};
    m->n_in = plan.n_in;
    if (add_layers(m, list, &plan, e) ||
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

void model_init(struct model *m, uint64_t seed)
{
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];
        struct rng rng;

        rng_init(&rng, seed, 0x696e6974 + (uint64_t)l->index);
        if (l->type->init)
            l->type->init(l, &rng);
        if (l->branch && l->branch->stack)
            model_init(l->branch->stack, seed);
    }
}

static void free_branch(struct branch *b)
{
    if (b && b->stack) {
        b->stack->params = NULL; /* the model's */
        model_free(b->stack);
    }
    free(b);
}

void model_free(struct model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_layers; i++)
        free_branch(m->layer[i].branch);
    free(m->layer);
    free(m->params);
    tensors_release(&m->tensors);
    free(m);
}
