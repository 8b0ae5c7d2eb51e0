/*
 * dense: y = x W' + b, what PyTorch calls Linear.
 *
 *     - {type: dense, name: enc.0, out: 512}
 *     - {type: dense, out: targets}    # one for each power domain
 *     - {type: dense, out: machines}   # in a branch: one for each machine
 *
 * n rows, I inputs, O outputs.  Parameters: weight (O, I), bias (O).
 */
#include <math.h>
#include <string.h>

#include "common/math/across.h"
#include "common/math/blas.h"
#include "common/math/panel.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define MAX_OUT 65536

enum { WEIGHT, BIAS };

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t out = 0;

    if (layer_read_out(l, settings, MAX_OUT, &out, e))
        return -1;
    if (out == 0)
        return node_error(settings, e, "dense: give `out`, its outputs");
    l->out = (struct shape){(size_t)out, 1};
    layer_param(l, "weight", 2, (size_t[]){(size_t)out, l->n_in});
    layer_param(l, "bias", 1, (size_t[]){(size_t)out});
    l->across = ACROSS_READS;
    l->scratch = l->n_in * sizeof(float);
    l->packed = panel_usable() ? panel_size((size_t)out, l->n_in) : 0;
    return 0;
}

/* Both from U(-1/sqrt(I), 1/sqrt(I)), as PyTorch does unless told otherwise. */
static void init(const struct layer *l, struct rng *rng)
{
    double bound = 1 / sqrt((double)l->n_in);

    for (int i = 0; i < l->n_params; i++)
        for (size_t j = 0; j < tensor_count(&l->param[i]); j++)
            l->param[i].data[j] = (float)rng_uniform(rng, -bound, bound);
}

static void pack(const struct layer *l, float *packed)
{
    panel_pack(l->param[WEIGHT].data, l->param[BIAS].data, l->n_out, l->n_in,
               packed);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (p->packed && p->across_in) {
        across_turn(x, l->n_in, p->n, p->scratch);
        x = p->scratch;
    }
    if (p->packed) {
        panel_multiply(x, p->packed, p->n, l->n_out, l->n_in, y);
        return;
    }
    for (size_t i = 0; i < p->n; i++)
        memcpy(y + i * l->n_out, l->param[BIAS].data, l->n_out * sizeof *y);
    blas_gemm(p->across_in, true, p->n, l->n_out, l->n_in, x, // (n, I)
              l->param[WEIGHT].data, 1, y);                   // (O, I), (n, O)
}

VECTOR static void sum_rows(const float *restrict x, size_t n, size_t width,
                            float *restrict sum)
{
    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < n; i++, x += width)
        for (size_t j = 0; j < width; j++)
            sum[j] += x[j];
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)y;
    blas_gemm(true, p->across_in, l->n_out, l->n_in, p->n, dy, x, 0,
              grad[WEIGHT]);
    sum_rows(dy, p->n, l->n_out, grad[BIAS]);
    if (dx && p->across_in)
        blas_gemm(true, true, l->n_in, p->n, l->n_out, l->param[WEIGHT].data,
                  dy, 0, dx); // (I, O), (O, n), (I, n)
    else if (dx)
        blas_gemm(false, false, p->n, l->n_in, l->n_out, dy, // (n, O)
                  l->param[WEIGHT].data, 0, dx);             // (O, I), (n, I)
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    const char *weight = opgraph_tensor(g, &l->param[WEIGHT]);
    const char *bias = opgraph_tensor(g, &l->param[BIAS]);
    struct op *o =
        opgraph_op(g, "Gemm", export_flat(g, l->in, x[0]), weight, bias, NULL);

    op_int(o, "transB", 1);
    return o->out;
}

const struct layer_type layer_dense = {
    .name = "dense",
    .keys = (const char *const[]){"out", NULL},
    .setup = setup,
    .linear = true,
    .init = init,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .export = export,
};
