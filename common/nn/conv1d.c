/*
 * conv1d: y[o][t] = b[o] + sum over i, k of W[o][i][k] x[i][t + k d - p], what
 * PyTorch calls Conv1d; x is 0 before its start and behind its end.
 *
 *     - {type: conv1d, name: cnn.0, out: 32, kernel: 5, padding: 2,
 *        dilation: 1}
 *
 * padding p is dilation * (kernel - 1) / 2 unless set, which keeps the length
 * where the kernel is odd.  A row is (I, L), its output (O, M).  Parameters:
 * weight (O, I, K), bias (O).
 */
#include <math.h>
#include <string.h>

#include "common/math/strip.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_OUT 4096
#define MAX_ROOM ((size_t)1 << 30)
#define TILE 32 /* rows in a strip */

enum { WEIGHT, BIAS };

/* How the layer uses its room; sizes in floats, for TILE rows. */
struct plan {
    size_t reach;     /* from the first tap to the last */
    size_t back;      /* zeros that backward wants before dy */
    struct strip s;   /* the pitch is L + p = M + back */
    size_t in, out;   /* sizes of the two strips */
    struct taps taps; /* forward; backward swaps I and O */
};

static struct plan plan_of(const struct layer *l, size_t n)
{
    struct plan p = {.reach = (l->kernel - 1) * l->dilation};
    size_t gap;

    p.back = p.reach - l->padding;
    gap = p.back > l->padding ? p.back : l->padding;
    p.s.n = n;
    p.s.pitch = l->in.length + l->padding;
    p.s.stride = strip_stride(n, p.s.pitch, gap);
    p.in = strip_size(l->in.channels, p.s.stride, p.reach);
    p.out = strip_size(l->out.channels, p.s.stride, p.reach);
    p.taps =
        (struct taps){l->out.channels, l->in.channels, l->kernel, l->dilation};
    return p;
}

static int read_settings(struct layer *l, const struct node *settings,
                         int64_t *out, struct err *e)
{
    int64_t kernel = 3, dilation = 1, padding = -1;

    if (node_int(settings, "out", 1, MAX_OUT, out, e) ||
        node_int(settings, "kernel", 1, 256, &kernel, e) ||
        node_int(settings, "dilation", 1, 256, &dilation, e))
        return -1;
    if (*out == 0)
        return node_error(settings, e, "conv1d: give `out`, its channels");
    padding = dilation * (kernel - 1) / 2;
    if (node_int(settings, "padding", 0, dilation * (kernel - 1), &padding, e))
        return -1;
    l->kernel = (size_t)kernel;
    l->dilation = (size_t)dilation;
    l->padding = (size_t)padding;
    return 0;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t n_out = 0;
    size_t out, reach;
    struct plan p;

    if (read_settings(l, settings, &n_out, e))
        return -1;
    out = (size_t)n_out;
    reach = (l->kernel - 1) * l->dilation;
    if (l->in.length + 2 * l->padding <= reach)
        return node_error(settings, e,
                          "conv1d: %zu values, with padding, are fewer than "
                          "the %zu that the kernel spans",
                          l->in.length + 2 * l->padding, reach + 1);
    l->out = (struct shape){out, l->in.length + 2 * l->padding - reach};
    layer_param(l, "weight", 3, (size_t[]){out, l->in.channels, l->kernel});
    layer_param(l, "bias", 1, (size_t[]){out});
    p = plan_of(l, TILE);
    l->room = (p.in + p.out + tensor_count(&l->param[WEIGHT])) * sizeof(float);
    if (l->room > MAX_ROOM)
        return node_error(settings, e, "conv1d: %zu x %zu values are too many",
                          l->in.channels, l->in.length);
    return 0;
}

/* Both from U(-1/sqrt(IK), 1/sqrt(IK)), as PyTorch does unless told
 * otherwise. */
static void init(const struct layer *l, struct rng *rng)
{
    double bound = 1 / sqrt((double)(l->in.channels * l->kernel));

    for (int i = 0; i < l->n_params; i++)
        for (size_t j = 0; j < tensor_count(&l->param[i]); j++)
            l->param[i].data[j] = (float)rng_uniform(rng, -bound, bound);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    for (size_t i = 0; i < p->n; i += TILE) {
        struct plan plan = plan_of(l, p->n - i < TILE ? p->n - i : TILE);
        float *in = p->scratch, *out = in + plan.in;

        strip_fill(&plan.s, x + i * l->n_in, l->in.channels, l->in.length,
                   l->padding, plan.reach, in);
        strip_convolve(&plan.s, &plan.taps, in, l->param[WEIGHT].data,
                       l->param[BIAS].data, out);
        strip_take(&plan.s, out, l->out.channels, l->out.length,
                   y + i * l->n_out);
    }
}

/* weight (O, I, K) to (I, O, K), the last tap first: dx is a convolution of
 * dy with that. */
static void turn(const struct layer *l, float *turned)
{
    const float *weight = l->param[WEIGHT].data;
    size_t O = l->out.channels, I = l->in.channels, K = l->kernel;

    for (size_t o = 0; o < O; o++)
        for (size_t i = 0; i < I; i++)
            for (size_t k = 0; k < K; k++)
                turned[(i * O + o) * K + k] =
                    weight[(o * I + i) * K + K - 1 - k];
}

static void sum_positions(const struct layer *l, const float *dy, size_t n,
                          float *sum)
{
    memset(sum, 0, l->out.channels * sizeof *sum);
    for (size_t i = 0; i < n; i++)
        for (size_t o = 0; o < l->out.channels; o++, dy += l->out.length) {
            float row = 0;

            for (size_t t = 0; t < l->out.length; t++)
                row += dy[t];
            sum[o] += row;
        }
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    struct plan full = plan_of(l, TILE);
    float *in = p->scratch, *out = in + full.in, *turned = out + full.out;
    struct taps back = {l->in.channels, l->out.channels, l->kernel,
                        l->dilation};

    (void)y;
    turn(l, turned);
    sum_positions(l, dy, p->n, grad[BIAS]);
    memset(grad[WEIGHT], 0, tensor_count(&l->param[WEIGHT]) * sizeof **grad);
    for (size_t i = 0; i < p->n; i += TILE) {
        struct plan plan = plan_of(l, p->n - i < TILE ? p->n - i : TILE);

        strip_fill(&plan.s, x + i * l->n_in, l->in.channels, l->in.length,
                   l->padding, plan.reach, in);
        strip_fill(&plan.s, dy + i * l->n_out, l->out.channels, l->out.length,
                   plan.back, plan.reach, out);
        strip_correlate(&plan.s, &plan.taps, in, out + plan.back, grad[WEIGHT]);
        if (!dx)
            continue;
        strip_convolve(&plan.s, &back, out, turned, NULL, in);
        strip_take(&plan.s, in, l->in.channels, l->in.length, dx + i * l->n_in);
    }
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    int64_t kernel = (int64_t)l->kernel, dilation = (int64_t)l->dilation;
    int64_t padding = (int64_t)l->padding;
    const char *weight = opgraph_tensor(g, &l->param[WEIGHT]);
    const char *bias = opgraph_tensor(g, &l->param[BIAS]);
    struct op *o =
        opgraph_op(g, "Conv", export_steps(g, l->in, x[0]), weight, bias, NULL);

    op_ints(o, "kernel_shape", 1, &kernel);
    op_ints(o, "dilations", 1, &dilation);
    op_ints(o, "pads", 2, (int64_t[]){padding, padding});
    return export_done(g, l->out, o->out);
}

const struct layer_type layer_conv1d = {
    .name = "conv1d",
    .keys = (const char *const[]){"out", "kernel", "padding", "dilation", NULL},
    .setup = setup,
    .init = init,
    .forward = forward,
    .backward = backward,
    .export = export,
};
