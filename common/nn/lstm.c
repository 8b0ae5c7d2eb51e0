/*
 * lstm: PyTorch's LSTM of one layer, from zero state; its output is that of
 * the last step.
 *
 *     - {type: lstm, name: lstm, hidden: 64, take: last}
 *
 * T steps (the length) of I values (the channels), H hidden.  A step is
 *
 *     i, f, o = sigmoid(...), g = tanh(W_ih x + b_ih + W_hh h + b_hh)
 *     c = f c + i g,  h = o tanh(c)
 *
 * with the gates in the order i, f, g, o.  Parameters: weight_ih_l0 (4H, I),
 * weight_hh_l0 (4H, H), bias_ih_l0 (4H), bias_hh_l0 (4H).
 *
 * x and h of a step lie side by side, as do both weights in the form that
 * pack() makes: a step is one product for all rows.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/math/curve.h"
#include "common/math/outer.h"
#include "common/math/panel.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_HIDDEN 2048
#define MAX_ROW ((size_t)1 << 22) /* bytes that a row may take */
#define FEW 4                     /* rows for which no panels are made */

enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH };

struct sizes {
    size_t T, I, H, G; /* G: gates, 4H */
    size_t wide;       /* I + H */
    size_t panel;      /* floats that the weights take in panels, ... */
    size_t back;       /* ... and those of the way back */
};

static struct sizes sizes_of(const struct layer *l)
{
    size_t I = l->in.channels, H = l->out.channels;
    struct sizes z = {
        .T = l->in.length, .I = I, .H = H, .G = 4 * H, .wide = I + H};

    if (panel_usable()) {
        z.panel = panel_size(z.G, z.wide);
        z.back = panel_size(H, z.G);
    }
    return z;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    const char *take = "last";
    int64_t hidden = 0;
    struct sizes z;

    if (node_int(settings, "hidden", 1, MAX_HIDDEN, &hidden, e) ||
        node_text(settings, "take", &take, e))
        return -1;
    if (hidden == 0)
        return node_error(settings, e, "lstm: give `hidden`, its values");
    if (strcmp(take, "last") != 0)
        return node_error(node_get(settings, "take"), e,
                          "lstm: take '%s' is not last, the last step", take);
    l->out = (struct shape){(size_t)hidden, 1};
    z = sizes_of(l);
    layer_param(l, "weight_ih_l0", 2, (size_t[]){z.G, z.I});
    layer_param(l, "weight_hh_l0", 2, (size_t[]){z.G, z.H});
    layer_param(l, "bias_ih_l0", 1, (size_t[]){z.G});
    layer_param(l, "bias_hh_l0", 1, (size_t[]){z.G});
    l->packed = (z.panel + z.G * (z.wide + 1) + 15) / 16 * 16; /* aligned */
    l->scratch = ((z.T + 1) * (z.wide + z.H) + z.T * z.G + 2 * z.H + z.I) *
                 sizeof(float);
    l->room =
        (l->packed + z.back + z.H * (z.G + 1) + OUTER_REACH) * sizeof(float);
    if (l->scratch > MAX_ROW || z.G * z.wide > MAX_ROW)
        return node_error(settings, e,
                          "lstm: %zu steps of %zu values with %zu hidden are "
                          "too large",
                          z.T, z.I, z.H);
    return 0;
}

/* All from U(-1/sqrt(H), 1/sqrt(H)), as PyTorch does unless told otherwise. */
static void init(const struct layer *l, struct rng *rng)
{
    double bound = 1 / sqrt((double)l->out.channels);

    for (int i = 0; i < l->n_params; i++)
        for (size_t j = 0; j < tensor_count(&l->param[i]); j++)
            l->param[i].data[j] = (float)rng_uniform(rng, -bound, bound);
}

/* Both weights side by side (4H, I + H), and behind them the biases' sum. */
static void join(const struct layer *l, float *joined)
{
    struct sizes z = sizes_of(l);

    for (size_t g = 0; g < z.G; g++, joined += z.wide) {
        memcpy(joined, l->param[WEIGHT_IH].data + g * z.I,
               z.I * sizeof *joined);
        memcpy(joined + z.I, l->param[WEIGHT_HH].data + g * z.H,
               z.H * sizeof *joined);
    }
    for (size_t g = 0; g < z.G; g++)
        joined[g] = l->param[BIAS_IH].data[g] + l->param[BIAS_HH].data[g];
}

/* In panels, where there is a kernel for them; then joined. */
static void pack(const struct layer *l, float *packed)
{
    struct sizes z = sizes_of(l);
    float *joined = packed + z.panel;

    join(l, joined);
    if (z.panel)
        panel_pack(joined, joined + z.G * z.wide, z.G, z.wide, packed);
}

/* ---- what lies between the steps ---- */

/*
 * Training keeps every step: step t reads input t and cell t, and writes gate
 * t, and h and c to input and cell t + 1.  Otherwise all steps share a place.
 */
struct steps {
    float *input; /* (T + 1, n, I + H): x, then h of the step before */
    float *cell;  /* (T + 1, n, H) */
    float *gate;  /* (T, n, 4H) */
    float *slope; /* (2, n, H): of h and of c; training only */
    float *dx;    /* (n, I) of one step */
    float *room;
    bool kept;
};

static struct steps steps_of(const struct layer *l, const struct pass *p)
{
    struct sizes z = sizes_of(l);
    struct steps s = {.room = p->scratch, .kept = p->training};

    /* What outer_add() reads behind the last step stays at the very end. */
    s.input = s.room + l->room / sizeof(float) - OUTER_REACH;
    s.cell = s.input + (z.T + 1) * p->n * z.wide;
    s.gate = s.cell + (z.T + 1) * p->n * z.H;
    s.slope = s.gate + z.T * p->n * z.G;
    s.dx = s.slope + 2 * p->n * z.H;
    return s;
}

/* ---- forward ---- */

/* Step t of x (n, I, T) into its columns. */
static void take_step(const struct sizes *z, const float *x, size_t n, size_t t,
                      float *input)
{
    for (size_t r = 0; r < n; r++, x += z->I * z->T, input += z->wide)
        for (size_t i = 0; i < z->I; i++)
            input[i] = x[i * z->T + t];
}

static void multiply(const struct sizes *z, const float *weights,
                     const float *input, size_t n, bool panels, float *gate)
{
    const float *joined = weights + z->panel;

    if (panels) {
        panel_multiply(input, weights, n, z->G, z->wide, gate);
        return;
    }
    for (size_t r = 0; r < n; r++)
        memcpy(gate + r * z->G, joined + z->G * z->wide, z->G * sizeof *gate);
    blas_gemm(false, true, n, z->G, z->wide, input, // (n, I + H)
              joined, 1, gate);                     // (4H, I + H), (n, 4H)
}

/* A step: from the sums to the gates in place, and the new c and h (n, H),
 * whose rows are z->wide apart. */
VECTOR static void cells_forward(const struct sizes *z, size_t n, float *gate,
                                 const float *cell, float *next_cell, float *h)
{
    size_t H = z->H;

    for (size_t r = 0; r < n; r++) {
        float *in = gate, *keep = gate + H, *value = keep + H, *out = value + H;

        VECTOR_LOOP
        for (size_t j = 0; j < H; j++) {
            curve_gates(&in[j], &keep[j], &value[j], &out[j]);
            next_cell[j] = keep[j] * cell[j] + in[j] * value[j];
            h[j] = out[j] * curve_tanh(next_cell[j]);
        }
        gate += 4 * H;
        cell += H;
        next_cell += H;
        h += z->wide;
    }
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    struct sizes z = sizes_of(l);
    struct steps s = steps_of(l, p);
    size_t n = p->n, next_input = s.kept ? n * z.wide : 0;
    size_t next_cell = s.kept ? n * z.H : 0, next_gate = s.kept ? n * z.G : 0;
    bool panels = z.panel && (p->packed || n >= FEW);
    const float *weights = p->packed;
    float *input = s.input, *cell = s.cell, *gate = s.gate;

    if (!weights && panels)
        pack(l, s.room);
    else if (!weights)
        join(l, s.room + z.panel);
    weights = weights ? weights : s.room;
    memset(input, 0, n * z.wide * sizeof *input);
    memset(cell, 0, n * z.H * sizeof *cell);
    for (size_t t = 0; t < z.T; t++) {
        take_step(&z, x, n, t, input);
        multiply(&z, weights, input, n, panels, gate);
        cells_forward(&z, n, gate, cell, cell + next_cell,
                      input + next_input + z.I);
        input += next_input;
        cell += next_cell;
        gate += next_gate;
    }
    for (size_t r = 0; r < n; r++)
        memcpy(y + r * z.H, input + r * z.wide + z.I, z.H * sizeof *y);
}

/* ---- backward ---- */

/*
 * One row of a step, from dh and the dc that came from the step behind, to the
 * gradient of the gates' sums, in the place of the gates, and dc for the step
 * before.
 */
VECTOR static void cell_backward(size_t H, float *gate, const float *cell,
                                 const float *next_cell, const float *dh,
                                 float *dc)
{
    float *in = gate, *keep = gate + H, *value = keep + H, *out = value + H;

    VECTOR_LOOP
    for (size_t j = 0; j < H; j++) {
        float bent = curve_tanh(next_cell[j]);
        float d = dc[j] + dh[j] * out[j] * (1 - bent * bent);
        float i = in[j], f = keep[j], g = value[j], o = out[j];

        out[j] = dh[j] * bent * o * (1 - o);
        dc[j] = d * f;
        keep[j] = d * cell[j] * f * (1 - f);
        in[j] = d * g * i * (1 - i);
        value[j] = d * i * (1 - g * g);
    }
}

/* W_hh' as panels, behind those of pack() in the layer's room; there are no
 * biases on the way back. */
static const float *pack_back(const struct layer *l, float *room)
{
    struct sizes z = sizes_of(l);
    float *packed = room + l->packed, *turned = packed + z.back;
    float *zero = turned + z.G * z.H;

    if (!z.back)
        return NULL;
    for (size_t g = 0; g < z.G; g++)
        for (size_t j = 0; j < z.H; j++)
            turned[j * z.G + g] = l->param[WEIGHT_HH].data[g * z.H + j];
    memset(zero, 0, z.H * sizeof *zero);
    panel_pack(turned, zero, z.H, z.G, packed);
    return packed;
}

/* dx of one step, to its places in dx (n, I, T). */
static void give_step(const struct layer *l, const float *dgate, size_t n,
                      size_t t, float *step, float *dx)
{
    struct sizes z = sizes_of(l);

    blas_gemm(false, false, n, z.I, z.G, dgate,   // (n, 4H)
              l->param[WEIGHT_IH].data, 0, step); // (4H, I), (n, I)
    for (size_t r = 0; r < n; r++, dx += z.I * z.T, step += z.I)
        for (size_t i = 0; i < z.I; i++)
            dx[i * z.T + t] = step[i];
}

VECTOR static void add_rows(const float *restrict x, size_t n, size_t width,
                            float *restrict sum)
{
    for (size_t i = 0; i < n; i++, x += width)
        for (size_t j = 0; j < width; j++)
            sum[j] += x[j];
}

/*
 * What a step adds to the gradients, while it lies in the cache.  That of W_ih
 * is gathered turned, (I, 4H), for I may be far less than a vector has.
 */
static void add_step(const struct sizes *z, const float *input,
                     const float *dgate, size_t n, float *turned,
                     float *const *grad)
{
    outer_add(dgate, z->G, z->G, input + z->I, z->wide, z->H, n,
              grad[WEIGHT_HH]);
    outer_add(input, z->wide, z->I, dgate, z->G, z->G, n, turned);
    add_rows(dgate, n, z->G, grad[BIAS_IH]);
}

static void finish_gradients(const struct sizes *z, const float *turned,
                             float *const *grad)
{
    for (size_t g = 0; g < z->G; g++)
        for (size_t i = 0; i < z->I; i++)
            grad[WEIGHT_IH][g * z->I + i] = turned[i * z->G + g];
    memcpy(grad[BIAS_HH], grad[BIAS_IH], z->G * sizeof(float));
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    struct sizes z = sizes_of(l);
    struct steps s = steps_of(l, p);
    size_t n = p->n;
    const float *packed = n >= FEW ? pack_back(l, s.room) : NULL;
    float *dh = s.slope, *dc = s.slope + n * z.H;
    float *turned = s.room; /* pack() is done with it */

    (void)x;
    (void)y;
    memcpy(dh, dy, n * z.H * sizeof *dh);
    memset(dc, 0, n * z.H * sizeof *dc);
    memset(turned, 0, z.I * z.G * sizeof *turned);
    memset(grad[WEIGHT_HH], 0, z.G * z.H * sizeof **grad);
    memset(grad[BIAS_IH], 0, z.G * sizeof **grad);
    for (size_t t = z.T; t-- > 0;) {
        float *gate = s.gate + t * n * z.G, *cell = s.cell + t * n * z.H;

        for (size_t r = 0; r < n; r++)
            cell_backward(z.H, gate + r * z.G, cell + r * z.H,
                          cell + (n + r) * z.H, dh + r * z.H, dc + r * z.H);
        add_step(&z, s.input + t * n * z.wide, gate, n, turned, grad);
        if (dx)
            give_step(l, gate, n, t, s.dx, dx);
        if (packed && t > 0)
            panel_multiply(gate, packed, n, z.H, z.G, dh);
        else if (t > 0)
            blas_gemm(false, false, n, z.H, z.G, gate,  // (n, 4H)
                      l->param[WEIGHT_HH].data, 0, dh); // (4H, H)
    }
    finish_gradients(&z, turned, grad);
}

/* ---- export ---- */

/*
 * Gates of a parameter (4H, width) in the order of ONNX, i, o, f, g; then those
 * of `more`, if it is not NULL.
 */
static const char *reorder(struct opgraph *g, const struct tensor *t,
                           const struct tensor *more)
{
    static const size_t order[] = {0, 3, 1, 2};
    size_t n = tensor_count(t), rows = t->dim[0], n_all = more ? 2 * n : n;
    size_t dim[] = {1, n_all * rows / n, n / rows};
    float *all = xcalloc(n_all, sizeof *all);
    const char *name;

    for (size_t i = 0; i < n_all; i += n / 4) {
        const struct tensor *from = i < n ? t : more;

        memcpy(all + i, from->data + order[i % n / (n / 4)] * (n / 4),
               n / 4 * sizeof *all);
    }
    name = opgraph_floats(g, t->n_dims + 1, dim, all);
    free(all);
    return name;
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    const struct tensor *p = l->param;
    struct op *steps =
        opgraph_op(g, "Transpose", export_steps(g, l->in, x[0]), NULL);
    const char *weight = reorder(g, &p[WEIGHT_IH], NULL);
    const char *recurrent = reorder(g, &p[WEIGHT_HH], NULL);
    const char *bias = reorder(g, &p[BIAS_IH], &p[BIAS_HH]);
    struct op *o;

    op_ints(steps, "perm", 3, (int64_t[]){2, 0, 1}); // (T, N, I)
    o = opgraph_op(g, "LSTM", steps->out, weight, recurrent, bias, NULL);
    op_int(o, "hidden_size", (int64_t)l->out.channels);
    o->place = 1; // (1, N, H): h of the last step
    return opgraph_op(g, "Squeeze", o->out, opgraph_ints(g, 1, (int64_t[]){0}),
                      NULL)
        ->out;
}

const struct layer_type layer_lstm = {
    .name = "lstm",
    .keys = (const char *const[]){"hidden", "take", NULL},
    .setup = setup,
    .init = init,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .export = export,
};
