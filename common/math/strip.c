#include "common/math/strip.h"

#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"

#define VECTORS 3
#define WIDTH (VECTORS * LANES) /* positions at a time */
#define HEIGHT 8                /* channels at a time: 24 sums in registers */
#define SIDE 4                  /* of a square of sums, in strip_correlate() */

size_t strip_stride(size_t n, size_t pitch, size_t gap)
{
    return (n * pitch + gap + WIDTH - 1) / WIDTH * WIDTH;
}

size_t strip_size(size_t channels, size_t stride, size_t reach)
{
    return channels * stride + reach + WIDTH;
}

static void zero(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 0;
}

void strip_fill(const struct strip *s, const float *x, size_t channels,
                size_t length, size_t gap, size_t reach, float *strip)
{
    size_t used = gap + s->n * s->pitch;

    for (size_t c = 0; c < channels; c++, strip += s->stride) {
        const float *from = x + c * length;
        float *to = strip + gap;

        zero(strip, gap);
        for (size_t i = 0; i < s->n; i++) {
            memcpy(to, from, length * sizeof *to);
            zero(to + length, s->pitch - length);
            to += s->pitch;
            from += channels * length;
        }
        zero(to, s->stride - used);
    }
    zero(strip, strip_size(0, 0, reach));
}

void strip_take(const struct strip *s, const float *strip, size_t channels,
                size_t length, float *x)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t c = 0; c < channels; c++, x += length)
            memcpy(x, strip + c * s->stride + i * s->pitch, length * sizeof *x);
}

/*
 * WIDTH positions of some channels.  Inlined for a constant number of them,
 * the sums stay in registers.
 */
INLINE void convolve_rows(size_t rows, const struct taps *c, const float *x,
                          size_t stride, const float *weight, const float *bias,
                          float *y)
{
    size_t reach = c->I * c->K;
    vector sum[HEIGHT][VECTORS];

    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        sum[r][v] = (vector){0} + (bias ? bias[r] : 0);
    for (size_t i = 0; i < c->I; i++, x += stride)
        for (size_t k = 0; k < c->K; k++, weight++) {
            const loose *at = (const loose *)(x + k * c->dilation);
            vector row[VECTORS];

            UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                row[v] = at[v];
            UNROLL
            for (size_t r = 0; r < rows; r++)
                UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                sum[r][v] += weight[r * reach] * row[v];
        }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        ((loose *)(y + r * stride))[v] = sum[r][v];
}

VECTOR static void convolve(const struct strip *s, const struct taps *c,
                            const float *x, const float *weight,
                            const float *bias, float *y)
{
    size_t reach = c->I * c->K, end = s->n * s->pitch - s->tail;

    for (size_t t = 0; t < end; t += WIDTH) {
        size_t o = 0;

        for (; o + HEIGHT <= c->O; o += HEIGHT)
            convolve_rows(HEIGHT, c, x + t, s->stride, weight + o * reach,
                          bias ? bias + o : NULL, y + o * s->stride + t);
        for (; o < c->O; o++)
            convolve_rows(1, c, x + t, s->stride, weight + o * reach,
                          bias ? bias + o : NULL, y + o * s->stride + t);
    }
}

/* Some output channels by some taps of one input channel. */
INLINE void correlate_block(size_t rows, size_t taps, const struct taps *c,
                            const float *x, const float *dy, size_t stride,
                            size_t length, float *grad)
{
    vector sum[SIDE][SIDE] = {0}, a[SIDE], b[SIDE];

    for (size_t t = 0; t < length; t += LANES) {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            a[r] = *(const loose *)(dy + r * stride + t);
        UNROLL
        for (size_t k = 0; k < taps; k++)
            b[k] = *(const loose *)(x + k * c->dilation + t);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            UNROLL
        for (size_t k = 0; k < taps; k++)
            sum[r][k] += a[r] * b[k];
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t k = 0; k < taps; k++)
        grad[r * c->I * c->K + k] += lanes_total(&sum[r][k]);
}

/* All taps of one input channel: by fours, threes (a kernel of 3), ones. */
INLINE void correlate_taps(size_t rows, const struct taps *c, const float *x,
                           const float *dy, size_t stride, size_t length,
                           float *grad)
{
    size_t k = 0;

    for (; k + 4 <= c->K; k += 4)
        correlate_block(rows, 4, c, x + k * c->dilation, dy, stride, length,
                        grad + k);
    for (; k + 3 <= c->K; k += 3)
        correlate_block(rows, 3, c, x + k * c->dilation, dy, stride, length,
                        grad + k);
    for (; k < c->K; k++)
        correlate_block(rows, 1, c, x + k * c->dilation, dy, stride, length,
                        grad + k);
}

VECTOR static void correlate(const struct strip *s, const struct taps *c,
                             const float *x, const float *dy,
                             float *weight_grad)
{
    size_t reach = c->I * c->K, length = s->n * s->pitch, o = 0;

    for (; o + SIDE <= c->O; o += SIDE)
        for (size_t i = 0; i < c->I; i++)
            correlate_taps(SIDE, c, x + i * s->stride, dy + o * s->stride,
                           s->stride, length,
                           weight_grad + o * reach + i * c->K);
    for (; o < c->O; o++)
        for (size_t i = 0; i < c->I; i++)
            correlate_taps(1, c, x + i * s->stride, dy + o * s->stride,
                           s->stride, length,
                           weight_grad + o * reach + i * c->K);
}

void strip_convolve(const struct strip *s, const struct taps *c, const float *x,
                    const float *weight, const float *bias, float *y)
{
    convolve(s, c, x, weight, bias, y);
}

void strip_correlate(const struct strip *s, const struct taps *c,
                     const float *x, const float *dy, float *weight_grad)
{
    correlate(s, c, x, dy, weight_grad);
}

void strip_turn(const struct taps *taps, const float *weight, float *turned)
{
    size_t O = taps->O, I = taps->I, K = taps->K;

    for (size_t o = 0; o < O; o++)
        for (size_t i = 0; i < I; i++)
            for (size_t k = 0; k < K; k++)
                turned[(i * O + o) * K + k] =
                    weight[(o * I + i) * K + K - 1 - k];
}
