#include "common/nn/workspace.h"

#include <stdlib.h>

#include "common/base/xalloc.h"

/* Bytes rounded up so that what follows is aligned as well. */
static size_t round_up(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Hand out memory piece by piece; with memory NULL only count. */
static void *carve(char *memory, size_t *used, size_t bytes)
{
    void *at = memory ? memory + *used : NULL;

    *used += round_up(bytes);
    return at;
}

static size_t lay_out(struct workspace *w, bool training, char *memory)
{
    const struct model *m = w->model;
    size_t used = 0, widest = m->n_in;

    w->input = carve(memory, &used, w->rows * m->n_in * sizeof(float));
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        w->value[i] = i ? w->value[i - 1] : w->input;
        if (!l->type->in_place)
            w->value[i] =
                carve(memory, &used, w->rows * l->n_out * sizeof(float));
        w->scratch[i] = carve(memory, &used, w->rows * l->scratch + l->room);
        widest = l->n_out > widest ? l->n_out : widest;
    }
    for (int i = 0; i < 2 && training; i++)
        w->slope[i] = carve(memory, &used, w->rows * widest * sizeof(float));
    return used;
}

struct workspace *workspace_new(const struct model *m, size_t rows,
                                bool training)
{
    struct workspace *w = xcalloc(1, sizeof *w);

    w->model = m;
    w->rows = rows;
    w->value = xcalloc(m->n_layers, sizeof *w->value);
    w->scratch = xcalloc(m->n_layers, sizeof *w->scratch);
    w->memory = xmalloc_aligned(lay_out(w, training, NULL), 1);
    lay_out(w, training, w->memory);
    return w;
}

void workspace_free(struct workspace *w)
{
    if (!w)
        return;
    free(w->value);
    free(w->scratch);
    free(w->memory);
    free(w);
}

float *workspace_forward(struct workspace *w, struct pass *p, const float *x)
{
    for (size_t i = 0; i < w->model->n_layers; i++) {
        const struct layer *l = &w->model->layer[i];

        p->scratch = w->scratch[i];
        p->packed = w->packed ? w->packed[i] : NULL;
        l->type->forward(l, p, x, w->value[i]);
        x = w->value[i];
    }
    return w->value[w->model->n_layers - 1];
}

/* The first layer that learns: no gradient is wanted before it. */
static size_t first_learner(const struct model *m)
{
    size_t i = 0;

    while (i < m->n_layers && m->layer[i].n_params == 0)
        i++;
    return i;
}

void workspace_backward(struct workspace *w, struct pass *p, float *grad)
{
    const struct model *m = w->model;
    size_t first = first_learner(m);
    int from = 0;

    for (size_t i = m->n_layers; i-- > first;) {
        const struct layer *l = &m->layer[i];
        int to = l->type->in_place ? from : !from;
        float *at[LAYER_PARAMS];

        for (int j = 0; j < l->n_params; j++)
            at[j] = grad + (l->param[j].data - m->params);
        p->scratch = w->scratch[i];
        l->type->backward(l, p, i ? w->value[i - 1] : w->input, w->value[i],
                          w->slope[from], i > first ? w->slope[to] : NULL, at);
        from = to;
    }
}
