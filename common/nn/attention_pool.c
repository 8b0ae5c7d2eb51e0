/*
 * attention_pool: the mean over the steps with weights that are learned: a
 * linear score for each step, a softmax over the steps.
 *
 *     - {type: attention_pool, name: pool}
 *
 * A row (C, T) becomes (C, 1).  Parameters: weight (1, C), bias (1), which
 * moves all scores alike and so changes nothing.
 */
#include <math.h>
#include <string.h>

#include "common/math/lanes.h"
#include "common/math/softmax.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

enum { WEIGHT, BIAS };

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    (void)settings;
    (void)e;
    l->out = (struct shape){l->in.channels, 1};
    layer_param(l, "weight", 2, (size_t[]){1, l->in.channels});
    layer_param(l, "bias", 1, (size_t[]){1});
    l->scratch = l->in.length * sizeof(float); /* each step's share */
    l->room = l->in.length * sizeof(float);
    return 0;
}

/* Both from U(-1/sqrt(C), 1/sqrt(C)), as PyTorch's Linear. */
static void init(const struct layer *l, struct rng *rng)
{
    double bound = 1 / sqrt((double)l->in.channels);

    for (size_t c = 0; c < l->in.channels; c++)
        l->param[WEIGHT].data[c] = (float)rng_uniform(rng, -bound, bound);
    *l->param[BIAS].data = (float)rng_uniform(rng, -bound, bound);
}

/* sum[t] = start + sum over c of weight[c] x[c][t] */
VECTOR static void pool_score(const float *x, const float *weight, float start,
                              size_t C, size_t T, float *restrict sum)
{
    for (size_t t = 0; t < T; t++)
        sum[t] = start;
    for (size_t c = 0; c < C; c++, x += T)
        for (size_t t = 0; t < T; t++)
            sum[t] += weight[c] * x[t];
}

/* y[c] += the mean of x[c] with these shares */
VECTOR static void pool_add(const float *x, const float *share, size_t C,
                            size_t T, float *y)
{
    for (size_t c = 0; c < C; c++)
        y[c] += lanes_dot(x + c * T, share, T);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    size_t C = l->in.channels, T = l->in.length;
    float *share = p->scratch;

    memset(y, 0, p->n * C * sizeof *y);
    for (size_t i = 0; i < p->n; i++, x += l->n_in, y += C, share += T) {
        pool_score(x, l->param[WEIGHT].data, *l->param[BIAS].data, C, T, share);
        softmax(share, 1, T);
        pool_add(x, share, C, T, y);
    }
}

VECTOR static void pool_spread(const float *dy, const float *weight,
                               const float *share, const float *slope, size_t C,
                               size_t T, float *dx)
{
    for (size_t c = 0; c < C; c++, dx += T)
        VECTOR_LOOP
    for (size_t t = 0; t < T; t++)
        dx[t] = dy[c] * share[t] + weight[c] * slope[t];
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    size_t C = l->in.channels, T = l->in.length;
    const float *share = p->scratch, *weight = l->param[WEIGHT].data;
    float *slope = (float *)p->scratch + p->n * T; // (T), of the scores

    (void)y;
    memset(grad[WEIGHT], 0, C * sizeof **grad);
    *grad[BIAS] = 0;
    for (size_t i = 0; i < p->n; i++, x += l->n_in, dy += C, share += T) {
        pool_score(x, dy, 0, C, T, slope);
        softmax_back(share, 1, T, slope);
        pool_add(x, slope, C, T, grad[WEIGHT]);
        for (size_t t = 0; t < T; t++)
            *grad[BIAS] += slope[t];
        if (dx)
            pool_spread(dy, weight, share, slope, C, T, dx + i * l->n_in);
    }
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    const char *steps = export_steps(g, l->in, x[0]); // (N, C, T)
    const char *score =
        export_each_step(g, steps, &l->param[WEIGHT], &l->param[BIAS]);
    struct op *share = opgraph_op(g, "Softmax", score, NULL); // (N, 1, T)
    struct op *column;

    op_int(share, "axis", 2);
    column = opgraph_op(g, "Transpose", share->out, NULL);
    op_ints(column, "perm", 3, (int64_t[]){0, 2, 1});
    return export_done(g, l->out,
                       opgraph_op(g, "MatMul", steps, column->out, NULL)->out);
}

const struct layer_type layer_attention_pool = {
    .name = "attention_pool",
    .keys = (const char *const[]){NULL},
    .setup = setup,
    .init = init,
    .forward = forward,
    .backward = backward,
    .export = export,
};
