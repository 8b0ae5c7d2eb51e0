/*
 * maxpool: the largest of each `size` neighbours; what is left over at the
 * end of a channel is not looked at.  The gradient goes to the first of the
 * largest.  A NaN stays one, so that it is found.
 *
 *     - {type: maxpool, size: 2}
 */
#include <math.h>
#include <string.h>

#include "common/nn/layers.h"

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t size = 2;

    if (node_int(settings, "size", 1, 4096, &size, e))
        return -1;
    l->kernel = (size_t)size;
    if (l->kernel > l->in.length)
        return node_error(settings, e,
                          "maxpool: size %zu, and only %zu values in a row",
                          l->kernel, l->in.length);
    l->out = (struct shape){l->in.channels, l->in.length / l->kernel};
    return 0;
}

static size_t largest(const float *x, size_t n)
{
    size_t at = 0;

    for (size_t i = 1; i < n; i++)
        if (x[i] > x[at] || isnan(x[i]))
            at = i;
    return at;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    for (size_t c = 0; c < p->n * l->in.channels; c++, x += l->in.length)
        for (size_t i = 0; i < l->out.length; i++) {
            const float *from = x + i * l->kernel;

            *y++ = from[largest(from, l->kernel)];
        }
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)y;
    (void)grad;
    memset(dx, 0, p->n * l->n_in * sizeof *dx);
    for (size_t c = 0; c < p->n * l->in.channels; c++) {
        for (size_t i = 0; i < l->out.length; i++) {
            size_t from = i * l->kernel;

            dx[from + largest(x + from, l->kernel)] = *dy++;
        }
        x += l->in.length;
        dx += l->in.length;
    }
}

const struct layer_type layer_maxpool = {
    .name = "maxpool",
    .keys = (const char *const[]){"size", NULL},
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
