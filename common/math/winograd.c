#include "common/math/winograd.h"

#include "common/math/product.h"
#include "common/math/transpose.h"
#include "common/math/winograd_scheme.h"

#define POSITIONS 256 /* at a time */

static const struct winograd_scheme *scheme_of(size_t dilation, size_t L)
{
    return L <= 2 * dilation ? &winograd_pair : &winograd_four;
}

/* Positions of a phase, the last block filled up. */
static size_t width_of(const struct winograd *c)
{
    size_t all = scheme_of(c->dilation, c->L)->phases * c->dilation;

    return (c->L + all - 1) / all * c->dilation;
}

bool winograd_fits(size_t K, size_t dilation, size_t padding, size_t L)
{
    const struct winograd_scheme *s = scheme_of(dilation, L);
    struct winograd c = {.L = L, .dilation = dilation};
    size_t width = width_of(&c);

    return K == 3 && padding == dilation && L > dilation &&
           s->phases * width <= WINOGRAD_LONGEST &&
           4 * s->parts * width <= 3 * K * L; /* a quarter less: the sums */
}

/* Sequences at a time: as many as make a product worth its start. */
static size_t tile_of(const struct winograd *c)
{
    size_t tile = POSITIONS / c->L;

    tile = tile > 1 ? tile : 1;
    return tile < c->n ? tile : c->n;
}

size_t winograd_weights(const struct winograd *c)
{
    return scheme_of(c->dilation, c->L)->parts * c->I * c->O;
}

size_t winograd_room(const struct winograd *c)
{
    size_t parts = scheme_of(c->dilation, c->L)->parts;

    return (parts * (c->I + c->O) + c->I) * tile_of(c) * width_of(c);
}

void winograd_turn(const struct winograd *c, const float *weight, float *U)
{
    scheme_of(c->dilation, c->L)->turn(weight, c->I * c->O, U);
}

void winograd_turn_back(const struct winograd *c, const float *U_grad,
                        float *grad)
{
    scheme_of(c->dilation, c->L)->turn_back(U_grad, c->I * c->O, grad);
}

/*
 * ---- all channels ----
 *
 * Channel by channel: each part (C, n, width) is then walked in order, which
 * takes half the time of row by row.
 */

/* Of a sequence with C channels. */
static struct winograd_channel channel_of(const struct winograd *c, size_t C)
{
    size_t width = width_of(c);

    return (struct winograd_channel){.n = c->n,
                                     .stride = C * c->L,
                                     .L = c->L,
                                     .d = c->dilation,
                                     .width = width,
                                     .size = C * c->n * width};
}

static void take_all(void (*take)(const struct winograd_channel *c,
                                  const float *x, float *parts),
                     const struct winograd *c, size_t C, const float *x,
                     float *parts)
{
    struct winograd_channel channel = channel_of(c, C);

    for (size_t i = 0; i < C; i++)
        take(&channel, x + i * c->L, parts + i * c->n * channel.width);
}

static void forward_tile(const struct winograd *c, const float *U,
                         const float *bias, const float *x, float *y,
                         float *room)
{
    const struct winograd_scheme *s = scheme_of(c->dilation, c->L);
    struct winograd_channel out = channel_of(c, c->O);
    size_t wide = c->n * out.width;
    float *V = room, *M = room + s->parts * c->I * wide;

    take_all(s->take_input, c, c->I, x, V);
    for (size_t k = 0; k < s->parts; k++)
        product(&(struct product){c->O, wide, c->I, // (O, I), (I, n width)
                                  .a = U + k * c->O * c->I, .row = c->I,
                                  .column = 1, .b = V + k * c->I * wide,
                                  .ldb = wide, .c = M + k * c->O * wide,
                                  .ldc = wide});
    for (size_t o = 0; o < c->O; o++)
        s->give_output(&out, M + o * wide, bias[o], y + o * c->L);
}

static void backward_tile(const struct winograd *c, const float *U,
                          const float *x, const float *dy, bool first,
                          float *dx, float *U_grad, float *room)
{
    const struct winograd_scheme *s = scheme_of(c->dilation, c->L);
    struct winograd_channel in = channel_of(c, c->I);
    size_t wide = c->n * in.width, pairs = c->O * c->I;
    float *V = room, *M = V + s->parts * c->I * wide;
    float *turned = M + s->parts * c->O * wide;

    take_all(s->take_input, c, c->I, x, V);
    take_all(s->take_output, c, c->O, dy, M);
    for (size_t k = 0; k < s->parts; k++, V += c->I * wide, M += c->O * wide) {
        transpose(V, c->I, wide, turned);
        product(&(struct product){c->O, c->I, wide, // (O, n width), (.., I)
                                  .a = M, .row = wide, .column = 1, .b = turned,
                                  .ldb = c->I, .add = !first,
                                  .c = U_grad + k * pairs, .ldc = c->I});
        if (dx)
            product(&(struct product){c->I, wide, c->O, // (O, I)', (O, n width)
                                      .a = U + k * pairs, .row = 1,
                                      .column = c->I, .b = M, .ldb = wide,
                                      .c = V, .ldc = wide});
    }
    for (size_t i = 0; i < c->I && dx; i++)
        s->give_input(&in, room + i * wide, dx + i * c->L);
}

/* Up to `most` of the sequences from i on. */
static struct winograd tile_at(const struct winograd *c, size_t i, size_t most)
{
    struct winograd tile = *c;

    tile.n = c->n - i < most ? c->n - i : most;
    return tile;
}

void winograd_forward(const struct winograd *c, const float *U,
                      const float *bias, const float *x, float *y, float *room)
{
    size_t most = tile_of(c);

    for (size_t i = 0; i < c->n; i += most) {
        struct winograd tile = tile_at(c, i, most);

        forward_tile(&tile, U, bias, x + i * c->I * c->L, y + i * c->O * c->L,
                     room);
    }
}

void winograd_backward(const struct winograd *c, const float *U, const float *x,
                       const float *dy, bool first, float *dx, float *U_grad,
                       float *room)
{
    size_t most = tile_of(c);

    for (size_t i = 0; i < c->n; i += most) {
        struct winograd tile = tile_at(c, i, most);

        backward_tile(&tile, U, x + i * c->I * c->L, dy + i * c->O * c->L,
                      first && i == 0, dx ? dx + i * c->I * c->L : NULL, U_grad,
                      room);
    }
}
