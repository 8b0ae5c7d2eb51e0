#include "common/math/columns.h"

#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"

/* Positions whose tap k sees a value: from..to, the first sees value `at`. */
struct seen {
    size_t from, to, at;
};

static struct seen seen_by(const struct columns *c, size_t k)
{
    size_t shift = k * c->dilation;
    struct seen s = {0};

    s.from = shift < c->padding ? c->padding - shift : 0;
    s.at = s.from + shift - c->padding;
    s.from = s.from < c->M ? s.from : c->M;
    s.to = c->L > s.at ? s.from + (c->L - s.at) : s.from;
    s.to = s.to < c->M ? s.to : c->M;
    return s;
}

void columns_fill(const struct columns *c, const float *x, float *columns)
{
    for (size_t i = 0; i < c->I; i++)
        for (size_t k = 0; k < c->K; k++) {
            struct seen s = seen_by(c, k);
            const float *from = x + i * c->L + s.at;

            for (size_t r = 0; r < c->n; r++, from += c->I * c->L) {
                memset(columns, 0, s.from * sizeof *columns);
                memcpy(columns + s.from, from,
                       (s.to - s.from) * sizeof *columns);
                memset(columns + s.to, 0, (c->M - s.to) * sizeof *columns);
                columns += c->M;
            }
        }
}

VECTOR static void add_values(const float *restrict from, size_t n,
                              float *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

void columns_sum(const struct columns *c, const float *columns, float *x)
{
    memset(x, 0, c->n * c->I * c->L * sizeof *x);
    for (size_t i = 0; i < c->I; i++)
        for (size_t k = 0; k < c->K; k++) {
            struct seen s = seen_by(c, k);
            float *to = x + i * c->L + s.at;

            for (size_t r = 0; r < c->n; r++, to += c->I * c->L) {
                add_values(columns + s.from, s.to - s.from, to);
                columns += c->M;
            }
        }
}

void columns_turn(const float *x, size_t n, size_t C, size_t M, float *turned)
{
    for (size_t c = 0; c < C; c++)
        for (size_t r = 0; r < n; r++, turned += M)
            memcpy(turned, x + (r * C + c) * M, M * sizeof *turned);
}

VECTOR static void spread_values(const float *x, size_t C, size_t M, float *y)
{
    for (size_t c = 0; c < C; c++, y += M)
        VECTOR_LOOP
    for (size_t t = 0; t < M; t++)
        y[t] = x[c];
}

void columns_spread(const float *x, size_t C, size_t M, float *y)
{
    spread_values(x, C, M, y);
}

VECTOR static void add_totals(const float *x, size_t C, size_t M, float *sum)
{
    for (size_t c = 0; c < C; c++)
        sum[c] += lanes_sum(x + c * M, M);
}

void columns_add_totals(const float *x, size_t C, size_t M, float *sum)
{
    add_totals(x, C, M, sum);
}

void columns_total(const float *x, size_t n, size_t C, size_t M, float *sum)
{
    memset(sum, 0, C * sizeof *sum);
    for (size_t i = 0; i < n; i++, x += C * M)
        add_totals(x, C, M, sum);
}
