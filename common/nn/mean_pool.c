/*
 * mean_pool: the mean over the steps: (C, T) to (C, 1).
 *
 *     - {type: mean_pool}
 */
#include "common/math/columns.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    (void)settings;
    (void)e;
    l->out = (struct shape){l->in.channels, 1};
    return 0;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    size_t n = p->n * l->n_out;

    columns_total(x, 1, n, l->in.length, y);
    for (size_t i = 0; i < n; i++)
        y[i] /= (float)l->in.length;
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    size_t T = l->in.length;

    (void)x;
    (void)y;
    (void)grad;
    for (size_t i = 0; i < p->n * l->n_out && dx; i++, dx += T) {
        float share = dy[i] / (float)T;

        columns_spread(&share, 1, T, dx);
    }
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    struct op *o =
        opgraph_op(g, "ReduceMean", export_steps(g, l->in, x[0]), NULL);

    op_ints(o, "axes", 1, (int64_t[]){2});
    op_int(o, "keepdims", 0);
    return o->out;
}

const struct layer_type layer_mean_pool = {
    .name = "mean_pool",
    .keys = (const char *const[]){NULL},
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export,
};
