/*
 * conv1d: y[o][t] = b[o] + sum over i, k of W[o][i][k] x[i][t + k d - p], what
 * PyTorch calls Conv1d; x is 0 before its start and behind its end.
 *
 *     - {type: conv1d, name: cnn.0, out: 32, kernel: 5, padding: 2,
 *        dilation: 1}
 *     - {type: conv1d, out: machines, kernel: 1} # in a branch, as dense
 *
 * padding p is dilation * (kernel - 1) / 2 unless set, which keeps the length
 * where the kernel is odd.  A row is (I, L), its output (O, M).  Parameters:
 * weight (O, I, K), bias (O).
 *
 * Few channels are convolved as strips (common/math/strip.h), in training
 * across (common/math/across.h) where the layers behind can; many as a product
 * of matrices (common/math/columns.h), which for a kernel of 1 is one of the
 * row as it lies there, and for several rows and a kernel of 3, where the
 * length allows it, takes fewer products (common/math/winograd.h).
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/math/across.h"
#include "common/math/columns.h"
#include "common/math/product.h"
#include "common/math/strip.h"
#include "common/math/transpose.h"
#include "common/math/winograd.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_OUT 4096
#define MAX_ROOM ((size_t)1 << 30)
#define TILE 32    /* rows in a strip ... */
#define LONG 2048  /* ... and values in a channel of it, if they can be */
#define MANY 32768 /* weights from which on columns are faster than strips */
#define MANY_PLAIN 256 /* ... where no columns have to be made */
#define COLUMNS 256    /* at a time */
#define FEW 4 /* rows too few for Winograd's way, unless weights are packed */

enum { WEIGHT, BIAS };

/* Is a row its own columns? */
static bool is_plain(const struct layer *l)
{
    return l->kernel == 1 && l->padding == 0;
}

static bool by_columns(const struct layer *l)
{
    return l->in.channels * l->kernel * l->out.channels >=
           (is_plain(l) ? MANY_PLAIN : MANY);
}

/* ---- few channels: strips ---- */

/* How the layer uses its room; sizes in floats. */
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
    p.s.pitch = l->in.length +
                (l->padding > l->padding_end ? l->padding : l->padding_end);
    p.s.stride = strip_stride(n, p.s.pitch, gap);
    p.in = strip_size(l->in.channels, p.s.stride, p.reach);
    p.out = strip_size(l->out.channels, p.s.stride, p.reach);
    p.taps =
        (struct taps){l->out.channels, l->in.channels, l->kernel, l->dilation};
    return p;
}

/* Rows in a strip. */
static size_t strip_rows(const struct layer *l)
{
    size_t rows = LONG / l->in.length;

    return rows < 1 ? 1 : rows < TILE ? rows : TILE;
}

static size_t strips_room(const struct layer *l)
{
    struct plan p = plan_of(l, strip_rows(l));

    return p.in + p.out + tensor_count(&l->param[WEIGHT]);
}

static void forward_strips(const struct layer *l, const struct pass *p,
                           const float *x, float *y)
{
    size_t tile = strip_rows(l);

    for (size_t i = 0; i < p->n; i += tile) {
        struct plan plan = plan_of(l, p->n - i < tile ? p->n - i : tile);
        float *in = p->scratch, *out = in + plan.in;

        plan.s.tail = plan.s.pitch - l->out.length;
        strip_fill(&plan.s, x + i * l->n_in, l->in.channels, l->in.length,
                   l->padding, plan.reach, in);
        strip_convolve(&plan.s, &plan.taps, in, l->param[WEIGHT].data,
                       l->param[BIAS].data, out);
        strip_take(&plan.s, out, l->out.channels, l->out.length,
                   y + i * l->n_out);
    }
}

static void backward_strips(const struct layer *l, const struct pass *p,
                            const float *x, const float *dy, float *dx,
                            float *weight_grad)
{
    size_t tile = strip_rows(l);
    struct plan full = plan_of(l, tile);
    float *in = p->scratch, *out = in + full.in, *turned = out + full.out;
    struct taps back = {l->in.channels, l->out.channels, l->kernel,
                        l->dilation};

    strip_turn(&full.taps, l->param[WEIGHT].data, turned);
    if (p->done == 0)
        memset(weight_grad, 0, tensor_count(&l->param[WEIGHT]) * sizeof *dx);
    for (size_t i = 0; i < p->n; i += tile) {
        struct plan plan = plan_of(l, p->n - i < tile ? p->n - i : tile);

        strip_fill(&plan.s, x + i * l->n_in, l->in.channels, l->in.length,
                   l->padding, plan.reach, in);
        strip_fill(&plan.s, dy + i * l->n_out, l->out.channels, l->out.length,
                   plan.back, plan.reach, out);
        strip_correlate(&plan.s, &plan.taps, in, out + plan.back, weight_grad);
        if (!dx)
            continue;
        strip_convolve(&plan.s, &back, out, turned, NULL, in);
        strip_take(&plan.s, in, l->in.channels, l->in.length, dx + i * l->n_in);
    }
}

/* ---- few channels, in training: across ---- */

static struct across across_of(const struct layer *l, size_t n)
{
    return (struct across){
        n,         l->in.channels, l->in.length, l->out.channels, l->out.length,
        l->kernel, l->dilation,    l->padding};
}

/* The scratch has x across, where it comes as rows. */
static const float *input_across(const struct pass *p, const float *x)
{
    return p->across_in ? x : p->scratch;
}

static void forward_across(const struct layer *l, const struct pass *p,
                           const float *x, float *y)
{
    struct across c = across_of(l, p->n);

    if (!p->across_in)
        across_turn(x, p->n, l->n_in, p->scratch);
    across_convolve(&c, input_across(p, x), l->param[WEIGHT].data,
                    l->param[BIAS].data, y);
}

static void backward_across(const struct layer *l, const struct pass *p,
                            const float *x, const float *dy, float *dx,
                            float *weight_grad)
{
    struct across c = across_of(l, p->n), back = c;
    float *turned_x = p->scratch, *zeros = turned_x + p->n * l->n_in;
    struct taps taps = plan_of(l, 1).taps;
    float *turned = zeros + p->n;

    memset(zeros, 0, p->n * sizeof *zeros);
    across_correlate(&c, input_across(p, x), dy, zeros, weight_grad);
    if (!dx)
        return;
    strip_turn(&taps, l->param[WEIGHT].data, turned);
    back.I = c.O, back.L = c.M, back.O = c.I, back.M = c.L;
    back.padding = (c.K - 1) * c.dilation - c.padding;
    across_convolve(&back, dy, turned, NULL, p->across_in ? dx : turned_x);
    if (!p->across_in)
        across_turn(turned_x, l->n_in, p->n, dx);
}

/* ---- many channels: columns ---- */

/* Rows at a time: as many as make a product worth its start. */
static size_t tile_of(const struct layer *l)
{
    size_t tile = COLUMNS / l->out.length;

    return is_plain(l) || tile < 1 ? 1 : tile < TILE ? tile : TILE;
}

static size_t reach_of(const struct layer *l)
{
    return l->in.channels * l->kernel;
}

static struct columns columns_of(const struct layer *l, size_t n)
{
    return (struct columns){
        n,         l->in.channels, l->in.length, l->out.length,
        l->kernel, l->dilation,    l->padding};
}

static size_t columns_room(const struct layer *l)
{
    size_t positions = tile_of(l) * l->out.length;

    return is_plain(l) ? reach_of(l) * positions
                       : (2 * reach_of(l) + l->out.channels) * positions;
}

static void forward_columns(const struct layer *l, const struct pass *p,
                            const float *x, float *y)
{
    size_t tile = tile_of(l), O = l->out.channels, M = l->out.length, n;
    size_t reach = reach_of(l);
    float *room = p->scratch, *turned = room + reach * tile * M;

    for (size_t i = 0; i < p->n; i += n, x += n * l->n_in, y += n * l->n_out) {
        struct columns c;
        float *out;

        n = p->n - i < tile ? p->n - i : tile;
        c = columns_of(l, n);
        out = n == 1 ? y : turned;
        if (!is_plain(l))
            columns_fill(&c, x, room);
        product(&(struct product){
            O, n * M, reach, // (O, I K), (I K, n M), (O, n M)
            .a = l->param[WEIGHT].data, .row = reach, .column = 1,
            .b = is_plain(l) ? x : room, .ldb = n * M,
            .bias = l->param[BIAS].data, .c = out, .ldc = n * M});
        if (n > 1)
            columns_turn(out, O, n, M, y);
    }
}

static void backward_columns(const struct layer *l, const struct pass *p,
                             const float *x, const float *dy, float *dx,
                             float *weight_grad)
{
    size_t tile = tile_of(l), O = l->out.channels, M = l->out.length, n;
    size_t reach = reach_of(l);
    float *across = p->scratch, *room = across + reach * tile * M;
    float *turned = room + reach * tile * M;

    for (size_t i = 0; i < p->n; i += n) {
        const float *in = x + i * l->n_in, *slope = dy + i * l->n_out;
        float *back = dx ? dx + i * l->n_in : NULL;
        struct columns c;

        n = p->n - i < tile ? p->n - i : tile;
        c = columns_of(l, n);
        if (n > 1) {
            columns_turn(slope, n, O, M, turned);
            slope = turned;
        }
        if (!is_plain(l))
            columns_fill(&c, in, room);
        transpose(is_plain(l) ? in : room, reach, n * M, across);
        product(&(struct product){
            O, reach, n * M, // (O, n M), (n M, I K)
            .a = slope, .row = n * M, .column = 1, .b = across, .ldb = reach,
            .add = p->done + i > 0, .c = weight_grad, .ldc = reach});
        if (dx)
            product(&(struct product){reach, n * M, O, // (O, I K)', (O, n M)
                                      .a = l->param[WEIGHT].data, .row = 1,
                                      .column = reach, .b = slope, .ldb = n * M,
                                      .c = is_plain(l) ? back : room,
                                      .ldc = n * M});
        if (dx && !is_plain(l))
            columns_sum(&c, room, back);
    }
}

/* ---- many channels, three taps: Winograd's products ---- */

static bool by_winograd(const struct layer *l)
{
    return by_columns(l) && l->padding == l->padding_end &&
           winograd_fits(l->kernel, l->dilation, l->padding, l->in.length);
}

static struct winograd winograd_of(const struct layer *l, size_t n)
{
    return (struct winograd){n, l->in.channels, l->out.channels, l->in.length,
                             l->dilation};
}

/* The weights and behind them their gradient lie at the end of the layer's
 * room, kept for all rows of a pass. */
static float *turned_of(const struct layer *l, const struct pass *p)
{
    struct winograd c = winograd_of(l, p->n);

    return (float *)p->scratch + l->room / sizeof(float) -
           2 * winograd_weights(&c);
}

static void forward_winograd(const struct layer *l, const struct pass *p,
                             const float *x, float *y)
{
    struct winograd c = winograd_of(l, p->n);
    float *turned = turned_of(l, p);

    if (!p->packed && p->done == 0)
        winograd_turn(&c, l->param[WEIGHT].data, turned);
    winograd_forward(&c, p->packed ? p->packed : turned, l->param[BIAS].data, x,
                     y, p->scratch);
}

static void backward_winograd(const struct layer *l, const struct pass *p,
                              const float *x, const float *dy, float *dx,
                              float *weight_grad)
{
    struct winograd c = winograd_of(l, p->n);
    float *U = turned_of(l, p), *U_grad = U + winograd_weights(&c);

    if (p->done == 0)
        winograd_turn(&c, l->param[WEIGHT].data, U);
    winograd_backward(&c, U, x, dy, p->done == 0, dx, U_grad, p->scratch);
    if (p->left == 0)
        winograd_turn_back(&c, U_grad, weight_grad);
}

/* ---- the layer ---- */

static size_t room_of(const struct layer *l)
{
    size_t few = by_columns(l) ? columns_room(l) : strips_room(l);
    struct winograd c = winograd_of(l, SIZE_MAX);
    size_t many = by_winograd(l) ? winograd_room(&c) : 0;
    size_t kept = by_winograd(l) ? 2 * winograd_weights(&c) : 0;

    return ((few > many ? few : many) + kept) * sizeof(float);
}

static void fit(struct layer *l)
{
    size_t reach = (l->kernel - 1) * l->dilation;
    struct winograd c;

    l->out = (struct shape){l->param[WEIGHT].dim[0],
                            l->in.length + l->padding + l->padding_end - reach};
    if (!by_columns(l)) /* x across; zeros */
        l->scratch = (l->n_in + 1) * sizeof(float);
    l->room = room_of(l);
    c = winograd_of(l, 1);
    l->packed = by_winograd(l) ? winograd_weights(&c) : 0;
}

static int read_settings(struct layer *l, const struct node *settings,
                         int64_t *out, struct err *e)
{
    int64_t kernel = 3, dilation = 1, padding = -1;

    if (layer_read_out(l, settings, MAX_OUT, out, e) ||
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
    l->padding = l->padding_end = (size_t)padding;
    return 0;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t n_out = 0;
    size_t out, reach;

    if (read_settings(l, settings, &n_out, e))
        return -1;
    out = (size_t)n_out;
    reach = (l->kernel - 1) * l->dilation;
    if (l->in.length + 2 * l->padding <= reach)
        return node_error(settings, e,
                          "conv1d: %zu values, with padding, are fewer than "
                          "the %zu that the kernel spans",
                          l->in.length + 2 * l->padding, reach + 1);
    layer_param(l, "weight", 3, (size_t[]){out, l->in.channels, l->kernel});
    layer_param(l, "bias", 1, (size_t[]){out});
    fit(l);
    l->across = by_columns(l) ? ACROSS_NEVER : ACROSS_GIVES;
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

static void pack(const struct layer *l, float *packed)
{
    struct winograd c = winograd_of(l, 1);

    winograd_turn(&c, l->param[WEIGHT].data, packed);
}

/* Are there rows enough for Winograd's way? */
static bool many_rows(const struct pass *p)
{
    return p->packed || p->done + p->n + p->left >= FEW;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (p->across)
        forward_across(l, p, x, y);
    else if (many_rows(p) && by_winograd(l))
        forward_winograd(l, p, x, y);
    else if (by_columns(l))
        forward_columns(l, p, x, y);
    else
        forward_strips(l, p, x, y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)y;
    if (p->done == 0)
        memset(grad[BIAS], 0, l->out.channels * sizeof **grad);
    if (p->across)
        columns_add_totals(dy, l->out.channels, l->out.length * p->n,
                           grad[BIAS]);
    for (size_t i = 0; i < p->n && !p->across; i++)
        columns_add_totals(dy + i * l->n_out, l->out.channels, l->out.length,
                           grad[BIAS]);
    if (p->across)
        backward_across(l, p, x, dy, dx, grad[WEIGHT]);
    else if (many_rows(p) && by_winograd(l))
        backward_winograd(l, p, x, dy, dx, grad[WEIGHT]);
    else if (by_columns(l))
        backward_columns(l, p, x, dy, dx, grad[WEIGHT]);
    else
        backward_strips(l, p, x, dy, dx, grad[WEIGHT]);
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
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .linear = true,
    .init = init,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .export = export,
};
