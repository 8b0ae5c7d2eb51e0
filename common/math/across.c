#include "common/math/across.h"

#include "common/math/lanes.h"
#include "common/math/vector.h"

#define HEIGHT 8 /* channels at a time ... */
#define WIDE 2   /* ... by vectors: 16 sums in registers */
#define SIDE 4   /* in across_correlate(): channels ... */
#define TAPS 5   /* ... by taps */
#define SQUARE 16

VECTOR static void turn(const float *x, size_t rows, size_t width, float *y)
{
    for (size_t at = 0; at < width; at += SQUARE)
        for (size_t r = 0; r < rows; r += SQUARE)
            for (size_t j = at; j < width && j < at + SQUARE; j++)
                for (size_t i = r; i < rows && i < r + SQUARE; i++)
                    y[j * rows + i] = x[i * width + j];
}

void across_turn(const float *x, size_t rows, size_t width, float *y)
{
    turn(x, rows, width, y);
}

/* The taps of position t that see a value. */
static void taps_at(const struct across *c, size_t t, size_t *from, size_t *to)
{
    size_t d = c->dilation, end = c->L + c->padding - t;

    *from = t < c->padding ? (c->padding - t + d - 1) / d : 0;
    *to = (end + d - 1) / d;
    *to = *to < c->K ? *to : c->K;
}

/* ---- forward, and dx ---- */

/*
 * Some channels of one position, `wide` vectors of sequences.  Inlined for
 * constant numbers of them, the sums stay in registers.  x and weight are those
 * of tap `from`, channel 0.
 */
INLINE void convolve_block(size_t rows, size_t wide, const struct across *c,
                           size_t n_taps, const float *x, const float *weight,
                           const float *bias, float *y)
{
    size_t reach = c->I * c->K, step = c->dilation * c->n;
    vector sum[HEIGHT][WIDE];

    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t v = 0; v < wide; v++)
        sum[r][v] = (vector){0} + (bias ? bias[r] : 0);
    for (size_t i = 0; i < c->I; i++, x += c->L * c->n, weight += c->K) {
        const float *at = x;

        for (size_t k = 0; k < n_taps; k++, at += step)
            UNROLL
        for (size_t r = 0; r < rows; r++)
            UNROLL
        for (size_t v = 0; v < wide; v++)
            sum[r][v] += weight[r * reach + k] * ((const loose *)at)[v];
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t v = 0; v < wide; v++)
        ((loose *)(y + r * c->M * c->n))[v] = sum[r][v];
}

/* All channels of one position. */
INLINE void convolve_channels(size_t wide, const struct across *c,
                              size_t n_taps, const float *x,
                              const float *weight, const float *bias, float *y)
{
    size_t o = 0, reach = c->I * c->K, row = c->M * c->n;

    for (; o + HEIGHT <= c->O; o += HEIGHT)
        convolve_block(HEIGHT, wide, c, n_taps, x, weight + o * reach,
                       bias ? bias + o : NULL, y + o * row);
    for (; o < c->O; o++)
        convolve_block(1, wide, c, n_taps, x, weight + o * reach,
                       bias ? bias + o : NULL, y + o * row);
}

/* The same for one sequence. */
static void convolve_one(const struct across *c, size_t n_taps, const float *x,
                         const float *weight, const float *bias, float *y)
{
    for (size_t o = 0; o < c->O; o++, y += c->M * c->n) {
        float sum = bias ? bias[o] : 0;

        for (size_t i = 0; i < c->I; i++, weight += c->K)
            for (size_t k = 0; k < n_taps; k++)
                sum += weight[k] * x[(i * c->L + k * c->dilation) * c->n];
        *y = sum;
    }
}

VECTOR static void convolve(const struct across *c, const float *x,
                            const float *weight, const float *bias, float *y)
{
    for (size_t t = 0; t < c->M; t++) {
        size_t from, to, j = 0;
        const float *at;

        taps_at(c, t, &from, &to);
        at = x + (t + from * c->dilation - c->padding) * c->n;
        for (; j + WIDE * LANES <= c->n; j += WIDE * LANES)
            convolve_channels(WIDE, c, to - from, at + j, weight + from, bias,
                              y + t * c->n + j);
        for (; j + LANES <= c->n; j += LANES)
            convolve_channels(1, c, to - from, at + j, weight + from, bias,
                              y + t * c->n + j);
        for (; j < c->n; j++)
            convolve_one(c, to - from, at + j, weight + from, bias,
                         y + t * c->n + j);
    }
}

void across_convolve(const struct across *c, const float *x,
                     const float *weight, const float *bias, float *y)
{
    convolve(c, x, weight, bias, y);
}

/* ---- the weights ---- */

/* What tap k sees from position t. */
INLINE const float *seen(const struct across *c, const float *x, size_t t,
                         size_t k, const float *zeros)
{
    size_t at = t + k * c->dilation;

    return at < c->padding || at >= c->padding + c->L
               ? zeros
               : x + (at - c->padding) * c->n;
}

/* From position t on: positions, one after the other, that see a value with all
 * of some taps; or one alone. */
INLINE size_t run_at(const struct across *c, size_t t, size_t k0, size_t taps)
{
    size_t first = t + k0 * c->dilation,
           last = first + (taps - 1) * c->dilation;
    size_t end = c->padding + c->L;

    if (first < c->padding || last >= end)
        return 1;
    return end - last < c->M - t ? end - last : c->M - t;
}

/* Some output channels by some taps of one input channel. */
INLINE void correlate_block(size_t rows, size_t taps, const struct across *c,
                            size_t k0, const float *x, const float *dy,
                            const float *zeros, float *grad)
{
    vector sum[SIDE][TAPS] = {0};
    float rest[SIDE][TAPS] = {0};

    for (size_t t = 0, run; t < c->M; t += run, dy += run * c->n) {
        const float *at[TAPS];
        size_t j = 0, length;

        run = run_at(c, t, k0, taps);
        length = run * c->n;

        UNROLL
        for (size_t k = 0; k < taps; k++)
            at[k] = seen(c, x, t, k0 + k, zeros);
        for (; j + LANES <= length; j += LANES)
            UNROLL
        for (size_t k = 0; k < taps; k++)
            UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r][k] += *(const loose *)(dy + r * c->M * c->n + j) *
                         *(const loose *)(at[k] + j);
        for (; j < length; j++)
            for (size_t r = 0; r < rows; r++)
                for (size_t k = 0; k < taps; k++)
                    rest[r][k] += dy[r * c->M * c->n + j] * at[k][j];
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t k = 0; k < taps; k++)
        grad[r * c->I * c->K + k] = lanes_total(&sum[r][k]) + rest[r][k];
}

/* All taps of one input channel: by fives, threes, ones. */
INLINE void correlate_taps(size_t rows, const struct across *c, const float *x,
                           const float *dy, const float *zeros, float *grad)
{
    size_t k = 0;

    for (; k + TAPS <= c->K; k += TAPS)
        correlate_block(rows, TAPS, c, k, x, dy, zeros, grad + k);
    for (; k + 3 <= c->K; k += 3)
        correlate_block(rows, 3, c, k, x, dy, zeros, grad + k);
    for (; k < c->K; k++)
        correlate_block(rows, 1, c, k, x, dy, zeros, grad + k);
}

VECTOR static void correlate(const struct across *c, const float *x,
                             const float *dy, const float *zeros, float *grad)
{
    size_t o = 0, in = c->L * c->n, out = c->M * c->n, reach = c->I * c->K;

    for (; o + SIDE <= c->O; o += SIDE)
        for (size_t i = 0; i < c->I; i++)
            correlate_taps(SIDE, c, x + i * in, dy + o * out, zeros,
                           grad + o * reach + i * c->K);
    for (; o < c->O; o++)
        for (size_t i = 0; i < c->I; i++)
            correlate_taps(1, c, x + i * in, dy + o * out, zeros,
                           grad + o * reach + i * c->K);
}

void across_correlate(const struct across *c, const float *x, const float *dy,
                      const float *zeros, float *grad)
{
    correlate(c, x, dy, zeros, grad);
}
