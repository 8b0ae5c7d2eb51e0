#include "common/nn/workspace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/vector.h"
#include "common/nn/span.h"

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

/* ---- where the gradients of the values lie ---- */

static int take_slot(size_t *n_slots, bool *busy)
{
    size_t i = 0;

    while (busy[i])
        i++;
    busy[i] = true;
    *n_slots = i >= *n_slots ? i + 1 : *n_slots;
    return (int)i;
}

/*
 * A value's gradient has a slot from the last layer that reads the value back
 * to the one that gave it: walk back as workspace_backward() does.
 */
static void assign_slots(struct workspace *w)
{
    const struct model *m = w->model;
    bool *busy[2] = {xcalloc(m->n_layers + 1, sizeof **busy),
                     xcalloc(m->n_layers + 1, sizeof **busy)};

    for (size_t i = 0; i < m->n_layers; i++)
        w->slot[i] = -1;
    w->slot[m->output] = take_slot(&w->n_slopes[0], busy[0]);
    for (size_t i = m->n_layers; i-- > 0;) {
        const struct layer *l = &m->layer[i];
        bool passed_on = false;

        for (size_t k = 0; k < l->n_from && l->learns; k++) {
            int at = l->from[k].at;

            if (!hands_back(m, i, k) || w->slot[at] >= 0)
                continue;
            passed_on |= w->shares[i];
            w->slot[at] = w->shares[i] ? w->slot[i]
                                       : take_slot(&w->n_slopes[w->inside[at]],
                                                   busy[w->inside[at]]);
        }
        if (w->slot[i] >= 0 && !passed_on)
            busy[w->inside[i]][w->slot[i]] = false;
    }
    free(busy[0]);
    free(busy[1]);
}

/* In prediction, is there room for a few rows of what layer i gives? */
static bool is_brief(const struct workspace *w, size_t i)
{
    return w->inside[i] && !w->training;
}

/* Rows of a layer's values that lie there at once. */
static size_t rows_kept(const struct workspace *w, size_t i)
{
    const struct model *m = w->model;
    size_t first = w->span[i], rows;

    if (!is_brief(w, i))
        return w->rows;
    rows = span_rows(m, first, span_end(w->alone, first, m->n_layers));
    return rows < w->rows ? rows : w->rows;
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
        w->value[i] = w->shares[i]
                          ? w->value[l->from[0].at]
                          : carve(memory, &used,
                                  rows_kept(w, i) * l->n_out * sizeof(float));
        w->scratch[i] = carve(memory, &used, w->rows * l->scratch + l->room);
        w->sums[i] = carve(memory, &used, l->sums * sizeof(double));
        w->total[i] = carve(memory, &used, l->sums * sizeof(double));
        widest = l->n_out > widest ? l->n_out : widest;
    }
    for (size_t i = 0; i < w->n_slopes[0] + 1 && w->training; i++)
        w->slope[i] = carve(memory, &used, w->rows * widest * sizeof(float));
    for (size_t i = 0; i < w->n_slopes[1]; i++)
        w->near[i] = carve(memory, &used, w->rows * widest * sizeof(float));
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
    w->sloped = xcalloc(2 * n, sizeof *w->sloped);
    w->across = xcalloc(n, sizeof *w->across);
    w->alone = xcalloc(n, sizeof *w->alone);
    w->span = xcalloc(n, sizeof *w->span);
    w->inside = xcalloc(n, sizeof *w->inside);
    span_shares(m, training, w->shares);
    span_across(m, w->across);
    span_alone(m, w->across, w->alone);
    span_starts(m, w->alone, w->span);
    span_inside(m, w->alone, w->span, w->shares, w->inside);
    if (training)
        assign_slots(w);
    w->slope = xcalloc(w->n_slopes[0] + 1, sizeof *w->slope);
    w->near = xcalloc(w->n_slopes[1] + 1, sizeof *w->near);
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
    free(w->alone);
    free(w->span);
    free(w->inside);
    free(w->slope);
    free(w->near);
    free(w->memory);
    free(w);
}

float *workspace_output(const struct workspace *w)
{
    return w->value[w->model->output];
}

/* ---- forward ---- */

/* n rows of p's from row `at` on. */
static struct pass rows_of(const struct pass *p, size_t at, size_t n)
{
    struct pass rows = *p;

    rows.n = p->n - at < n ? p->n - at : n;
    rows.done = at;
    rows.left = p->n - at - rows.n;
    rows.row += at;
    rows.machine = p->machine ? p->machine + at : NULL;
    return rows;
}

/* What layer i gives for the rows at hand. */
static float *value_of(const struct workspace *w, const struct pass *p,
                       size_t i)
{
    size_t at = is_brief(w, i) ? 0 : p->done;

    return w->value[i] + at * w->model->layer[i].n_out;
}

/* Tell p what layer i wants to know of itself; x (n_from) is what it reads. */
static void set_pass(const struct workspace *w, struct pass *p, size_t i,
                     const float **x)
{
    const struct layer *l = &w->model->layer[i];
    bool across;

    for (size_t k = 0; k < l->n_from; k++) {
        int at = l->from[k].at;

        x[k] = at < 0 ? w->x + p->done * w->model->n_in
                      : value_of(w, p, (size_t)at);
    }
    p->x = x;
    across = p->training || p->n >= FEW_ACROSS;
    p->across_in = across && span_reads_across(w->model, w->across, i);
    p->across = across && w->across[i];
    p->scratch = w->scratch[i] + p->done * l->scratch;
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
    l->type->forward(l, p, x[0], value_of(w, p, i));
}

static void gather(const struct workspace *w, struct pass *p, size_t i)
{
    const struct layer *l = &w->model->layer[i];
    const float *x[LAYER_FROM];

    set_pass(w, p, i, x);
    l->type->gather(l, p, x[0]);
}

/* The layers before end, and the sums of that one where it is cut off. */
static void run_layers(struct workspace *w, const struct pass *p, size_t first,
                       size_t end, bool cut)
{
    bool along = cut && first < end && !w->alone[end];
    struct pass all = *p;
    size_t next;

    for (; first < end; first = next) {
        size_t block;

        next = span_end(w->alone, first, end);
        block = span_rows(w->model, first, next);
        for (size_t at = 0; at < p->n; at += block) {
            struct pass rows = rows_of(p, at, block);

            for (size_t i = first; i < next; i++)
                run_layer(w, &rows, i);
            if (along && next == end)
                gather(w, &rows, end);
            if (rows.left == 0)
                break;
        }
    }
    if (cut && !along)
        gather(w, &all, end);
}

/* Part k ends before layer cut[k], whose sums it gathers, the last one with
 * the last layer. */
static void run_part(struct workspace *w, const struct pass *p, size_t part)
{
    const struct model *m = w->model;
    bool cut = part < m->n_cuts;

    run_layers(w, p, part ? m->cut[part - 1] : 0,
               cut ? m->cut[part] : m->n_layers, cut);
}

void workspace_forward_part(struct workspace *w, struct pass *p, size_t part)
{
    if (part == 0) {
        w->x = w->input;
        w->branch_loss = 0;
    }
    run_part(w, p, part);
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
    const struct model *m = w->model;

    w->x = x;
    w->branch_loss = 0;
    if (!p->training)
        run_layers(w, p, 0, m->n_layers, false);
    for (size_t part = 0; p->training && part <= m->n_cuts; part++) {
        run_part(w, p, part);
        if (part < m->n_cuts)
            workspace_combine(&w, 1, part);
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

static float *slope_of(const struct workspace *w, const struct pass *p, int i)
{
    if (w->inside[i])
        return w->near[w->slot[i]];
    return w->slope[w->slot[i]] + p->done * w->model->layer[i].n_out;
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
        dy = slope_of(w, p, (int)i);
    for (size_t k = 0; k < l->n_from; k++) {
        bool back = hands_back(m, i, k);
        int from = l->from[k].at;
        float *dx = NULL;

        if (back)
            dx = w->sloped[from] ? w->slope[w->n_slopes[0]]
                                 : slope_of(w, p, from);
        p->source = k;
        if (back || k == 0)
            l->type->backward(l, p, x[k], value_of(w, p, i), dy, dx, at);
        if (back && w->sloped[from])
            add_gradient(p->n * m->layer[from].n_out, dx, slope_of(w, p, from));
        if (back)
            w->sloped[from] = true;
    }
}

static void gather_back(struct workspace *w, struct pass *p, size_t i)
{
    const struct layer *l = &w->model->layer[i];
    const float *x[LAYER_FROM];

    set_pass(w, p, i, x);
    if (l->learns)
        l->type->gather_back(l, p, x[0], slope_of(w, p, (int)i));
}

/* The layers from first to before end, a span, for the rows at hand. */
static void back_rows(struct workspace *w, struct pass *p, size_t first,
                      size_t end, float *grad)
{
    size_t n = w->model->n_layers;

    if (p->done == 0) /* each block starts with what there was */
        memcpy(w->sloped + n, w->sloped, n * sizeof *w->sloped);
    memcpy(w->sloped, w->sloped + n, n * sizeof *w->sloped);
    for (size_t i = end; i-- > first;)
        back_layer(w, p, i, grad);
}

void workspace_backward_part(struct workspace *w, struct pass *p, size_t part,
                             float *grad)
{
    const struct model *m = w->model;
    size_t first = part_first(m, part), begin;
    bool along;

    if (part == m->n_cuts) {
        memset(w->sloped, 0, m->n_layers * sizeof *w->sloped);
        w->sloped[m->output] = true;
    }
    along = part && first < part_end(m, part) && !w->alone[first - 1];
    for (size_t end = part_end(m, part); end > first; end = begin) {
        size_t block;

        begin = w->span[end - 1];
        block = span_rows(m, begin, end);
        for (size_t at = 0; at < p->n; at += block) {
            struct pass rows = rows_of(p, at, block);

            back_rows(w, &rows, begin, end, grad);
            if (along && begin == first)
                gather_back(w, &rows, first - 1);
            if (rows.left == 0)
                break;
        }
    }
    if (part && !along)
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
