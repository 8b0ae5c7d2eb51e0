#include "common/nn/slide.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/fold.h"

#define RUN ((size_t)64) /* windows: the middle has length - 1 steps more */

enum { MIDDLE, START, END, N_PARTS };

/* Steps at the start and at the end of a value that padding reaches. */
struct edges {
    size_t start, end;
};

struct slide {
    const struct model *model;
    size_t last;
    struct edges *edges;          /* of each layer's output */
    struct layer *layer[N_PARTS]; /* the layers up to last, refitted; n_out 0:
                                     there is no such part */
    size_t moved;                 /* floats that take() may need for a layer */
    size_t scratch;               /* bytes */
    struct model rest;
};

struct slide_space {
    const struct slide *slide;
    float *input;           /* (D, length + RUN - 1) */
    float **value[N_PARTS]; /* of each layer; one in place shares */
    float *moved;
    void *scratch;
};

/* ---- which layers ---- */

static size_t reach_of(const struct layer *l)
{
    return l->kernel ? (l->kernel - 1) * l->dilation : 0;
}

static struct edges edges_of(const struct slide *s, int at)
{
    return at < 0 ? (struct edges){0, 0} : s->edges[at];
}

/* The edges of all that a layer reads: as wide as the widest. */
static struct edges edges_read(const struct slide *s, const struct layer *l)
{
    struct edges all = {0, 0};

    for (size_t k = 0; k < l->n_from; k++) {
        struct edges e = edges_of(s, l->from[k].at);

        all.start = e.start > all.start ? e.start : all.start;
        all.end = e.end > all.end ? e.end : all.end;
    }
    return all;
}

/* Does all that is behind layer i read nothing before it? */
static bool all_passes(const struct model *m, size_t i)
{
    for (size_t j = i + 1; j < m->n_layers; j++)
        for (size_t k = 0; k < m->layer[j].n_from; k++)
            if (m->layer[j].from[k].at < (int)i)
                return false;
    return (int)i != m->output;
}

/* Find edges and the last layer to share; false: there is none. */
static bool find_last(struct slide *s)
{
    const struct model *m = s->model;
    bool linear = false, found = false;

    for (size_t i = 0; i < m->n_layers && m->layer[i].type->fit; i++) {
        const struct layer *l = &m->layer[i];
        struct edges e = edges_read(s, l);

        e.start += l->padding;
        e.end += l->padding_end;
        if (e.start + e.end >= l->out.length)
            break;
        s->edges[i] = e;
        linear |= l->type->linear;
        if (linear && all_passes(m, i)) {
            s->last = i;
            found = true;
        }
    }
    return found;
}

/* ---- the three parts ---- */

/* Steps of what layer l reads that a part of it needs. */
static size_t steps_read(const struct slide *s, const struct layer *l, int part)
{
    struct edges e = edges_read(s, l);

    return part == START ? e.start + reach_of(l)
           : part == END ? e.end + reach_of(l)
                         : l->in.length - e.start - e.end;
}

static void refit(struct slide *s, int part, size_t i)
{
    const struct layer *of = &s->model->layer[i];
    struct layer *l = &s->layer[part][i];
    size_t steps = steps_read(s, of, part), moved = 0;

    *l = *of;
    l->n_out = 0;
    if ((part == START && s->edges[i].start == 0) ||
        (part == END && s->edges[i].end == 0))
        return;
    l->padding = part == START ? of->padding * RUN : 0;
    l->padding_end = part == END ? of->padding_end * RUN : 0;
    l->dilation = part == MIDDLE ? of->dilation : of->dilation * RUN;
    for (size_t k = 0; k < l->n_from; k++) {
        l->from[k].shape.length =
            part == MIDDLE ? steps + RUN - 1 : steps * RUN;
        moved += l->from[k].shape.channels * l->from[k].shape.length;
    }
    l->in = l->from[0].shape;
    l->n_in = l->in.channels * l->in.length;
    l->type->fit(l);
    l->n_out = l->out.channels * l->out.length;
    if (s->moved < moved)
        s->moved = moved;
    if (s->scratch < l->scratch + l->room)
        s->scratch = l->scratch + l->room;
}

static void make_rest(struct slide *s)
{
    const struct model *m = s->model;
    int moved = (int)s->last + 1;

    s->rest.n_layers = m->n_layers - (size_t)moved;
    s->rest.layer = xcalloc(s->rest.n_layers, sizeof *s->rest.layer);
    memcpy(s->rest.layer, m->layer + moved,
           s->rest.n_layers * sizeof *s->rest.layer);
    for (size_t i = 0; i < s->rest.n_layers; i++)
        for (size_t k = 0; k < s->rest.layer[i].n_from; k++)
            s->rest.layer[i].from[k].at -= moved; /* that one: LAYER_INPUT */
    s->rest.output = m->output - moved;
    s->rest.in = m->layer[s->last].out;
    s->rest.n_in = m->layer[s->last].n_out;
    s->rest.n_out = m->n_out;
}

struct slide *slide_new(const struct model *m)
{
    struct slide *s = xcalloc(1, sizeof *s);

    s->model = m;
    s->edges = xcalloc(m->n_layers, sizeof *s->edges);
    if (!find_last(s)) {
        slide_free(s);
        return NULL;
    }
    for (int part = 0; part < N_PARTS; part++) {
        s->layer[part] = xcalloc(s->last + 1, sizeof **s->layer);
        for (size_t i = 0; i <= s->last; i++)
            refit(s, part, i);
    }
    make_rest(s);
    return s;
}

void slide_free(struct slide *s)
{
    if (!s)
        return;
    for (int part = 0; part < N_PARTS; part++)
        free(s->layer[part]);
    free(s->edges);
    free(s->rest.layer);
    free(s);
}

size_t slide_run(const struct slide *s)
{
    (void)s;
    return RUN;
}

size_t slide_last(const struct slide *s)
{
    return s->last;
}

const struct model *slide_rest(const struct slide *s)
{
    return &s->rest;
}

/* ---- room ---- */

/* May the layer write over what it reads? */
static bool is_in_place(const struct slide *s, const struct layer *l)
{
    int at = l->from[0].at;

    return (l->type->in_place || l->type->in_place_predicting) &&
           l->n_from == 1 && at >= 0 && fold_readers(s->model, at) == 1;
}

struct slide_space *slide_space_new(const struct slide *s)
{
    struct slide_space *space = xcalloc(1, sizeof *space);
    const struct shape *in = &s->model->in;

    space->slide = s;
    space->input =
        xmalloc_aligned(in->channels * (in->length + RUN - 1), sizeof(float));
    space->moved = xmalloc_aligned(s->moved, sizeof(float));
    space->scratch = xmalloc_aligned(s->scratch + 1, 1);
    for (int part = 0; part < N_PARTS; part++) {
        float **value = xcalloc(s->last + 1, sizeof *value);

        for (size_t i = 0; i <= s->last; i++) {
            const struct layer *l = &s->layer[part][i];

            if (l->n_out)
                value[i] = is_in_place(s, &s->model->layer[i])
                               ? value[l->from[0].at]
                               : xmalloc_aligned(l->n_out, sizeof(float));
        }
        space->value[part] = value;
    }
    return space;
}

void slide_space_free(struct slide_space *space)
{
    const struct slide *s = space ? space->slide : NULL;

    if (!space)
        return;
    for (int part = 0; part < N_PARTS; part++) {
        for (size_t i = 0; i <= s->last; i++)
            if (!is_in_place(s, &s->model->layer[i]))
                free(space->value[part][i]);
        free(space->value[part]);
    }
    free(space->input);
    free(space->moved);
    free(space->scratch);
    free(space);
}

/* ---- a run ---- */

/* A step of a value: RUN of each channel side by side, channels `pitch`
 * apart. */
struct step {
    const float *at;
    size_t pitch;
};

static struct step step_of(const struct slide *s, const struct slide_space *p,
                           int at, size_t t)
{
    const struct shape *shape =
        at < 0 ? &s->model->in : &s->model->layer[at].out;
    struct edges e = edges_of(s, at);
    size_t behind = shape->length - e.end;

    if (t < e.start)
        return (struct step){p->value[START][at] + t * RUN, e.start * RUN};
    if (t >= behind)
        return (struct step){p->value[END][at] + (t - behind) * RUN,
                             e.end * RUN};
    return (struct step){(at < 0 ? p->input : p->value[MIDDLE][at]) + t -
                             e.start,
                         behind - e.start + RUN - 1};
}

/* Steps side by side, `width` values of each channel; returns what is behind
 * them. */
static float *move_steps(const struct slide *s, const struct slide_space *p,
                         int at, size_t first, size_t n, size_t width,
                         float *to)
{
    size_t C =
        at < 0 ? s->model->in.channels : s->model->layer[at].out.channels;

    for (size_t t = 0; t < n; t++) {
        struct step from = step_of(s, p, at, first + t);

        for (size_t c = 0; c < C; c++)
            memcpy(to + (c * n + t) * width, from.at + c * from.pitch,
                   width * sizeof *to);
    }
    return to + C * n * width;
}

/* What a part of layer i reads: as it lies there, or moved together. */
static void read_values(const struct slide *s, const struct slide_space *p,
                        int part, size_t i, const float **x)
{
    const struct layer *l = &s->model->layer[i];
    struct edges all = edges_read(s, l);
    size_t n = steps_read(s, l, part);
    float *to = p->moved;

    for (size_t k = 0; k < l->n_from; k++) {
        int at = l->from[k].at;
        struct edges e = edges_of(s, at);
        size_t L = l->from[k].shape.length;
        size_t first = part == START ? 0 : part == END ? L - n : all.start;
        bool whole = part == START ? n == e.start
                     : part == END ? n == e.end
                                   : n == L - e.start - e.end;

        x[k] = to;
        if (whole)
            x[k] = at < 0 ? p->input : p->value[part][at];
        else if (part == MIDDLE)
            to = move_steps(s, p, at, first, 1, n + RUN - 1, to);
        else
            to = move_steps(s, p, at, first, n, RUN, to);
    }
}

static void run_layer(const struct slide *s, const struct slide_space *p,
                      int part, size_t i)
{
    const struct layer *l = &s->layer[part][i];
    const float *x[LAYER_FROM];
    struct pass pass = {.n = 1, .x = x, .scratch = p->scratch};

    if (l->n_out == 0)
        return;
    read_values(s, p, part, i, x);
    l->type->forward(l, &pass, x[0], p->value[part][i]);
}

/* The trace that n windows see, (D, length + RUN - 1), its end filled with 0.
 */
static void lay_out(const struct window_set *set, size_t end, size_t n,
                    float *input)
{
    size_t D = set->D, width = set->delays + RUN - 1;
    const float *row =
        set->x + (end + 1 - embed_span(set->delays, set->tau)) * D;

    for (size_t t = 0; t < set->delays + n - 1; t++, row += set->tau * D)
        for (size_t c = 0; c < D; c++)
            input[c * width + t] = row[c];
    for (size_t c = 0; c < D; c++)
        memset(input + c * width + set->delays + n - 1, 0,
               (RUN - n) * sizeof *input);
}

/* From the three parts of what the last layer gives to whole windows. */
static void to_windows(const struct slide *s, const struct slide_space *p,
                       size_t n, float *rows)
{
    const struct shape *out = &s->model->layer[s->last].out;
    struct edges e = s->edges[s->last];
    size_t L = out->length, width = L - e.start - e.end;
    const float *start = p->value[START][s->last],
                *end = p->value[END][s->last];
    const float *middle = p->value[MIDDLE][s->last];

    for (size_t c = 0; c < out->channels; c++) {
        for (size_t w = 0; w < n; w++) {
            float *to = rows + (w * out->channels + c) * L;

            for (size_t t = 0; t < e.start; t++)
                to[t] = start[(c * e.start + t) * RUN + w];
            memcpy(to + e.start, middle + w, width * sizeof *to);
            for (size_t t = 0; t < e.end; t++)
                to[L - e.end + t] = end[(c * e.end + t) * RUN + w];
        }
        middle += width + RUN - 1;
    }
}

void slide_rows(const struct slide *s, struct slide_space *space,
                const struct window_set *set, size_t end, size_t n, float *rows)
{
    lay_out(set, end, n, space->input);
    for (size_t i = 0; i <= s->last; i++)
        for (int part = 0; part < N_PARTS; part++)
            run_layer(s, space, part, i);
    to_windows(s, space, n, rows);
}
