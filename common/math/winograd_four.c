/*
 * Winograd's F(4,3): four outputs of the six values x0 ... x5 that they see,
 *
 *     y[k] = w0 x[k] + w1 x[k+1] + w2 x[k+2],
 *
 * as products of polynomials are taken, from their values at 0, +-A, +-B and at
 * infinity.  A and B of 3/4 and 3/2 keep rounding lower than the usual 1 and 2.
 */
#include <stdbool.h>
#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"
#include "common/math/winograd_scheme.h"

#define A .75f
#define B 1.5f
#define A2 (A * A)
#define B2 (B * B)
#define SUM (A2 + B2)
#define PRODUCT (A2 * B2)
#define BY_A                                                            \
    (1 / (2 * A2 * (A2 - B2))) /* one over the product of the distances \
                                  of that point from the others */
#define BY_B (1 / (2 * B2 * (B2 - A2)))

enum { PHASES = 4, WIDEST = WINOGRAD_LONGEST / PHASES };

/* ---- weights ---- */

VECTOR static void four_turn(const float *weight, size_t n, float *U)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float a = weight[3 * i], b = weight[3 * i + 1], c = weight[3 * i + 2];
        float even_a = BY_A * (a + A2 * c), odd_a = BY_A * A * b;
        float even_b = BY_B * (a + B2 * c), odd_b = BY_B * B * b;

        U[i] = a * (1 / PRODUCT);
        U[n + i] = even_a + odd_a;
        U[2 * n + i] = even_a - odd_a;
        U[3 * n + i] = even_b + odd_b;
        U[4 * n + i] = even_b - odd_b;
        U[5 * n + i] = c;
    }
}

static void turn(const float *weight, size_t n, float *U)
{
    four_turn(weight, n, U);
}

VECTOR static void four_turn_back(const float *U, size_t n, float *grad)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float even_a = BY_A * (U[n + i] + U[2 * n + i]);
        float even_b = BY_B * (U[3 * n + i] + U[4 * n + i]);

        grad[3 * i] = U[i] * (1 / PRODUCT) + even_a + even_b;
        grad[3 * i + 1] = BY_A * A * (U[n + i] - U[2 * n + i]) +
                          BY_B * B * (U[3 * n + i] - U[4 * n + i]);
        grad[3 * i + 2] = A2 * even_a + B2 * even_b + U[5 * n + i];
    }
}

static void turn_back(const float *U, size_t n, float *grad)
{
    four_turn_back(U, n, grad);
}

/* ---- a sequence in four phases: its blocks of d values in turn ---- */

/* Room for a phase and a block of zeros. */
struct phase {
    float at[2 * WIDEST];
};

INLINE void split_by(size_t d, const float *x, size_t width, float *restrict p0,
                     float *restrict p1, float *restrict p2, float *restrict p3)
{
    for (size_t q = 0; q < width; q += d)
        for (size_t p = 0; p < d; p++) {
            p0[q + p] = x[4 * q + p];
            p1[q + p] = x[4 * q + d + p];
            p2[q + p] = x[4 * q + 2 * d + p];
            p3[q + p] = x[4 * q + 3 * d + p];
        }
}

INLINE void join_by(size_t d, const float *p0, const float *p1, const float *p2,
                    const float *p3, size_t width, float *restrict x)
{
    for (size_t q = 0; q < width; q += d)
        for (size_t p = 0; p < d; p++) {
            x[4 * q + p] = p0[q + p];
            x[4 * q + d + p] = p1[q + p];
            x[4 * q + 2 * d + p] = p2[q + p];
            x[4 * q + 3 * d + p] = p3[q + p];
        }
}

/* Inlined for a constant distance, the moves are of whole blocks. */
INLINE void split(const struct winograd_channel *c, const float *x, float *p0,
                  float *p1, float *p2, float *p3)
{
    float whole[WINOGRAD_LONGEST];

    if (c->L < PHASES * c->width) {
        memcpy(whole, x, c->L * sizeof *x);
        memset(whole + c->L, 0, (PHASES * c->width - c->L) * sizeof *x);
        x = whole;
    }
    if (c->d == 1)
        split_by(1, x, c->width, p0, p1, p2, p3);
    else if (c->d == 2)
        split_by(2, x, c->width, p0, p1, p2, p3);
    else if (c->d == 4)
        split_by(4, x, c->width, p0, p1, p2, p3);
    else if (c->d == 8)
        split_by(8, x, c->width, p0, p1, p2, p3);
    else
        split_by(c->d, x, c->width, p0, p1, p2, p3);
}

INLINE void join(const struct winograd_channel *c, const float *p0,
                 const float *p1, const float *p2, const float *p3, float *x)
{
    bool cut = c->L < PHASES * c->width;
    float whole[WINOGRAD_LONGEST], *to = cut ? whole : x;

    if (c->d == 1)
        join_by(1, p0, p1, p2, p3, c->width, to);
    else if (c->d == 2)
        join_by(2, p0, p1, p2, p3, c->width, to);
    else if (c->d == 4)
        join_by(4, p0, p1, p2, p3, c->width, to);
    else if (c->d == 8)
        join_by(8, p0, p1, p2, p3, c->width, to);
    else
        join_by(c->d, p0, p1, p2, p3, c->width, to);
    if (cut)
        memcpy(x, whole, c->L * sizeof *x);
}

/* ---- the sums ---- */

/* x0 is the fourth phase of the block before, x5 the first of the next. */
INLINE void take_values(const struct winograd_channel *c, const float *p0,
                        const float *p1, const float *p2, const float *p3,
                        float *restrict V)
{
    size_t size = c->size, d = c->d;

    VECTOR_LOOP
    for (size_t q = 0; q < c->width; q++) {
        float x0 = p3[q], x1 = p0[q], x2 = p1[q], x3 = p2[q], x4 = p3[q + d],
              x5 = p0[q + d];
        float even_a = x4 - B2 * x2, odd_a = A * (x3 - B2 * x1);
        float even_b = x4 - A2 * x2, odd_b = B * (x3 - A2 * x1);

        V[q] = x4 - SUM * x2 + PRODUCT * x0;
        V[size + q] = even_a + odd_a;
        V[2 * size + q] = even_a - odd_a;
        V[3 * size + q] = even_b + odd_b;
        V[4 * size + q] = even_b - odd_b;
        V[5 * size + q] = x5 - SUM * x3 + PRODUCT * x1;
    }
}

VECTOR static void four_take_input(const struct winograd_channel *c,
                                   const float *x, float *V)
{
    struct phase p0, p1, p2, p3;

    for (size_t i = 0; i < c->d; i++) /* p3 begins with a block of zeros */
        p3.at[i] = p0.at[c->width + i] = 0;
    for (size_t i = 0; i < c->n; i++, x += c->stride, V += c->width) {
        split(c, x, p0.at, p1.at, p2.at, p3.at + c->d);
        take_values(c, p0.at, p1.at, p2.at, p3.at, V);
    }
}

INLINE void give_values(const struct winograd_channel *c, const float *V,
                        float *restrict p0, float *restrict p1,
                        float *restrict p2, float *restrict p3)
{
    const float *V0 = V, *V5 = V + 5 * c->size;
    size_t size = c->size;

    VECTOR_LOOP
    for (size_t q = 0; q < c->width; q++) {
        float even_a = V[size + q] + V[2 * size + q];
        float odd_a = A * (V[size + q] - V[2 * size + q]);
        float even_b = V[3 * size + q] + V[4 * size + q];
        float odd_b = B * (V[3 * size + q] - V[4 * size + q]);

        p0[q] = PRODUCT * V5[q] - B2 * odd_a - A2 * odd_b;
        p1[q] = -SUM * V0[q] - B2 * even_a - A2 * even_b;
        p2[q] = odd_a + odd_b - SUM * V5[q];
        p3[q] = V0[q] + even_a + even_b;
    }
    VECTOR_LOOP
    for (size_t q = 0; q < c->width - c->d; q++) {
        p0[q + c->d] += V5[q];
        p3[q] += PRODUCT * V0[q + c->d];
    }
}

VECTOR static void four_give_input(const struct winograd_channel *c,
                                   const float *V, float *dx)
{
    struct phase p0, p1, p2, p3;

    for (size_t i = 0; i < c->n; i++, V += c->width, dx += c->stride) {
        give_values(c, V, p0.at, p1.at, p2.at, p3.at);
        join(c, p0.at, p1.at, p2.at, p3.at, dx);
    }
}

VECTOR static void four_give_output(const struct winograd_channel *c,
                                    const float *M, float bias, float *y)
{
    struct phase p0, p1, p2, p3;
    size_t size = c->size;

    for (size_t i = 0; i < c->n; i++, M += c->width, y += c->stride) {
        VECTOR_LOOP
        for (size_t q = 0; q < c->width; q++) {
            float even_a = M[size + q] + M[2 * size + q];
            float odd_a = A * (M[size + q] - M[2 * size + q]);
            float even_b = M[3 * size + q] + M[4 * size + q];
            float odd_b = B * (M[3 * size + q] - M[4 * size + q]);

            p0.at[q] = M[q] + even_a + even_b + bias;
            p1.at[q] = odd_a + odd_b + bias;
            p2.at[q] = A2 * even_a + B2 * even_b + bias;
            p3.at[q] = A2 * odd_a + B2 * odd_b + M[5 * size + q] + bias;
        }
        join(c, p0.at, p1.at, p2.at, p3.at, y);
    }
}

VECTOR static void four_take_output(const struct winograd_channel *c,
                                    const float *dy, float *restrict M)
{
    struct phase p0, p1, p2, p3;
    size_t size = c->size;

    for (size_t i = 0; i < c->n; i++, dy += c->stride, M += c->width) {
        split(c, dy, p0.at, p1.at, p2.at, p3.at);
        VECTOR_LOOP
        for (size_t q = 0; q < c->width; q++) {
            float y0 = p0.at[q], y1 = p1.at[q], y2 = p2.at[q], y3 = p3.at[q];
            float even_a = y0 + A2 * y2, odd_a = A * (y1 + A2 * y3);
            float even_b = y0 + B2 * y2, odd_b = B * (y1 + B2 * y3);

            M[q] = y0;
            M[size + q] = even_a + odd_a;
            M[2 * size + q] = even_a - odd_a;
            M[3 * size + q] = even_b + odd_b;
            M[4 * size + q] = even_b - odd_b;
            M[5 * size + q] = y3;
        }
    }
}

static void take_input(const struct winograd_channel *c, const float *x,
                       float *V)
{
    four_take_input(c, x, V);
}

static void give_input(const struct winograd_channel *c, const float *V,
                       float *dx)
{
    four_give_input(c, V, dx);
}

static void give_output(const struct winograd_channel *c, const float *M,
                        float bias, float *y)
{
    four_give_output(c, M, bias, y);
}

static void take_output(const struct winograd_channel *c, const float *dy,
                        float *M)
{
    four_take_output(c, dy, M);
}

const struct winograd_scheme winograd_four = {
    .phases = PHASES,
    .parts = 6,
    .turn = turn,
    .turn_back = turn_back,
    .take_input = take_input,
    .give_input = give_input,
    .give_output = give_output,
    .take_output = take_output,
};
