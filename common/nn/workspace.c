#include "common/nn/workspace.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/vector.h"
#include "common/nn/branch.h"

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

        w->value[i] = i ? w->value[i - 1] : NULL;
        if (i == 0 || !l->type->in_place)
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
    w->branch = xcalloc(m->n_layers, sizeof(struct workspace *));
    for (size_t i = 0; i < m->n_layers && training; i++)
        if (m->layer[i].branch && m->layer[i].branch->stack)
            w->branch[i] =
                workspace_new(m->layer[i].branch->stack, rows, training);
    w->memory = xmalloc_aligned(lay_out(w, training, NULL), 1);
    lay_out(w, training, w->memory);
    return w;
}

void workspace_free(struct workspace *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->model->n_layers; i++)
        workspace_free(w->branch[i]);
    free(w->branch);
    free(w->value);
    free(w->scratch);
    free(w->memory);
    free(w);
}

/*
 * The layers of a branch on the values x, its loss, and in slope[0] of its
 * workspace the gradient of that.  x is copied, for layers after it on the main
 * path may work in place.
 */
static double run_branch(struct workspace *w, const struct branch *b,
                         struct pass *p, const float *window, const float *x)
{
    const float *y;

    memcpy(w->input, x, p->n * w->model->n_in * sizeof *x);
    y = workspace_forward(w, p, w->input);
    return branch_eval(b, p, window, y, w->slope[0]);
}

float *workspace_forward(struct workspace *w, struct pass *p, const float *x)
{
    const float *window = x;

    w->branch_loss = 0;
    for (size_t i = 0; i < w->model->n_layers; i++) {
        const struct layer *l = &w->model->layer[i];

        if (w->branch[i] && p->training)
            w->branch_loss += run_branch(w->branch[i], l->branch, p, window, x);
        p->scratch = w->scratch[i];
        p->packed = w->packed ? w->packed[i] : NULL;
        l->type->forward(l, p, x, w->value[i]);
        x = w->value[i];
    }
    return w->value[w->model->n_layers - 1];
}

/* The first layer that learns: no gradient is wanted before it. */
static size_t first_learner(const struct workspace *w)
{
    const struct model *m = w->model;
    size_t i = 0;

    while (i < m->n_layers && m->layer[i].n_params == 0 && !w->branch[i])
        i++;
    return i;
}

VECTOR static void add_scaled(size_t n, float factor, const float *x, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] += factor * x[i];
}

/*
 * From the last layer to layer `first`; with to_input also to the gradient of
 * the values before that, which is returned.
 */
static float *run_back(struct workspace *w, struct pass *p, float *grad,
                       size_t first, bool to_input)
{
    const struct model *m = w->model;
    int from = 0;

    for (size_t i = m->n_layers; i-- > first;) {
        const struct layer *l = &m->layer[i];
        int to = l->type->in_place ? from : !from;
        float *at[LAYER_PARAMS];

        for (int j = 0; j < l->n_params; j++)
            at[j] = grad + (l->param[j].data - m->params);
        p->scratch = w->scratch[i];
        l->type->backward(l, p, i ? w->value[i - 1] : w->input, w->value[i],
                          w->slope[from],
                          i > first || to_input ? w->slope[to] : NULL, at);
        from = to;
        if (w->branch[i])
            add_scaled(p->n * l->n_in, (float)l->branch->back,
                       run_back(w->branch[i], p, grad, 0, true),
                       w->slope[from]);
    }
    return w->slope[from];
}

void workspace_backward(struct workspace *w, struct pass *p, float *grad)
{
    run_back(w, p, grad, first_learner(w), false);
}
