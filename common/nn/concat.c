/*
 * concat: the channels of several values of one length, one after the other.
 *
 *     - {type: concat, from: [a, b]}
 *     - {type: parallel, paths: [...]}   # the same, of what each path gives
 */
#include <string.h>

#include "common/nn/export.h"
#include "common/nn/layers.h"

static void fit(struct layer *l)
{
    l->out = (struct shape){0, l->in.length};
    for (size_t k = 0; k < l->n_from; k++)
        l->out.channels += l->from[k].shape.channels;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    for (size_t k = 0; k < l->n_from; k++)
        if (l->from[k].shape.length != l->in.length)
            return node_error(settings, e,
                              "%s: channels of %zu and of %zu values cannot be "
                              "put together",
                              l->name, l->in.length, l->from[k].shape.length);
    fit(l);
    return 0;
}

static size_t width(const struct layer *l, size_t k)
{
    return l->from[k].shape.channels * l->from[k].shape.length;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    (void)x;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < l->n_from; y += width(l, k++))
            memcpy(y, p->x[k] + i * width(l, k), width(l, k) * sizeof *y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    size_t own = width(l, p->source);

    (void)x;
    (void)y;
    (void)grad;
    for (size_t k = 0; k < p->source; k++)
        dy += width(l, k);
    for (size_t i = 0; dx && i < p->n; i++)
        memcpy(dx + i * own, dy + i * l->n_out, own * sizeof *dx);
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    struct op *o = opgraph_op(g, "Concat", x[0], NULL);

    for (size_t k = 1; k < l->n_from; k++)
        op_input(o, x[k]);
    op_int(o, "axis", 1);
    return o->out;
}

const struct layer_type layer_concat = {
    .name = "concat",
    .keys = (const char *const[]){NULL},
    .joins = true,
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .export = export,
};
