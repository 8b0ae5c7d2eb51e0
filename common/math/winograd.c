#include "common/math/winograd.h"

#include "common/math/lanes.h"
#include "common/math/product.h"
#include "common/math/transpose.h"
#include "common/math/vector.h"

#define PARTS 4
#define MAX_HALF 512 /* half of the longest sequence */
#define PAIRS 128    /* of positions, at a time */

bool winograd_fits(size_t K, size_t dilation, size_t padding, size_t L)
{
    return K == 3 && padding == dilation && L % (2 * dilation) == 0 &&
           L / 2 <= MAX_HALF;
}

/* Sequences at a time: as many as make a product worth its start. */
static size_t tile_of(const struct winograd *c)
{
    size_t tile = 2 * PAIRS / c->L;

    tile = tile > 1 ? tile : 1;
    return tile < c->n ? tile : c->n;
}

size_t winograd_room(const struct winograd *c)
{
    return (PARTS * (c->I + c->O) + c->I) * tile_of(c) * c->L / 2;
}

VECTOR static void turn_weights(const float *weight, size_t n, float *U)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float a = weight[3 * i], b = weight[3 * i + 1], c = weight[3 * i + 2];

        U[i] = a;
        U[n + i] = (a + b + c) / 2;
        U[2 * n + i] = (a - b + c) / 2;
        U[3 * n + i] = c;
    }
}

void winograd_turn(const float *weight, size_t n_pairs, float *U)
{
    turn_weights(weight, n_pairs, U);
}

VECTOR static void turn_slopes(const float *U, size_t n, float *grad)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float sum = (U[n + i] + U[2 * n + i]) / 2;

        grad[3 * i] = U[i] + sum;
        grad[3 * i + 1] = (U[n + i] - U[2 * n + i]) / 2;
        grad[3 * i + 2] = sum + U[3 * n + i];
    }
}

void winograd_turn_back(const float *U_grad, size_t n_pairs, float *grad)
{
    turn_slopes(U_grad, n_pairs, grad);
}

/* ---- a sequence in two halves: its blocks of `dilation` values in turn ----
 */

INLINE void split_by(size_t d, const float *x, size_t half, float *even,
                     float *odd)
{
    for (size_t q = 0; q < half; q += d)
        for (size_t p = 0; p < d; p++) {
            even[q + p] = x[2 * q + p];
            odd[q + p] = x[2 * q + d + p];
        }
}

INLINE void join_by(size_t d, const float *even, const float *odd, size_t half,
                    float *x)
{
    for (size_t q = 0; q < half; q += d)
        for (size_t p = 0; p < d; p++) {
            x[2 * q + p] = even[q + p];
            x[2 * q + d + p] = odd[q + p];
        }
}

/* Inlined for a constant distance, the moves are of whole blocks. */
INLINE void split(size_t d, const float *x, size_t half, float *restrict even,
                  float *restrict odd)
{
    switch (d) {
    case 1:
        split_by(1, x, half, even, odd);
        break;
    case 2:
        split_by(2, x, half, even, odd);
        break;
    case 4:
        split_by(4, x, half, even, odd);
        break;
    case 8:
        split_by(8, x, half, even, odd);
        break;
    default:
        split_by(d, x, half, even, odd);
    }
}

INLINE void join(size_t d, const float *even, const float *odd, size_t half,
                 float *restrict x)
{
    switch (d) {
    case 1:
        join_by(1, even, odd, half, x);
        break;
    case 2:
        join_by(2, even, odd, half, x);
        break;
    case 4:
        join_by(4, even, odd, half, x);
        break;
    case 8:
        join_by(8, even, odd, half, x);
        break;
    default:
        join_by(d, even, odd, half, x);
    }
}

/* ---- the sums and differences ---- */

/* One channel of one sequence into its places in V (4, size): x0 and x2 are the
 * odd half, x1 and x3 the even one. */
VECTOR static void take_input(const float *x, size_t d, size_t half,
                              float *restrict V, size_t size)
{
    float even[2 * MAX_HALF], odd_room[2 * MAX_HALF], *odd = odd_room + d;

    for (size_t p = 0; p < d; p++)
        odd_room[p] = even[half + p] = 0;
    split(d, x, half, even, odd);
    VECTOR_LOOP
    for (size_t q = 0; q < half; q++) {
        V[q] = odd_room[q] - odd[q];
        V[size + q] = even[q] + odd[q];
        V[2 * size + q] = odd[q] - even[q];
        V[3 * size + q] = even[q] - even[q + d];
    }
}

/* And its gradient back from there. */
VECTOR static void give_input(const float *V, size_t size, size_t d,
                              size_t half, float *x)
{
    const float *a = V, *b = V + size, *c = b + size, *e = c + size;
    float even[MAX_HALF], odd[MAX_HALF];

    VECTOR_LOOP
    for (size_t q = 0; q < half; q++) {
        even[q] = b[q] - c[q] + e[q];
        odd[q] = b[q] + c[q] - a[q];
    }
    VECTOR_LOOP
    for (size_t q = 0; q < half - d; q++) {
        even[q + d] -= e[q];
        odd[q] += a[q + d];
    }
    join(d, even, odd, half, x);
}

VECTOR static void give_output(const float *M, size_t size, float bias,
                               size_t d, size_t half, float *y)
{
    float even[MAX_HALF], odd[MAX_HALF];

    VECTOR_LOOP
    for (size_t q = 0; q < half; q++) {
        even[q] = M[q] + M[size + q] + M[2 * size + q] + bias;
        odd[q] = M[size + q] - M[2 * size + q] - M[3 * size + q] + bias;
    }
    join(d, even, odd, half, y);
}

VECTOR static void take_output(const float *dy, size_t d, size_t half,
                               float *restrict M, size_t size)
{
    float even[MAX_HALF], odd[MAX_HALF];

    split(d, dy, half, even, odd);
    VECTOR_LOOP
    for (size_t q = 0; q < half; q++) {
        M[q] = even[q];
        M[size + q] = even[q] + odd[q];
        M[2 * size + q] = even[q] - odd[q];
        M[3 * size + q] = -odd[q];
    }
}

/*
 * ---- all of them ----
 *
 * Channel by channel: each part (C, n, half) is then walked in order, which
 * takes half the time of row by row.
 */

static void take_inputs(const struct winograd *c, const float *x, float *V)
{
    size_t half = c->L / 2, size = c->I * c->n * half;

    for (size_t i = 0; i < c->I; i++)
        for (size_t r = 0; r < c->n; r++, V += half)
            take_input(x + (r * c->I + i) * c->L, c->dilation, half, V, size);
}

static void give_inputs(const struct winograd *c, const float *V, float *dx)
{
    size_t half = c->L / 2, size = c->I * c->n * half;

    for (size_t i = 0; i < c->I; i++)
        for (size_t r = 0; r < c->n; r++, V += half)
            give_input(V, size, c->dilation, half, dx + (r * c->I + i) * c->L);
}

static void give_outputs(const struct winograd *c, const float *M,
                         const float *bias, float *y)
{
    size_t half = c->L / 2, size = c->O * c->n * half;

    for (size_t o = 0; o < c->O; o++)
        for (size_t r = 0; r < c->n; r++, M += half)
            give_output(M, size, bias[o], c->dilation, half,
                        y + (r * c->O + o) * c->L);
}

static void take_outputs(const struct winograd *c, const float *dy, float *M)
{
    size_t half = c->L / 2, size = c->O * c->n * half;

    for (size_t o = 0; o < c->O; o++)
        for (size_t r = 0; r < c->n; r++, M += half)
            take_output(dy + (r * c->O + o) * c->L, c->dilation, half, M, size);
}

static void forward_tile(const struct winograd *c, const float *U,
                         const float *bias, const float *x, float *y,
                         float *room)
{
    size_t wide = c->n * c->L / 2;
    float *V = room, *M = room + PARTS * c->I * wide;

    take_inputs(c, x, V);
    for (size_t k = 0; k < PARTS; k++)
        product(&(struct product){c->O, wide, c->I, // (O, I), (I, n L/2)
                                  .a = U + k * c->O * c->I, .row = c->I,
                                  .column = 1, .b = V + k * c->I * wide,
                                  .ldb = wide, .c = M + k * c->O * wide,
                                  .ldc = wide});
    give_outputs(c, M, bias, y);
}

static void backward_tile(const struct winograd *c, const float *U,
                          const float *x, const float *dy, bool first,
                          float *dx, float *U_grad, float *room)
{
    size_t wide = c->n * c->L / 2, pairs = c->O * c->I;
    float *V = room, *M = V + PARTS * c->I * wide;
    float *turned = M + PARTS * c->O * wide;

    take_inputs(c, x, V);
    take_outputs(c, dy, M);
    for (size_t k = 0; k < PARTS; k++, V += c->I * wide, M += c->O * wide) {
        transpose(V, c->I, wide, turned);
        product(&(struct product){c->O, c->I, wide, // (O, n L/2), (n L/2, I)
                                  .a = M, .row = wide, .column = 1, .b = turned,
                                  .ldb = c->I, .add = !first,
                                  .c = U_grad + k * pairs, .ldc = c->I});
        if (dx)
            product(&(struct product){c->I, wide, c->O, // (O, I)', (O, n L/2)
                                      .a = U + k * pairs, .row = 1,
                                      .column = c->I, .b = M, .ldb = wide,
                                      .c = V, .ldc = wide});
    }
    if (dx)
        give_inputs(c, room, dx);
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
