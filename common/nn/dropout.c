/*
 * dropout: in training each value is zeroed with probability `rate`, and the
 * others are scaled so that the mean stays; else y = x.
 *
 *     - {type: dropout, rate: 0.3}
 *
 * Which are zeroed follows from (seed, step, layer, row, value) alone.  Each
 * value takes 16 of the 64 bits of a draw, so the rate is exact to 2^-16; the
 * scale is that of the rate as rounded.
 */
#include <math.h>
#include <string.h>

#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define DRAW 32 /* values drawn at a time */

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    l->rate = .5;
    if (node_real(settings, "rate", 0, .99, &l->rate, e))
        return -1;
    l->out = l->in;
    l->scratch = l->n_in * sizeof(float); /* what each value is scaled by */
    return 0;
}

VECTOR static void draw(uint64_t key, uint64_t index, uint16_t bits[DRAW])
{
    uint64_t word[DRAW / 4];

    for (uint64_t i = 0; i < DRAW / 4; i++)
        word[i] = rng_mix(key + index + i);
    memcpy(bits, word, sizeof word);
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

VECTOR static void multiply(size_t n, const float *factor, const float *dy,
                            float *dx)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * factor[i];
}

static uint16_t limit_of(const struct layer *l)
{
    return (uint16_t)lrint(l->rate * 65536);
}

static float scale_of(const struct layer *l)
{
    return 65536.f / (65536.f - (float)limit_of(l));
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    uint64_t layer = rng_mix(p->seed ^ 0x64726f70) + (uint64_t)l->index;
    float *factor = p->scratch;
    uint16_t bits[DRAW];

    if (!p->training) {
        if (x != y)
            memcpy(y, x, p->n * l->n_in * sizeof *y);
        return;
    }
    for (size_t i = 0; i < p->n; i++, x += l->n_in, y += l->n_in) {
        uint64_t key = rng_at(layer, p->step, p->row + i);

        for (size_t j = 0; j < l->n_in; j += DRAW) {
            size_t n = l->n_in - j < DRAW ? l->n_in - j : DRAW;

            draw(key, j / 4, bits);
            thin(n, bits, limit_of(l), scale_of(l), x + j, y + j, factor);
            factor += n;
        }
    }
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)y;
    (void)grad;
    multiply(p->n * l->n_in, p->scratch, dy, dx);
}

const struct layer_type layer_dropout = {
    .name = "dropout",
    .keys = (const char *const[]){"rate", NULL},
    .in_place = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export_nothing,
};
