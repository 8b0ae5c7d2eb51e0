/*
 * reverse: y = x, and the gradient times -lambda: the layers before it unlearn
 * what those behind it learn (Ganin and Lempitsky, 2015).
 *
 *     - {type: reverse, lambda: 1}
 */
#include <string.h>

#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    l->lambda = 1;
    l->out = l->in;
    return node_real(settings, "lambda", 0, 1e6, &l->lambda, e);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (x != y)
        memcpy(y, x, p->n * l->n_in * sizeof *y);
}

VECTOR static void turn_gradient(size_t n, float factor, const float *dy,
                                 float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = factor * dy[i];
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)y;
    (void)grad;
    if (dx)
        turn_gradient(p->n * l->n_in, -(float)l->lambda, dy, dx);
}

const struct layer_type layer_reverse = {
    .name = "reverse",
    .keys = (const char *const[]){"lambda", NULL},
    .in_place = true,
    .by_rows = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export_nothing,
};
