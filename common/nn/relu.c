/*
 * relu: y = x where x > 0, else 0.  A NaN stays one, so that it is found.
 * In training a dropout behind it does so in its place.
 *
 *     - {type: relu}
 */
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

static void fit(struct layer *l)
{
    l->out = l->in;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    (void)settings;
    (void)e;
    fit(l);
    l->across = ACROSS_KEEPS;
    return 0;
}

VECTOR static void cut(size_t n, const float *x, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

VECTOR static void pass_on(size_t n, const float *y, const float *dy, float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dy[i] : 0;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (!l->fused || !p->training || x != y)
        cut(p->n * l->n_in, x, y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)grad;
    if (!l->fused || dx != dy)
        pass_on(p->n * l->n_in, y, dy, dx);
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    (void)l;
    return opgraph_op(g, "Relu", x[0], NULL)->out;
}

const struct layer_type layer_relu = {
    .name = "relu",
    .keys = (const char *const[]){NULL},
    .in_place = true,
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .export = export,
};
