#include "common/nn/workspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/vector.h"

#define FEW_ACROSS 16 /* rows too few to lie across in prediction */

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

/* ---- what is kept where ---- */

/* Is layer i never run here? */
static bool left_out(const struct workspace *w, size_t i)
{
    return w->model->layer[i].aside && !w->training;
}

/* Does layer j take the gradient of the k-th value that it reads back to the
 * layer which gave that? */
static bool hands_back(const struct model *m, size_t j, size_t k)
{
    const struct layer *l = &m->layer[j];
    int at = l->from[k].at;

    return at >= 0 && m->layer[at].learns && !(l->branch && k > 0);
}

/*
 * A layer may work in place on what no other one reads: not on the model's
 * input and output.
 */
static void find_shares(struct workspace *w)
{
    const struct model *m = w->model;
    size_t *readers = xcalloc(m->n_layers, sizeof *readers);

    for (size_t i = 0; i < m->n_layers; i++)
        for (size_t k = 0; k < m->layer[i].n_from && !left_out(w, i); k++)
            if (m->layer[i].from[k].at >= 0)
                readers[m->layer[i].from[k].at]++;
    readers[m->output]++;
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer_type *type = m->layer[i].type;
        int at = m->layer[i].from[0].at;

        w->shares[i] =
            (type->in_place || (type->in_place_predicting && !w->training)) &&
            at >= 0 && readers[at] == 1;
    }
    free(readers);
}

/* Can layer j take its input across? */
static bool takes_across(const struct workspace *w, size_t j)
{
    enum across_use can = w->model->layer[j].across;

    return can == ACROSS_READS || (can != ACROSS_NEVER && w->across[j]);
}

/* Does the first value that layer i reads lie across? */
static bool reads_across(const struct workspace *w, size_t i)
{
    int at = w->model->layer[i].from[0].at;

    return at >= 0 && w->across[at];
}

/*
 * Values lie across, but for a few rows, from a layer that rather gives them so
 * to those that take them; where one reader does not, rows remain.
 */
static void find_across(struct workspace *w)
{
    const struct model *m = w->model;
    bool changed = true;

    for (size_t i = 0; i < m->n_layers; i++)
        w->across[i] =
            i != (size_t)m->output &&
            (m->layer[i].across == ACROSS_GIVES ||
             (m->layer[i].across == ACROSS_KEEPS && reads_across(w, i)));
    while (changed) {
        changed = false;
        for (size_t i = 0; i < m->n_layers; i++) {
            const struct layer *l = &m->layer[i];

            for (size_t k = 0; k < l->n_from; k++)
                if (l->from[k].at >= 0 && w->across[l->from[k].at] &&
                    !takes_across(w, i)) {
                    w->across[l->from[k].at] = false;
                    changed = true;
                }
            if (w->across[i] && l->across == ACROSS_KEEPS &&
                !reads_across(w, i)) {
                w->across[i] = false;
                changed = true;
            }
        }
    }
}

static int take_slot(struct workspace *w, bool *busy)
{
    size_t i = 0;

    while (busy[i])
        i++;
    busy[i] = true;
    w->n_slopes = i >= w->n_slopes ? i + 1 : w->n_slopes;
    return (int)i;
}

/*
 * A value's gradient has a slot from the last layer that reads the value back
 * to the one that gave it: walk back as workspace_backward() does.
 */
static void assign_slots(struct workspace *w)
{
    const struct model *m = w->model;
    bool *busy = xcalloc(m->n_layers + 1, sizeof *busy);

    for (size_t i = 0; i < m->n_layers; i++)
        w->slot[i] = -1;
    w->slot[m->output] = take_slot(w, busy);
    for (size_t i = m->n_layers; i-- > 0;) {
        const struct layer *l = &m->layer[i];
        bool passed_on = false;

        for (size_t k = 0; k < l->n_from && l->learns; k++) {
            int at = l->from[k].at;

            if (!hands_back(m, i, k) || w->slot[at] >= 0)
                continue;
            passed_on |= w->shares[i];
            w->slot[at] = w->shares[i] ? w->slot[i] : take_slot(w, busy);
        }
        if (w->slot[i] >= 0 && !passed_on)
            busy[w->slot[i]] = false;
    }
    free(busy);
}

static size_t lay_out(struct workspace *w, char *memory)
{
    const struct model *m = w->model;
    size_t used = 0, widest = m->n_in;

    w->input = carve(memory, &used, w->rows * m->n_in * sizeof(float));
    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        if (left_out(w, i))
            continue;
        w->value[i] = w->shares[i] ? w->value[l->from[0].at]
                                   : carve(memory, &used,
                                           w->rows * l->n_out * sizeof(float));
        w->scratch[i] = carve(memory, &used, w->rows * l->scratch + l->room);
        w->sums[i] = carve(memory, &used, l->sums * sizeof(double));
        w->total[i] = carve(memory, &used, l->sums * sizeof(double));
        widest = l->n_out > widest ? l->n_out : widest;
    }
    for (size_t i = 0; i < w->n_slopes + 1 && w->training; i++)
        w->slope[i] = carve(memory, &used, w->rows * widest * sizeof(float));
    return used;
}

struct workspace *workspace_new(const struct model *m, size_t rows,
                                bool training)
{
    struct workspace *w = xcalloc(1, sizeof *w);
    size_t n = m->n_layers;

    w->model = m;
    w->rows = rows;
    w->training = training;
    w->value = xcalloc(n, sizeof *w->value);
    w->scratch = xcalloc(n, sizeof *w->scratch);
    w->sums = xcalloc(n, sizeof *w->sums);
    w->total = xcalloc(n, sizeof *w->total);
    w->shares = xcalloc(n, sizeof *w->shares);
    w->slot = xcalloc(n, sizeof *w->slot);
    w->sloped = xcalloc(n, sizeof *w->sloped);
    w->across = xcalloc(n, sizeof *w->across);
    find_shares(w);
    find_across(w);
    if (training)
        assign_slots(w);
    w->slope = xcalloc(w->n_slopes + 1, sizeof *w->slope);
    w->memory = xmalloc_aligned(lay_out(w, NULL), 1);
    lay_out(w, w->memory);
    for (size_t i = 0; i < n; i++)
        if (w->sums[i])
            memset(w->sums[i], 0, m->layer[i].sums * sizeof(double));
    return w;
}

void workspace_free(struct workspace *w)
{
    if (!w)
        return;
    free(w->value);
    free(w->scratch);
    free(w->sums);
    free(w->total);
    free(w->across);
    free(w->shares);
    free(w->slot);
    free(w->sloped);
    free(w->slope);
    free(w->memory);
    free(w);
}

float *workspace_output(const struct workspace *w)
{
    return w->value[w->model->output];
}

/* ---- forward ---- */

/* Tell p what layer i wants to know of itself; x (n_from) is what it reads. */
static void set_pass(const struct workspace *w, struct pass *p, size_t i,
                     const float **x)
{
    const struct layer *l = &w->model->layer[i];
    bool across;

    for (size_t k = 0; k < l->n_from; k++)
        x[k] = l->from[k].at < 0 ? w->x : w->value[l->from[k].at];
    p->x = x;
    across = p->training || p->n >= FEW_ACROSS;
    p->across_in = across && reads_across(w, i);
    p->across = across && w->across[i];
    p->scratch = w->scratch[i];
    p->packed = w->packed ? w->packed[i] : NULL;
    p->sums = w->sums[i];
    p->total = w->total[i];
}

static void run_layer(struct workspace *w, struct pass *p, size_t i)
{
    const struct layer *l = &w->model->layer[i];
    const float *x[LAYER_FROM];

    if (l->aside && !p->training)
        return;
    set_pass(w, p, i, x);
    p->loss = &w->branch_loss;
    l->type->forward(l, p, x[0], w->value[i]);
}

/* Part k ends before layer cut[k], whose sums it gathers, the last one with
 * the last layer. */
static size_t end_of(const struct model *m, size_t part)
{
    return part < m->n_cuts ? m->cut[part] : m->n_layers;
}

void workspace_forward_part(struct workspace *w, struct pass *p, size_t part)
{
    const struct model *m = w->model;
    size_t end = end_of(m, part);
    const float *x[LAYER_FROM];

    if (part == 0) {
        w->x = w->input;
        w->branch_loss = 0;
    }
    for (size_t i = part ? m->cut[part - 1] : 0; i < end; i++)
        run_layer(w, p, i);
    if (part < m->n_cuts) {
        set_pass(w, p, end, x);
        m->layer[end].type->gather(&m->layer[end], p, x[0]);
    }
}

void workspace_combine(struct workspace *const *w, size_t n, size_t part)
{
    size_t i = w[0]->model->cut[part], width = w[0]->model->layer[i].sums;
    double *total = w[0]->total[i];

    memset(total, 0, width * sizeof *total);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < width; j++)
            total[j] += w[k]->sums[i][j];
    for (size_t k = 1; k < n; k++)
        memcpy(w[k]->total[i], total, width * sizeof *total);
}

float *workspace_forward(struct workspace *w, struct pass *p, const float *x)
{
    w->x = x;
    w->branch_loss = 0;
    for (size_t i = 0, part = 0; i < w->model->n_layers; i++) {
        const struct layer *l = &w->model->layer[i];
        const float *read[LAYER_FROM];

        if (p->training && l->type->gather) {
            set_pass(w, p, i, read);
            l->type->gather(l, p, read[0]);
            workspace_combine(&w, 1, part++);
        }
        run_layer(w, p, i);
    }
    return workspace_output(w);
}

static bool all_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

int workspace_find_bad(struct workspace *w, struct pass *p)
{
    const struct model *m = w->model;

    w->x = w->input;
    if (!all_finite(w->x, p->n * m->n_in))
        return LAYER_INPUT;
    for (size_t i = 0; i < m->n_layers; i++) {
        run_layer(w, p, i);
        if (!all_finite(w->value[i], p->n * m->layer[i].n_out))
            return (int)i;
    }
    return (int)m->n_layers;
}

/* ---- backward ---- */

VECTOR static void add_gradient(size_t n, const float *x, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

/* From the gradient of what layer i gives, NULL at the end of a branch, to
 * that of its parameters and of what it reads. */
static void back_layer(struct workspace *w, struct pass *p, size_t i,
                       float *grad)
{
    const struct model *m = w->model;
    const struct layer *l = &m->layer[i];
    const float *x[LAYER_FROM], *dy = NULL;
    float *at[LAYER_PARAMS];

    if (!l->learns)
        return;
    for (int j = 0; j < l->n_params; j++)
        at[j] =
            l->param[j].buffer ? NULL : grad + (l->param[j].data - m->params);
    set_pass(w, p, i, x);
    if (w->slot[i] >= 0)
        dy = w->slope[w->slot[i]];
    for (size_t k = 0; k < l->n_from; k++) {
        bool back = hands_back(m, i, k);
        int from = l->from[k].at;
        float *dx = NULL;

        if (back)
            dx = w->slope[w->sloped[from] ? (int)w->n_slopes : w->slot[from]];
        p->source = k;
        if (back || k == 0)
            l->type->backward(l, p, x[k], w->value[i], dy, dx, at);
        if (back && w->sloped[from])
            add_gradient(p->n * m->layer[from].n_out, dx,
                         w->slope[w->slot[from]]);
        if (back)
            w->sloped[from] = true;
    }
}

static void start_back(struct workspace *w)
{
    memset(w->sloped, 0, w->model->n_layers * sizeof *w->sloped);
    w->sloped[w->model->output] = true;
}

static void gather_back(struct workspace *w, struct pass *p, size_t i)
{
    const struct layer *l = &w->model->layer[i];
    const float *x[LAYER_FROM];

    set_pass(w, p, i, x);
    if (l->learns)
        l->type->gather_back(l, p, x[0], w->slope[w->slot[i]]);
}

void workspace_backward_part(struct workspace *w, struct pass *p, size_t part,
                             float *grad)
{
    const struct model *m = w->model;
    size_t first = part ? m->cut[part - 1] + 1 : 0;
    size_t end = part < m->n_cuts ? m->cut[part] + 1 : m->n_layers;

    if (part == m->n_cuts)
        start_back(w);
    for (size_t i = end; i-- > first;)
        back_layer(w, p, i, grad);
    if (part)
        gather_back(w, p, first - 1);
}

void workspace_backward(struct workspace *w, struct pass *p, float *grad)
{
    for (size_t part = w->model->n_cuts + 1; part-- > 0;) {
        workspace_backward_part(w, p, part, grad);
        if (part)
            workspace_combine(&w, 1, part - 1);
    }
}
