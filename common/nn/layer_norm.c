/*
 * layer_norm: at each step the channels less their mean, by their standard
 * deviation, then times weight plus bias: PyTorch's LayerNorm(C) at each step.
 *
 *     - {type: layer_norm, name: norm}
 *
 * A row is (C, T).  Parameters: weight (C), bias (C).
 */
#include <math.h>
#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define EPSILON 1e-5f

enum { WEIGHT, BIAS };

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    (void)settings;
    (void)e;
    l->out = l->in;
    layer_param(l, "weight", 1, (size_t[]){l->in.channels});
    layer_param(l, "bias", 1, (size_t[]){l->in.channels});
    l->scratch = 2 * l->in.length * sizeof(float); /* mean and 1/s.d. */
    l->room = 3 * l->in.length * sizeof(float);
    return 0;
}

static void init(const struct layer *l, struct rng *rng)
{
    (void)rng;
    for (size_t c = 0; c < l->in.channels; c++) {
        l->param[WEIGHT].data[c] = 1;
        l->param[BIAS].data[c] = 0;
    }
}

/* mean and scale (T) of x (C, T): squares are summed around the mean. */
VECTOR static void norm_measure(const float *x, size_t C, size_t T,
                                float *restrict mean, float *restrict scale)
{
    memset(mean, 0, T * sizeof *mean);
    memset(scale, 0, T * sizeof *scale);
    for (size_t c = 0; c < C; c++)
        for (size_t t = 0; t < T; t++)
            mean[t] += x[c * T + t];
    for (size_t t = 0; t < T; t++)
        mean[t] /= (float)C;
    for (size_t c = 0; c < C; c++)
        for (size_t t = 0; t < T; t++)
            scale[t] += (x[c * T + t] - mean[t]) * (x[c * T + t] - mean[t]);
    for (size_t t = 0; t < T; t++)
        scale[t] = 1 / sqrtf(scale[t] / (float)C + EPSILON);
}

VECTOR static void norm_apply(const struct layer *l, const float *x,
                              const float *mean, const float *scale, float *y)
{
    size_t T = l->in.length;

    for (size_t c = 0; c < l->in.channels; c++, x += T, y += T) {
        float weight = l->param[WEIGHT].data[c], bias = l->param[BIAS].data[c];

        VECTOR_LOOP
        for (size_t t = 0; t < T; t++)
            y[t] = (x[t] - mean[t]) * scale[t] * weight + bias;
    }
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    size_t T = l->in.length;
    float *mean = p->scratch;

    for (size_t i = 0; i < p->n; i++, x += l->n_in, y += l->n_out) {
        norm_measure(x, l->in.channels, T, mean, mean + T);
        norm_apply(l, x, mean, mean + T, y);
        mean += 2 * T;
    }
}

/*
 * One row.  With h the normed values and g = dy weight:
 * dx = (g - mean of g - h * mean of g h) / s.d., means over the channels, which
 * are gathered first, in room (3, T), with the gradients of the parameters.
 */
VECTOR static void norm_back(const struct layer *l, const float *x,
                             const float *mean, const float *dy, float *room,
                             float *dx, float *const *grad)
{
    size_t C = l->in.channels, T = l->in.length;
    const float *scale = mean + T, *weight = l->param[WEIGHT].data;
    float *restrict g = room, *restrict gh = g + T, *restrict h = gh + T;

    memset(g, 0, 2 * T * sizeof *g);
    for (size_t c = 0; c < C; c++) {
        const float *xc = x + c * T, *dyc = dy + c * T;

        for (size_t t = 0; t < T; t++) {
            h[t] = (xc[t] - mean[t]) * scale[t];
            g[t] += dyc[t] * weight[c];
            gh[t] += dyc[t] * weight[c] * h[t];
        }
        grad[WEIGHT][c] += lanes_dot(dyc, h, T);
        grad[BIAS][c] += lanes_sum(dyc, T);
    }
    for (size_t c = 0; c < C && dx; c++) {
        const float *xc = x + c * T, *dyc = dy + c * T;
        float *dxc = dx + c * T, part = 1 / (float)C;

        VECTOR_LOOP
        for (size_t t = 0; t < T; t++)
            dxc[t] = scale[t] * (dyc[t] * weight[c] - g[t] * part -
                                 (xc[t] - mean[t]) * scale[t] * gh[t] * part);
    }
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    size_t T = l->in.length, C = l->in.channels;
    const float *mean = p->scratch;
    float *room = (float *)p->scratch + 2 * T * p->n;

    (void)y;
    memset(grad[WEIGHT], 0, C * sizeof **grad);
    memset(grad[BIAS], 0, C * sizeof **grad);
    for (size_t i = 0; i < p->n; i++)
        norm_back(l, x + i * l->n_in, mean + 2 * T * i, dy + i * l->n_out, room,
                  dx ? dx + i * l->n_in : NULL, grad);
}

static const char *mean_of(struct opgraph *g, const char *x)
{
    struct op *o = opgraph_op(g, "ReduceMean", x, NULL);

    op_ints(o, "axes", 1, (int64_t[]){1});
    return o->out; // (N, 1, T)
}

static const char *apply(struct opgraph *g, const char *type, const char *a,
                         const char *b)
{
    return opgraph_op(g, type, a, b, NULL)->out;
}

/* One operator does this, but only in later sets and over the last axis. */
static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    struct tensor weight = l->param[WEIGHT], bias = l->param[BIAS];
    const char *epsilon = opgraph_floats(g, 0, NULL, (float[]){EPSILON});
    const char *y = apply(g, "Sub", x[0], mean_of(g, x[0])), *deviation;

    if (l->in.length != 1) // (C, 1): for each channel
        weight.dim[weight.n_dims++] = bias.dim[bias.n_dims++] = 1;
    deviation = apply(g, "Add", mean_of(g, apply(g, "Mul", y, y)), epsilon);
    deviation = opgraph_op(g, "Sqrt", deviation, NULL)->out;
    y = apply(g, "Div", y, deviation);
    y = apply(g, "Mul", y, opgraph_tensor(g, &weight));
    return apply(g, "Add", y, opgraph_tensor(g, &bias));
}

const struct layer_type layer_layer_norm = {
    .name = "layer_norm",
    .keys = (const char *const[]){NULL},
    .setup = setup,
    .init = init,
    .forward = forward,
    .backward = backward,
    .export = export,
};
