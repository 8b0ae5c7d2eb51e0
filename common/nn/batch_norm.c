/*
 * batch_norm: each channel less its mean, over its standard deviation, times
 * weight, plus bias: what PyTorch calls BatchNorm1d, with its eps of 1e-5 and
 * momentum of .1.
 *
 *     - {type: batch_norm, name: bn}
 *
 * In training mean and variance (biased) are those of the batch, over all its
 * rows and positions, and gradients go through them; running_mean and
 * running_var (unbiased) follow by a tenth of the way each step.  Prediction
 * takes those.  So does training for a batch with one value a channel, which
 * has no variance; it does not move them.  (PyTorch refuses such a batch.)
 *
 * C channels, L positions.  Parameters: weight (C), bias (C); buffers:
 * running_mean (C), running_var (C).
 */
#include <math.h>
#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define EPS 1e-5
#define MOMENTUM .1
#define LONG 32 /* positions */

typedef double wide __attribute__((vector_size(8 * LANES)));
#define SUMS 4 /* vectors side by side */

enum { WEIGHT, BIAS, MEAN, VAR };

/* Where the sums lie: their number, then C each. */
enum { OF_X, OF_XX, OF_DY, OF_DYX, N_SUMS };

static const double *sums_of(const struct layer *l, const double *sums,
                             size_t which)
{
    return sums + 1 + which * l->in.channels;
}

static void fit(struct layer *l)
{
    l->out = l->in;
    l->room = 2 * l->n_in * sizeof(double); /* or 3 of float */
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    size_t C = l->in.channels;

    (void)settings;
    (void)e;
    fit(l);
    layer_param(l, "weight", 1, &C);
    layer_param(l, "bias", 1, &C);
    layer_buffer(l, "running_mean", C);
    layer_buffer(l, "running_var", C);
    l->sums = 1 + N_SUMS * C;
    l->across = ACROSS_KEEPS;
    return 0;
}

static void init(const struct layer *l, struct rng *rng)
{
    (void)rng;
    for (size_t c = 0; c < l->in.channels; c++) {
        l->param[WEIGHT].data[c] = l->param[VAR].data[c] = 1;
        l->param[BIAS].data[c] = l->param[MEAN].data[c] = 0;
    }
}

/* ---- sums ---- */

/* Column by column: long rows, whatever the shape. */
VECTOR static void norm_sums(size_t n, size_t width, const float *restrict a,
                             const float *restrict b, double *restrict sum,
                             double *restrict product)
{
    for (size_t i = 0; i < n; i++, a += width, b += width)
        for (size_t j = 0; j < width; j++) {
            sum[j] += (double)a[j];
            product[j] += (double)a[j] * (double)b[j];
        }
}

/* Channel by channel: with many positions the sums stay in registers. */
VECTOR static void norm_totals(size_t n, size_t C, size_t L, const float *a,
                               const float *b, double *sum, double *product)
{
    for (size_t c = 0; c < C; c++) {
        wide s = {0}, of_product = {0};

        for (size_t i = 0; i < n; i++) {
            const float *x = a + (i * C + c) * L, *y = b + (i * C + c) * L;
            size_t t = 0;

            for (; t + LANES <= L; t += LANES) {
                wide u = __builtin_convertvector(*(const loose *)(x + t), wide);
                wide v = __builtin_convertvector(*(const loose *)(y + t), wide);

                s += u;
                of_product += u * v;
            }
            for (; t < L; t++) {
                s[0] += (double)x[t];
                of_product[0] += (double)x[t] * (double)y[t];
            }
        }
        for (size_t k = 0; k < LANES; k++) {
            sum[c] += s[k];
            product[c] += of_product[k];
        }
    }
}

/* Of a channel that lies across: n values of it. */
VECTOR static void norm_sums_across(size_t n, const float *a, const float *b,
                                    double *sum, double *product)
{
    doubles sums[SUMS] = {0}, products[SUMS] = {0};
    size_t i = 0;

    for (; i + SUMS * DOUBLES <= n; i += SUMS * DOUBLES)
        UNROLL
    for (size_t k = 0; k < SUMS; k++) {
        doubles x =
            __builtin_convertvector(((const loose_half *)(a + i))[k], doubles);

        sums[k] += x;
        products[k] += x * __builtin_convertvector(
                               ((const loose_half *)(b + i))[k], doubles);
    }
    *sum = *product = 0;
    for (; i < n; i++) {
        *sum += (double)a[i];
        *product += (double)a[i] * (double)b[i];
    }
    UNROLL
    for (size_t k = 0; k < SUMS; k++)
        for (size_t j = 0; j < DOUBLES; j++) {
            *sum += sums[k][j];
            *product += products[k][j];
        }
}

static void sum_across(const struct layer *l, const struct pass *p,
                       const float *a, const float *b, double *sum,
                       double *product)
{
    size_t n = p->n * l->in.length;

    for (size_t c = 0; c < l->in.channels; c++)
        norm_sums_across(n, a + c * n, b + c * n, sum + c, product + c);
}

/* Over rows and positions: the sums of a and of a b, each (C). */
static void sum_channels(const struct layer *l, const struct pass *p,
                         const float *a, const float *b, double *sum,
                         double *product)
{
    size_t width = l->n_in, L = l->in.length, C = l->in.channels;
    double *column = p->scratch;

    if (p->across) {
        sum_across(l, p, a, b, sum, product);
        return;
    }
    if (p->done == 0) {
        memset(sum, 0, C * sizeof *sum);
        memset(product, 0, C * sizeof *product);
    }
    if (L >= LONG) {
        norm_totals(p->n, C, L, a, b, sum, product);
        return;
    }
    memset(column, 0, 2 * width * sizeof *column);
    norm_sums(p->n, width, a, b, column, column + width);
    for (size_t c = 0; c < C; c++)
        for (size_t t = 0; t < L; t++) {
            sum[c] += column[c * L + t];
            product[c] += column[width + c * L + t];
        }
}

static void gather(const struct layer *l, const struct pass *p, const float *x)
{
    size_t C = l->in.channels;

    p->sums[0] = (double)((p->done + p->n) * l->in.length);
    sum_channels(l, p, x, x, p->sums + 1 + OF_X * C, p->sums + 1 + OF_XX * C);
}

static void gather_back(const struct layer *l, const struct pass *p,
                        const float *x, const float *dy)
{
    size_t C = l->in.channels;

    sum_channels(l, p, dy, x, p->sums + 1 + OF_DY * C,
                 p->sums + 1 + OF_DYX * C);
}

/* ---- what they say ---- */

struct moments {
    double mean, var;
    double inverse; /* of the standard deviation */
};

static struct moments moments_of(const struct layer *l, const double *total,
                                 size_t c)
{
    struct moments m;

    if (total && total[0] > 1) {
        m.mean = sums_of(l, total, OF_X)[c] / total[0];
        m.var = sums_of(l, total, OF_XX)[c] / total[0] - m.mean * m.mean;
        m.var = m.var < 0 ? 0 : m.var; /* and a NaN stays one */
    } else {
        m.mean = (double)l->param[MEAN].data[c];
        m.var = (double)l->param[VAR].data[c];
    }
    m.inverse = 1 / sqrt(m.var + EPS);
    return m;
}

static void track(const struct layer *l, const double *total)
{
    double n = total[0];

    for (size_t c = 0; c < l->in.channels && n > 1; c++) {
        struct moments m = moments_of(l, total, c);
        float *mean = &l->param[MEAN].data[c], *var = &l->param[VAR].data[c];

        *mean = (float)((1 - MOMENTUM) * (double)*mean + MOMENTUM * m.mean);
        *var = (float)((1 - MOMENTUM) * (double)*var +
                       MOMENTUM * m.var * n / (n - 1));
    }
}

/* ---- the values ---- */

/* A number a channel to each of its positions. */
static void spread(const struct layer *l, size_t c, double value, float *column)
{
    for (size_t t = 0; t < l->in.length; t++)
        column[c * l->in.length + t] = (float)value;
}

VECTOR static void norm_scale(size_t n, size_t width, const float *scale,
                              const float *shift, const float *x, float *y)
{
    for (size_t i = 0; i < n; i++, x += width, y += width) {
        VECTOR_LOOP
        for (size_t j = 0; j < width; j++)
            y[j] = scale[j] * x[j] + shift[j];
    }
}

/* What normalising by these moments scales channel c by, and adds to it. */
static void affine_of(const struct layer *l, const double *total, size_t c,
                      double *scale, double *shift)
{
    struct moments m = moments_of(l, total, c);

    *scale = (double)l->param[WEIGHT].data[c] * m.inverse;
    *shift = (double)l->param[BIAS].data[c] - *scale * m.mean;
}

static void affine(const struct layer *l, double *scale, double *shift)
{
    for (size_t c = 0; c < l->in.channels; c++)
        affine_of(l, NULL, c, &scale[c], &shift[c]);
}

/* The same for a channel that lies across. */
VECTOR static void norm_scale_across(size_t n, float scale, float shift,
                                     const float *x, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = scale * x[i] + shift;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    float *scales = p->scratch, *shifts = scales + l->n_in;
    size_t n = p->n * l->in.length;
    double scale, shift;

    for (size_t c = 0; c < l->in.channels; c++) {
        affine_of(l, p->training ? p->total : NULL, c, &scale, &shift);
        if (p->across) {
            norm_scale_across(n, (float)scale, (float)shift, x + c * n,
                              y + c * n);
            continue;
        }
        spread(l, c, scale, scales);
        spread(l, c, shift, shifts);
    }
    if (!p->across)
        norm_scale(p->n, l->n_in, scales, shifts, x, y);
}

VECTOR static void norm_mix(size_t n, size_t width, const float *of_dy,
                            const float *of_x, const float *shift,
                            const float *dy, const float *x, float *dx)
{
    for (size_t i = 0; i < n; i++, dy += width, x += width, dx += width) {
        VECTOR_LOOP
        for (size_t j = 0; j < width; j++)
            dx[j] = of_dy[j] * dy[j] + of_x[j] * x[j] + shift[j];
    }
}

VECTOR static void norm_mix_across(size_t n, float of_dy, float of_x,
                                   float shift, const float *dy, const float *x,
                                   float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = of_dy * dy[i] + of_x * x[i] + shift;
}

/* The sum of dy times x as normalised, from that of dy x. */
static double sum_normal(const struct layer *l, const double *sums, size_t c,
                         struct moments m)
{
    return (sums_of(l, sums, OF_DYX)[c] - m.mean * sums_of(l, sums, OF_DY)[c]) *
           m.inverse;
}

/*
 * dx = weight/s (dy - mean(dy) - z mean(dy z)), where z = (x - mean)/s: a sum
 * of dy, x and a constant, which differ by channel.
 */
static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    float *of_dy = p->scratch, *of_x = of_dy + l->n_in, *shift = of_x + l->n_in;
    double n = p->total[0];
    size_t line = p->n * l->in.length;

    (void)y;
    for (size_t c = 0; c < l->in.channels; c++) {
        struct moments m = moments_of(l, p->total, c);
        double by = (double)l->param[WEIGHT].data[c] * m.inverse, slope = 0;
        double mean = n > 1 ? sums_of(l, p->total, OF_DY)[c] / n : 0;

        if (n > 1)
            slope = sum_normal(l, p->total, c, m) / n * m.inverse;
        grad[WEIGHT][c] = (float)sum_normal(l, p->sums, c, m);
        grad[BIAS][c] = (float)sums_of(l, p->sums, OF_DY)[c];
        if (dx && p->across)
            norm_mix_across(line, (float)by, (float)(-by * slope),
                            (float)(by * (slope * m.mean - mean)),
                            dy + c * line, x + c * line, dx + c * line);
        spread(l, c, by, of_dy);
        spread(l, c, -by * slope, of_x);
        spread(l, c, by * (slope * m.mean - mean), shift);
    }
    if (dx && !p->across)
        norm_mix(p->n, l->n_in, of_dy, of_x, shift, dy, x, dx);
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    struct op *o = opgraph_op(g, "BatchNormalization", x[0], NULL);

    for (int i = 0; i < l->n_params; i++) // weight, bias, mean, variance
        op_input(o, opgraph_tensor(g, &l->param[i]));
    op_float(o, "epsilon", (float)EPS);
    return o->out;
}

const struct layer_type layer_batch_norm = {
    .name = "batch_norm",
    .keys = (const char *const[]){NULL},
    .in_place_predicting = true,
    .by_rows = true,
    .setup = setup,
    .fit = fit,
    .affine = affine,
    .init = init,
    .gather = gather,
    .gather_back = gather_back,
    .track = track,
    .forward = forward,
    .backward = backward,
    .export = export,
};
