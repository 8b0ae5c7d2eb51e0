/*
 * With x0 and x1 all that there is, and zeros around them,
 *
 *     y0 = w1 x0 + w2 x1      m0 = (x0 + x1) w1        y0 = m0 + m1
 *     y1 = w0 x0 + w1 x1      m1 = x1 (w2 - w1)        y1 = m0 + m2
 *                             m2 = x0 (w0 - w1)
 */
#include "common/math/vector.h"
#include "common/math/winograd_scheme.h"

VECTOR static void pair_turn(const float *weight, size_t n, float *U)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float a = weight[3 * i], b = weight[3 * i + 1], c = weight[3 * i + 2];

        U[i] = b;
        U[n + i] = c - b;
        U[2 * n + i] = a - b;
    }
}

static void turn(const float *weight, size_t n, float *U)
{
    pair_turn(weight, n, U);
}

VECTOR static void pair_turn_back(const float *U, size_t n, float *grad)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        grad[3 * i] = U[2 * n + i];
        grad[3 * i + 1] = U[i] - U[n + i] - U[2 * n + i];
        grad[3 * i + 2] = U[n + i];
    }
}

static void turn_back(const float *U, size_t n, float *grad)
{
    pair_turn_back(U, n, grad);
}

/* Both halves of a sequence to their sum and themselves, in this order, ... */
VECTOR static void pair_take(size_t n, size_t rest, const float *x,
                             float *restrict sum, float *restrict first,
                             float *restrict second)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++) {
        float behind = i < rest ? x[n + i] : 0;

        sum[i] = x[i] + behind;
        first[i] = x[i];
        second[i] = behind;
    }
}

/* ... and back. */
VECTOR static void pair_give(size_t n, size_t rest, float bias,
                             const float *sum, const float *first,
                             const float *second, float *y)
{
    VECTOR_LOOP
    for (size_t i = 0; i < n; i++)
        y[i] = sum[i] + first[i] + bias;
    VECTOR_LOOP
    for (size_t i = 0; i < rest; i++)
        y[n + i] = sum[i] + second[i] + bias;
}

static void take_input(const struct winograd_channel *c, const float *x,
                       float *V)
{
    for (size_t i = 0; i < c->n; i++, x += c->stride, V += c->d)
        pair_take(c->d, c->L - c->d, x, V, V + 2 * c->size, V + c->size);
}

static void give_input(const struct winograd_channel *c, const float *V,
                       float *dx)
{
    for (size_t i = 0; i < c->n; i++, V += c->d, dx += c->stride)
        pair_give(c->d, c->L - c->d, 0, V, V + 2 * c->size, V + c->size, dx);
}

static void give_output(const struct winograd_channel *c, const float *M,
                        float bias, float *y)
{
    for (size_t i = 0; i < c->n; i++, M += c->d, y += c->stride)
        pair_give(c->d, c->L - c->d, bias, M, M + c->size, M + 2 * c->size, y);
}

static void take_output(const struct winograd_channel *c, const float *dy,
                        float *M)
{
    for (size_t i = 0; i < c->n; i++, dy += c->stride, M += c->d)
        pair_take(c->d, c->L - c->d, dy, M, M + c->size, M + 2 * c->size);
}

const struct winograd_scheme winograd_pair = {
    .phases = 2,
    .parts = 3,
    .turn = turn,
    .turn_back = turn_back,
    .take_input = take_input,
    .give_input = give_input,
    .give_output = give_output,
    .take_output = take_output,
};
