/*
 * dropout: in training each value is zeroed with probability `rate`, and the
 * others are scaled so that the mean stays; else y = x.
 *
 *     - {type: dropout, rate: 0.3}
 *
 * Which are zeroed follows from (seed, step, layer, row, value) alone.  Each
 * value takes 16 of the 64 bits of a draw, so the rate is exact to 2^-16; the
 * scale is that of the rate as rounded.
 *
 * Behind a relu that nothing else reads it does in training what that one does
 * as well, and need not keep what it zeroed: the gradient goes where y > 0.
 */
#include "common/nn/dropout.h"

#include <math.h>
#include <string.h>

#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

uint64_t dropout_key(const struct layer *l, const struct pass *p, size_t row)
{
    uint64_t layer = rng_mix(p->seed ^ 0x64726f70) + (uint64_t)l->index;

    return rng_at(layer, p->step, p->row + row);
}

VECTOR static void draw_bits(uint64_t key, uint64_t index, uint16_t *bits)
{
    uint64_t word[DROPOUT_DRAW / 4];

    for (uint64_t i = 0; i < DROPOUT_DRAW / 4; i++)
        word[i] = rng_mix(key + index + i);
    memcpy(bits, word, sizeof word);
}

void dropout_draw(uint64_t key, size_t at, uint16_t bits[DROPOUT_DRAW])
{
    draw_bits(key, at / 4, bits);
}

uint16_t dropout_limit(const struct layer *l)
{
    return (uint16_t)lrint(l->rate * 65536);
}

float dropout_scale(const struct layer *l)
{
    return 65536.f / (65536.f - (float)dropout_limit(l));
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    l->rate = .5;
    if (node_real(settings, "rate", 0, .99, &l->rate, e))
        return -1;
    l->out = l->in;
    l->scratch = l->n_in * sizeof(float); /* what each value is scaled by */
    return 0;
}

VECTOR static void thin(size_t n, const uint16_t *bits, uint16_t limit,
                        float scale, const float *x, float *y, float *factor)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        factor[i] = bits[i] >= limit ? scale : 0;
        y[i] = x[i] * factor[i];
    }
}

/* relu and dropout in one. */
VECTOR static void cut_thin(size_t n, const uint16_t *bits, uint16_t limit,
                            float scale, const float *x, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float factor = bits[i] >= limit ? scale : 0;
        float left = x[i] < 0 ? 0 : x[i];

        y[i] = left * factor; // a product under a condition is no vector
    }
}

/* What is left of both tells where they let through. */
VECTOR static void cut_multiply(size_t n, float scale, const float *y,
                                const float *dy, float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = y[i] > 0 ? dy[i] * scale : 0;
}

VECTOR static void multiply(size_t n, const float *factor, const float *dy,
                            float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * factor[i];
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    float *factor = p->scratch;
    uint16_t bits[DROPOUT_DRAW];

    if (!p->training) {
        if (x != y)
            memcpy(y, x, p->n * l->n_in * sizeof *y);
        return;
    }
    for (size_t i = 0; i < p->n; i++, x += l->n_in, y += l->n_in) {
        uint64_t key = dropout_key(l, p, i);

        for (size_t j = 0; j < l->n_in; j += DROPOUT_DRAW) {
            size_t n = l->n_in - j < DROPOUT_DRAW ? l->n_in - j : DROPOUT_DRAW;

            dropout_draw(key, j, bits);
            if (l->fused)
                cut_thin(n, bits, dropout_limit(l), dropout_scale(l), x + j,
                         y + j);
            else
                thin(n, bits, dropout_limit(l), dropout_scale(l), x + j, y + j,
                     factor + i * l->n_in + j);
        }
    }
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)grad;
    if (l->fused)
        cut_multiply(p->n * l->n_in, dropout_scale(l), y, dy, dx);
    else
        multiply(p->n * l->n_in, p->scratch, dy, dx);
}

const struct layer_type layer_dropout = {
    .name = "dropout",
    .keys = (const char *const[]){"rate", NULL},
    .in_place = true,
    .by_rows = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export_nothing,
};
