/*
 * unfold: at each step the last `size` values of every channel, as channels:
 * what a window of fewer delays would have held then.
 *
 *     - {type: unfold, size: 25}
 *
 * A row (D, L) becomes (D * size, L - size + 1), feature by feature, oldest
 * first, as in a window.
 */
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/columns.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_VALUES ((size_t)1 << 22) /* in a row */

static void fit(struct layer *l)
{
    l->out = (struct shape){l->in.channels * l->kernel,
                            l->in.length - (l->kernel - 1) * l->dilation};
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t size = 0;

    if (node_int(settings, "size", 1, 4096, &size, e))
        return -1;
    if (size == 0)
        return node_error(settings, e, "unfold: give `size`, its values");
    l->kernel = (size_t)size;
    l->dilation = 1;
    if (l->kernel > l->in.length)
        return node_error(settings, e,
                          "unfold: size %zu, and only %zu values in a row",
                          l->kernel, l->in.length);
    fit(l);
    if (l->out.channels > MAX_VALUES / l->out.length)
        return node_error(settings, e, "unfold: %zu x %zu values are too many",
                          l->out.channels, l->out.length);
    return 0;
}

static struct columns columns_of(const struct layer *l)
{
    return (struct columns){.n = 1,
                            .I = l->in.channels,
                            .L = l->in.length,
                            .M = l->out.length,
                            .K = l->kernel,
                            .dilation = l->dilation};
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    struct columns c = columns_of(l);

    for (size_t i = 0; i < p->n; i++)
        columns_fill(&c, x + i * l->n_in, y + i * l->n_out);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    struct columns c = columns_of(l);

    (void)x;
    (void)y;
    (void)grad;
    for (size_t i = 0; i < p->n && dx; i++)
        columns_sum(&c, dy + i * l->n_out, dx + i * l->n_in);
}

/* All values of a channel in one row, which is then cut at each `size`. */
static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    size_t size = l->kernel, M = l->out.length;
    int64_t shape[] = {0, (int64_t)l->out.channels, (int64_t)M};
    int64_t *from = xcalloc(size * M, sizeof *from);
    struct op *o;
    const char *at;

    for (size_t k = 0; k < size; k++)
        for (size_t t = 0; t < M; t++)
            from[k * M + t] = (int64_t)(t + k);
    at = opgraph_ints(g, size * M, from);
    free(from);
    o = opgraph_op(g, "Gather", export_steps(g, l->in, x[0]), at, NULL);
    op_int(o, "axis", 2);
    o = opgraph_op(g, "Reshape", o->out, opgraph_ints(g, 3, shape), NULL);
    return export_done(g, l->out, o->out);
}

const struct layer_type layer_unfold = {
    .name = "unfold",
    .keys = (const char *const[]){"size", NULL},
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .export = export,
};
