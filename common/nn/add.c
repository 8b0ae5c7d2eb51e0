/*
 * add: the sum of several values of one shape.
 *
 *     - {type: add, from: [a, b]}
 *     - {type: residual, layers: [...]}   # the same, of x and layers(x)
 */
#include <string.h>

#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

static void fit(struct layer *l)
{
    l->out = l->in;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    for (size_t k = 1; k < l->n_from; k++) {
        const struct shape *s = &l->from[k].shape;

        if (s->channels != l->in.channels || s->length != l->in.length)
            return node_error(settings, e,
                              "%s: %zu x %zu values cannot be added to "
                              "%zu x %zu",
                              l->name, s->channels, s->length, l->in.channels,
                              l->in.length);
    }
    fit(l);
    return 0;
}

VECTOR static void join_two(size_t n, const float *a, const float *b, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    for (size_t k = 1; k < l->n_from; k++)
        join_two(p->n * l->n_out, k == 1 ? x : y, p->x[k], y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)y;
    (void)grad;
    if (dx)
        memcpy(dx, dy, p->n * l->n_out * sizeof *dx);
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    const char *y = x[0];

    for (size_t k = 1; k < l->n_from; k++)
        y = opgraph_op(g, "Add", y, x[k], NULL)->out;
    return y;
}

const struct layer_type layer_add = {
    .name = "add",
    .keys = (const char *const[]){NULL},
    .joins = true,
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .export = export,
};
