#include "common/nn/fold.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/layers.h"

/* Layer `into` of the folded model took in the channels from `first` on of
 * what `affine` does; `linear` is what it is a copy of. */
struct taken {
    size_t into, first;
    const struct layer *linear, *affine;
};

size_t fold_readers(const struct model *m, int at)
{
    size_t n = m->output == at;

    for (size_t i = 0; i < m->n_layers; i++)
        for (size_t k = 0; k < m->layer[i].n_from && !m->layer[i].aside; k++)
            n += m->layer[i].from[k].at == at;
    return n;
}

static bool has_taken(const struct fold *f, size_t at)
{
    for (size_t i = 0; i < f->n_taken; i++)
        if (f->taken[i].into == at)
            return true;
    return false;
}

/* Can what scales the channels of value `at` be put into what gives it?
 * Nothing but that must read it; `readers` are those of the whole model. */
static bool can_take(const struct fold *f, const size_t *readers, int at)
{
    const struct layer *l = at < 0 ? NULL : &f->model.layer[at];

    if (!l || readers[at] != 1)
        return false;
    for (size_t k = 0; k < l->n_from && l->type == &layer_concat; k++)
        if (!can_take(f, readers, l->from[k].at))
            return false;
    return l->type == &layer_concat ||
           (l->type->linear && !has_taken(f, (size_t)at));
}

static void take(struct fold *f, int at, const struct layer *affine,
                 size_t first, const int *origin)
{
    const struct layer *l = &f->model.layer[at];

    for (size_t k = 0; k < l->n_from && l->type == &layer_concat; k++) {
        take(f, l->from[k].at, affine, first, origin);
        first += l->from[k].shape.channels;
    }
    if (l->type->linear)
        f->taken[f->n_taken++] = (struct taken){
            (size_t)at, first, &f->of->layer[origin[at]], affine};
}

/* Is there nothing for the layer to do? */
static bool does_nothing(const struct layer *l)
{
    return l->type == &layer_dropout && l->from[0].at >= 0;
}

/*
 * Copy layer after layer.  place[i] is where in the copy the value of layer i
 * is, readers[] counts those of a value in the copy; origin[] leads back.
 */
static void copy_layers(struct fold *f, int *place, size_t *readers,
                        int *origin)
{
    const struct model *m = f->of;

    for (size_t i = 0; i < m->n_layers; i++) {
        struct layer l = m->layer[i];
        int at = l.from[0].at;

        if (l.aside)
            continue;
        for (size_t k = 0; k < l.n_from; k++)
            if (l.from[k].at >= 0)
                l.from[k].at = place[l.from[k].at];
        place[i] = l.from[0].at;
        if (does_nothing(&l)) {
            readers[l.from[0].at] += fold_readers(m, (int)i) - 1;
            continue;
        }
        if (l.type->affine && at >= 0 && can_take(f, readers, place[at])) {
            take(f, place[at], &m->layer[i], 0, origin);
            readers[place[at]] = fold_readers(m, (int)i);
            continue;
        }
        place[i] = (int)f->model.n_layers++;
        f->model.layer[place[i]] = l;
        readers[place[i]] = fold_readers(m, (int)i);
        origin[place[i]] = (int)i;
    }
}

/* Each parameter begins 64 bytes aligned, as in a model. */
static size_t padded(const struct tensor *t)
{
    return (tensor_count(t) + 15) / 16 * 16;
}

/* Parameters of their own for those that took something in. */
static void make_params(struct fold *f)
{
    size_t used = 0, widest = 1;

    for (size_t i = 0; i < f->n_taken; i++)
        for (int j = 0; j < 2; j++)
            used += padded(&f->taken[i].linear->param[j]);
    f->params = xmalloc_aligned(used + 1, sizeof *f->params);
    used = 0;
    for (size_t i = 0; i < f->n_taken; i++)
        for (int j = 0; j < 2; j++) {
            struct tensor *t = &f->model.layer[f->taken[i].into].param[j];

            t->data = f->params + used;
            used += padded(t);
        }
    for (size_t i = 0; i < f->n_taken; i++)
        if (f->taken[i].affine->in.channels > widest)
            widest = f->taken[i].affine->in.channels;
    f->factors = xcalloc(2 * widest, sizeof *f->factors);
}

struct fold *fold_new(const struct model *m)
{
    struct fold *f = xcalloc(1, sizeof *f);
    int *place = xcalloc(m->n_layers, sizeof *place);
    int *origin = xcalloc(m->n_layers, sizeof *origin);
    size_t *readers = xcalloc(m->n_layers, sizeof *readers);

    f->of = m;
    f->model.in = m->in;
    f->model.n_in = m->n_in;
    f->model.n_out = m->n_out;
    f->model.layer = xcalloc(m->n_layers, sizeof *f->model.layer);
    f->taken = xcalloc(m->n_layers, sizeof *f->taken);
    copy_layers(f, place, readers, origin);
    f->model.output = place[m->output];
    make_params(f);
    free(place);
    free(origin);
    free(readers);
    return f;
}

void fold_free(struct fold *f)
{
    if (!f)
        return;
    free(f->model.layer);
    free(f->taken);
    free(f->factors);
    free(f->params);
    free(f);
}

/* W and b, scaled and shifted channel by channel. */
static void refresh(struct fold *f, const struct taken *t)
{
    struct layer *l = &f->model.layer[t->into];
    const float *weight = t->linear->param[0].data;
    const float *bias = t->linear->param[1].data;
    double *scale = f->factors, *shift = scale + t->affine->in.channels;
    size_t O = l->param[1].dim[0], width = tensor_count(&l->param[0]) / O;

    t->affine->type->affine(t->affine, scale, shift);
    scale += t->first;
    shift += t->first;
    for (size_t o = 0; o < O; o++) {
        float by = (float)scale[o];

        for (size_t i = 0; i < width; i++)
            l->param[0].data[o * width + i] = by * weight[o * width + i];
        l->param[1].data[o] = (float)(scale[o] * (double)bias[o] + shift[o]);
    }
}

void fold_refresh(struct fold *f)
{
    for (size_t i = 0; i < f->n_taken; i++)
        refresh(f, &f->taken[i]);
}
