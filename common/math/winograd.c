#include "common/math/winograd.h"

#include <string.h>

#include "common/math/blas.h"
#include "common/math/lanes.h"
#include "common/math/vector.h"

#define PARTS 4
#define MAX_HALF 512 /* half of the longest sequence */

bool winograd_fits(size_t K, size_t dilation, size_t padding, size_t L)
{
    return K == 3 && padding == dilation && L % (2 * dilation) == 0 &&
           L / 2 <= MAX_HALF;
}

size_t winograd_room(const struct winograd *c)
{
    return PARTS * (c->I + c->O) * c->n * c->L / 2;
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

/* What is before and behind a sequence. */
static const float nothing[MAX_HALF];

/* Blocks that make vectors of their own, where they lie. */
INLINE void take_blocks(size_t d, const float *x, size_t half,
                        float *restrict V, size_t size)
{
    for (size_t q = 0; q < half; q += d) {
        const float *even = x + 2 * q, *odd = even + d;
        const float *before = q > 0 ? even - d : nothing;
        const float *behind = q + d < half ? odd + d : nothing;

        VECTOR_LOOP
        for (size_t p = 0; p < d; p++) {
            V[q + p] = before[p] - odd[p];
            V[size + q + p] = even[p] + odd[p];
            V[2 * size + q + p] = odd[p] - even[p];
            V[3 * size + q + p] = even[p] - behind[p];
        }
    }
}

INLINE void take_halves(size_t d, const float *x, size_t half,
                        float *restrict V, size_t size)
{
    float even[2 * MAX_HALF], odd_room[2 * MAX_HALF], *odd = odd_room + d;

    for (size_t p = 0; p < d; p++)
        odd_room[p] = even[half + p] = 0;
    split_by(d, x, half, even, odd);
    VECTOR_LOOP
    for (size_t q = 0; q < half; q++) {
        V[q] = odd_room[q] - odd[q];
        V[size + q] = even[q] + odd[q];
        V[2 * size + q] = odd[q] - even[q];
        V[3 * size + q] = even[q] - even[q + d];
    }
}

/* One channel of one sequence into its places in V (4, size): x0 and x2 are the
 * odd half, x1 and x3 the even one. */
VECTOR static void take_input(const float *x, size_t d, size_t half,
                              float *restrict V, size_t size)
{
    switch (d) {
    case 1:
        take_halves(1, x, half, V, size);
        break;
    case 2:
        take_halves(2, x, half, V, size);
        break;
    case 4:
        take_halves(4, x, half, V, size);
        break;
    case 8:
        take_blocks(8, x, half, V, size);
        break;
    case 16:
        take_blocks(16, x, half, V, size);
        break;
    default:
        take_blocks(d, x, half, V, size);
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

/* ---- all of them ---- */

/* Where channel c of sequence r lies in a part (C, n, half). */
static size_t place(const struct winograd *c, size_t channel, size_t r)
{
    return (channel * c->n + r) * c->L / 2;
}

static void take_inputs(const struct winograd *c, const float *x, float *V)
{
    size_t size = c->I * c->n * c->L / 2;

    for (size_t i = 0; i < c->I; i++) /* V is written along its rows */
        for (size_t r = 0; r < c->n; r++)
            take_input(x + (r * c->I + i) * c->L, c->dilation, c->L / 2,
                       V + place(c, i, r), size);
}

static void give_inputs(const struct winograd *c, const float *V, float *dx)
{
    size_t size = c->I * c->n * c->L / 2;

    for (size_t r = 0; r < c->n; r++)
        for (size_t i = 0; i < c->I; i++, dx += c->L)
            give_input(V + place(c, i, r), size, c->dilation, c->L / 2, dx);
}

void winograd_forward(const struct winograd *c, const float *U,
                      const float *bias, const float *x, float *y, float *room)
{
    size_t wide = c->n * c->L / 2, size = c->O * wide;
    float *V = room, *M = room + PARTS * c->I * wide;

    take_inputs(c, x, V);
    for (size_t k = 0; k < PARTS; k++)
        blas_gemm(false, false, c->O, wide, c->I, U + k * c->O * c->I, // (O, I)
                  V + k * c->I * wide, 0, M + k * size); // (I, n L/2)
    for (size_t o = 0; o < c->O; o++)
        for (size_t r = 0; r < c->n; r++)
            give_output(M + place(c, o, r), size, bias[o], c->dilation,
                        c->L / 2, y + (r * c->O + o) * c->L);
}

void winograd_backward(const struct winograd *c, const float *U, const float *x,
                       const float *dy, bool first, float *dx, float *U_grad,
                       float *room)
{
    size_t wide = c->n * c->L / 2, size = c->O * wide, pairs = c->O * c->I;
    float *V = room, *M = room + PARTS * c->I * wide;

    take_inputs(c, x, V);
    for (size_t r = 0; r < c->n; r++)
        for (size_t o = 0; o < c->O; o++, dy += c->L)
            take_output(dy, c->dilation, c->L / 2, M + place(c, o, r), size);
    for (size_t k = 0; k < PARTS; k++) {
        blas_gemm(false, true, c->O, c->I, wide, M + k * size,
                  V + k * c->I * wide, !first, U_grad + k * pairs);
        if (dx)
            blas_gemm(true, false, c->I, wide, c->O, U + k * pairs,
                      M + k * size, 0, V + k * c->I * wide);
    }
    if (dx)
        give_inputs(c, V, dx);
}
