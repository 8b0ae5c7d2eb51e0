/*
 * attention: every step looks at all steps, with several heads; what PyTorch
 * calls MultiheadAttention(C, heads, dropout) with one input for query, key and
 * value.
 *
 *     - {type: attention, name: attn, heads: 8, dropout: 0.2}
 *
 * A row is (C, T), C channels of T steps; of these each head has d = C / heads.
 * It is projected to Q, K and V (C, T); in each head step t takes V at step s
 * by the share
 *
 *     P[t] = softmax over s of Q[t] K[s] / sqrt(d)
 *
 * and what the heads give is projected once more.  In training shares are
 * dropped.  Parameters: in_proj_weight (3C, C), in_proj_bias (3C),
 * out_proj.weight (C, C), out_proj.bias (C).
 */
#include <math.h>
#include <string.h>

#include "common/math/blas.h"
#include "common/math/columns.h"
#include "common/math/product.h"
#include "common/math/softmax.h"
#include "common/math/transpose.h"
#include "common/math/vector.h"
#include "common/nn/dropout.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_HEADS 256
#define MAX_VALUES ((size_t)1 << 22) /* that a row may keep */

enum { IN_WEIGHT, IN_BIAS, OUT_WEIGHT, OUT_BIAS };

/* What forward keeps of a row: Q, K, V (3C, T), the shares (heads, T, T), minus
 * where they are dropped, and the heads' output (C, T). */
struct kept {
    float *qkv, *share, *mixed;
};

/* What all rows share. */
struct room {
    float *shares;   /* (T, T) of one head, as they are used */
    float *slopes;   /* (T, T) their gradient */
    float *mixed_dy; /* (C, T) of the heads' output */
    float *qkv_dy;   /* (3C, T) */
    float *across;   /* (T, C) what a projection read */
};

struct sizes {
    size_t C, T, d;
    size_t row; /* floats that a row keeps */
};

static struct sizes sizes_of(const struct layer *l)
{
    size_t C = l->in.channels, T = l->in.length;

    return (struct sizes){C, T, C / l->heads, 4 * C * T + l->heads * T * T};
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    size_t C = l->in.channels, T = l->in.length;
    int64_t heads = 1;

    l->rate = 0;
    if (node_int(settings, "heads", 1, MAX_HEADS, &heads, e) ||
        node_real(settings, "dropout", 0, .99, &l->rate, e))
        return -1;
    l->heads = (size_t)heads;
    if (C % l->heads)
        return node_error(settings, e,
                          "attention: %zu heads do not divide %zu channels",
                          l->heads, C);
    if (4 * C > MAX_VALUES / T || l->heads * T > MAX_VALUES / T)
        return node_error(settings, e,
                          "attention: %zu steps of %zu values are too many", T,
                          C);
    l->out = l->in;
    layer_param(l, "in_proj_weight", 2, (size_t[]){3 * C, C});
    layer_param(l, "in_proj_bias", 1, (size_t[]){3 * C});
    layer_param(l, "out_proj.weight", 2, (size_t[]){C, C});
    layer_param(l, "out_proj.bias", 1, (size_t[]){C});
    l->scratch = sizes_of(l).row * sizeof(float);
    l->room = (2 * T * T + 5 * C * T) * sizeof(float);
    return 0;
}

static void draw(const struct tensor *t, double bound, struct rng *rng)
{
    for (size_t i = 0; i < tensor_count(t); i++)
        t->data[i] = (float)rng_uniform(rng, -bound, bound);
}

/* As PyTorch: Glorot's for the way in, Linear's for the way out, no biases. */
static void init(const struct layer *l, struct rng *rng)
{
    double C = (double)l->in.channels;

    draw(&l->param[IN_WEIGHT], sqrt(6 / (4 * C)), rng);
    draw(&l->param[OUT_WEIGHT], 1 / sqrt(C), rng);
    memset(l->param[IN_BIAS].data, 0, 3 * l->in.channels * sizeof(float));
    memset(l->param[OUT_BIAS].data, 0, l->in.channels * sizeof(float));
}

static struct kept kept_of(const struct layer *l, const struct pass *p,
                           size_t row)
{
    struct sizes z = sizes_of(l);
    float *at = (float *)p->scratch + row * z.row;

    return (struct kept){at, at + 4 * z.C * z.T, at + 3 * z.C * z.T};
}

static struct room room_of(const struct layer *l, const struct pass *p)
{
    struct sizes z = sizes_of(l);
    float *at = (float *)p->scratch + p->n * z.row;

    return (struct room){at, at + z.T * z.T, at + 2 * z.T * z.T,
                         at + 2 * z.T * z.T + z.C * z.T,
                         at + 2 * z.T * z.T + 4 * z.C * z.T};
}

/* y (O, T) = weight (O, C) x (C, T) + bias (O) */
static void project(const struct layer *l, int weight, const float *x, size_t O,
                    float *y)
{
    size_t C = l->in.channels, T = l->in.length;

    product(&(struct product){
        O, T, C, .a = l->param[weight].data, .row = C, .column = 1, .b = x,
        .ldb = T, .bias = l->param[weight + 1].data, .c = y, .ldc = T});
}

VECTOR static void attention_scale(float *x, size_t n, float factor)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* ---- dropout: the sign of a share tells ---- */

VECTOR static void attention_mark(const uint16_t *bits, uint16_t limit,
                                  size_t n, float *share)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        share[i] = bits[i] < limit ? -share[i] : share[i];
}

static void drop(const struct layer *l, uint64_t key, float *share)
{
    size_t n = l->heads * l->in.length * l->in.length;
    uint16_t bits[DROPOUT_DRAW], limit = dropout_limit(l);

    for (size_t i = 0; i < n && limit > 0; i += DROPOUT_DRAW) {
        dropout_draw(key, i, bits);
        attention_mark(bits, limit, n - i < DROPOUT_DRAW ? n - i : DROPOUT_DRAW,
                       share + i);
    }
}

/* The shares as they are used. */
VECTOR static void attention_use(const float *share, size_t n, float scale,
                                 float *used)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        used[i] = share[i] > 0 ? share[i] * scale : 0;
}

/* The gradient through dropout; the shares lose their mark. */
VECTOR static void attention_thin(float *share, size_t n, float scale,
                                  float *slope)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        slope[i] = share[i] > 0 ? slope[i] * scale : 0;
        share[i] = fabsf(share[i]);
    }
}

/* ---- forward ---- */

static void forward_row(const struct layer *l, const struct pass *p, size_t row,
                        const float *x, float *y)
{
    struct sizes z = sizes_of(l);
    struct kept k = kept_of(l, p, row);
    struct room room = room_of(l, p);
    size_t head = z.d * z.T, square = z.T * z.T, all = z.C * z.T;

    project(l, IN_WEIGHT, x, 3 * z.C, k.qkv);
    attention_scale(k.qkv, all, 1 / sqrtf((float)z.d));
    for (size_t h = 0; h < l->heads; h++)
        blas_gemm(true, false, z.T, z.T, z.d, k.qkv + h * head, // (d, T)
                  k.qkv + all + h * head, 0, k.share + h * square);
    softmax(k.share, l->heads * z.T, z.T);
    if (p->training)
        drop(l, dropout_key(l, p, row), k.share);
    for (size_t h = 0; h < l->heads; h++) {
        const float *used = k.share + h * square;

        if (p->training) {
            attention_use(used, square, dropout_scale(l), room.shares);
            used = room.shares;
        }
        blas_gemm(false, true, z.d, z.T, z.T, k.qkv + 2 * all + h * head, used,
                  0, k.mixed + h * head); // (d, T), (T, T)
    }
    project(l, OUT_WEIGHT, k.mixed, z.C, y);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    for (size_t i = 0; i < p->n; i++)
        forward_row(l, p, i, x + i * l->n_in, y + i * l->n_out);
}

/* ---- backward ---- */

/* One head, from the gradient of its output to those of Q, K and V, of which Q
 * is kept scaled. */
static void head_back(const struct layer *l, const struct kept *k,
                      const struct room *room, size_t h)
{
    struct sizes z = sizes_of(l);
    size_t head = z.d * z.T, square = z.T * z.T, all = z.C * z.T;
    const float *q = k->qkv + h * head, *dy = room->mixed_dy + h * head;
    float *share = k->share + h * square, *dq = room->qkv_dy + h * head;
    float scale = dropout_scale(l);

    attention_use(share, square, scale, room->shares);
    blas_gemm(false, false, z.d, z.T, z.T, dy, room->shares, 0,
              dq + 2 * all); // (d, T), (T, T)
    blas_gemm(true, false, z.T, z.T, z.d, dy, q + 2 * all, 0,
              room->slopes); // (d, T), (d, T)
    attention_thin(share, square, scale, room->slopes);
    softmax_back(share, z.T, z.T, room->slopes);
    blas_gemm(false, true, z.d, z.T, z.T, q + all, room->slopes, 0, dq);
    attention_scale(dq, head, 1 / sqrtf((float)z.d));
    blas_gemm(false, false, z.d, z.T, z.T, q, room->slopes, 0, dq + all);
}

/* The gradients of a projection from x (C, T) to dy (O, T); across has room
 * for x'. */
static void project_back(const struct layer *l, int weight, const float *x,
                         size_t O, const float *dy, bool first, float *dx,
                         float *across, float *const *grad)
{
    size_t C = l->in.channels, T = l->in.length;

    transpose(x, C, T, across);
    product(&(struct product){O, C, T, // (O, T), (T, C)
                              .a = dy, .row = T, .column = 1, .b = across,
                              .ldb = C, .add = !first, .c = grad[weight],
                              .ldc = C});
    if (dx)
        product(&(struct product){C, T, O, // (O, C)', (O, T)
                                  .a = l->param[weight].data, .row = 1,
                                  .column = C, .b = dy, .ldb = T, .c = dx,
                                  .ldc = T});
    columns_add_totals(dy, O, T, grad[weight + 1]);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    struct sizes z = sizes_of(l);
    struct room room = room_of(l, p);

    (void)y;
    memset(grad[IN_BIAS], 0, 3 * z.C * sizeof **grad);
    memset(grad[OUT_BIAS], 0, z.C * sizeof **grad);
    for (size_t i = 0; i < p->n; i++) {
        struct kept k = kept_of(l, p, i);

        project_back(l, OUT_WEIGHT, k.mixed, z.C, dy + i * l->n_out, i == 0,
                     room.mixed_dy, room.across, grad);
        for (size_t h = 0; h < l->heads; h++)
            head_back(l, &k, &room, h);
        project_back(l, IN_WEIGHT, x + i * l->n_in, 3 * z.C, room.qkv_dy,
                     i == 0, dx ? dx + i * l->n_in : NULL, room.across, grad);
    }
}

/* Q, K or V of each head: (N, 1, heads, d, T). */
static const char *part_of(struct opgraph *g, const char *qkv, int64_t part)
{
    struct op *o =
        opgraph_op(g, "Gather", qkv, opgraph_ints(g, 1, &part), NULL);

    op_int(o, "axis", 1);
    return o->out;
}

/* Shares as (s, t), so that V (d, s) times them is what the heads give. */
static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    struct sizes z = sizes_of(l);
    int64_t C = (int64_t)z.C, T = (int64_t)z.T, d = (int64_t)z.d;
    int64_t heads[] = {0, 3, C / d, d, T}, whole[] = {0, C, T};
    float scale = 1 / sqrtf((float)z.d);
    const char *y = export_steps(g, l->in, x[0]), *v;
    struct op *o;

    y = export_each_step(g, y, &l->param[IN_WEIGHT], &l->param[IN_BIAS]);
    y = opgraph_op(g, "Reshape", y, opgraph_ints(g, 5, heads), NULL)->out;
    v = part_of(g, y, 2);
    o = opgraph_op(g, "Transpose", part_of(g, y, 1), NULL);
    op_ints(o, "perm", 5, (int64_t[]){0, 1, 2, 4, 3});
    o = opgraph_op(g, "MatMul", o->out, part_of(g, y, 0), NULL); // (.., s, t)
    o = opgraph_op(g, "Mul", o->out, opgraph_floats(g, 0, NULL, &scale), NULL);
    o = opgraph_op(g, "Softmax", o->out, NULL);
    op_int(o, "axis", 3);
    o = opgraph_op(g, "MatMul", v, o->out, NULL);
    o = opgraph_op(g, "Reshape", o->out, opgraph_ints(g, 3, whole), NULL);
    y = export_each_step(g, o->out, &l->param[OUT_WEIGHT], &l->param[OUT_BIAS]);
    return export_done(g, l->out, y);
}

const struct layer_type layer_attention = {
    .name = "attention",
    .keys = (const char *const[]){"heads", "dropout", NULL},
    .setup = setup,
    .init = init,
    .forward = forward,
    .backward = backward,
    .export = export,
};
