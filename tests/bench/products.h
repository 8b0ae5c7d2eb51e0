#ifndef TESTS_BENCH_PRODUCTS_H
#define TESTS_BENCH_PRODUCTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/model.h"

/*
 * What sgemm alone does with the products of a model: those of its dense
 * layers and projections, each convolution as one of its columns, an LSTM step
 * by step.  OpenBLAS gets them as large as the rows allow, columns up to
 * COLUMNS at a time, from arrays that are already there: nothing is filled,
 * copied or added.
 */
enum { COLUMNS = 2048, MOST_PRODUCTS = 512 };

struct sgemm {
    bool trans_a, trans_b;
    size_t M, N, K, times;
};

struct products {
    size_t n;
    struct sgemm at[MOST_PRODUCTS];
};

static inline void products_add(struct products *p, bool trans_a, bool trans_b,
                                size_t M, size_t N, size_t K, size_t times)
{
    if (p->n < MOST_PRODUCTS)
        p->at[p->n++] = (struct sgemm){trans_a, trans_b, M, N, K, times};
}

/* y = W x for x (I, c), `times` over, and on the way back dW and dx. */
static inline void products_columns(struct products *p, size_t O, size_t I,
                                    size_t c, size_t times, bool training,
                                    bool back)
{
    products_add(p, false, false, O, c, I, times);
    if (training)
        products_add(p, false, true, O, I, c, times);
    if (training && back)
        products_add(p, true, false, I, c, O, times);
}

/* y = x W' for x (n, I), `times` over; dW is summed over all times at once. */
static inline void products_rows(struct products *p, size_t n, size_t O,
                                 size_t I, size_t times, bool training,
                                 bool back)
{
    products_add(p, false, true, n, O, I, times);
    if (training)
        products_add(p, true, false, O, I, n * times, 1);
    if (training && back)
        products_add(p, false, false, n, I, O, times);
}

static inline void products_attention(struct products *p, const struct layer *l,
                                      size_t n, bool training)
{
    size_t C = l->in.channels, T = l->in.length, d = C / l->heads;

    products_columns(p, 3 * C, C, T, n, training, true);
    products_columns(p, C, C, T, n, training, true);
    for (int way = 0; way < (training ? 3 : 1); way++) {
        products_add(p, true, false, T, T, d, n * l->heads);
        products_add(p, false, true, d, T, T, n * l->heads);
    }
}

/* back: what it reads wants a gradient. */
static inline void products_layer(struct products *p, const struct layer *l,
                                  size_t n, bool training, bool back)
{
    const char *type = l->type->name;
    size_t O = l->out.channels, L = l->out.length, rows = COLUMNS / L;

    if (strcmp(type, "dense") == 0)
        products_rows(p, n, O, l->n_in, 1, training, back);
    if (strcmp(type, "conv1d") == 0) {
        rows = rows < 1 ? 1 : rows < n ? rows : n;
        products_columns(p, O, l->in.channels * l->kernel, rows * L, n / rows,
                         training, back);
    }
    if (strcmp(type, "lstm") == 0)
        products_rows(p, n, 4 * O, l->in.channels + O, l->in.length, training,
                      true);
    if (strcmp(type, "attention") == 0)
        products_attention(p, l, n, training);
}

static inline double products_run(const struct products *p, const float *a,
                                  const float *b, float *c)
{
    double flops = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct sgemm *g = &p->at[i];

        for (size_t k = 0; k < g->times; k++)
            blas_gemm(g->trans_a, g->trans_b, g->M, g->N, g->K, a, b, 0, c);
        flops += 2. * (double)(g->M * g->N * g->K * g->times);
    }
    return flops;
}

/* A matrix of no more than so many values, all 0. */
static inline float *products_room(size_t n)
{
    float *x = xmalloc_aligned(n, sizeof *x);

    memset(x, 0, n * sizeof *x);
    return x;
}

/* Rows a second that pass through m, n at a time, if sgemm were all there is
 * to do, on one thread; the best of a second. */
static inline double products_rate(const struct model *m, size_t n,
                                   bool training)
{
    struct products p = {0};
    size_t a = 1, b = 1, c = 1;
    int64_t start = clock_monotonic_ns(), now = start, then;
    double best = HUGE_VAL;
    float *x, *y, *z;

    for (size_t i = 0; i < m->n_layers; i++)
        if (!m->layer[i].aside || training)
            products_layer(&p, &m->layer[i], n, training,
                           m->layer[i].from[0].at >= 0 &&
                               m->layer[m->layer[i].from[0].at].learns);
    for (size_t i = 0; i < p.n; i++) {
        const struct sgemm *g = &p.at[i];

        a = g->M * g->K > a ? g->M * g->K : a;
        b = g->K * g->N > b ? g->K * g->N : b;
        c = g->M * g->N > c ? g->M * g->N : c;
    }
    x = products_room(a), y = products_room(b), z = products_room(c);
    for (int run = 0; run < 3 || now - start < NS_PER_S; run++) {
        then = clock_monotonic_ns();
        products_run(&p, x, y, z);
        now = clock_monotonic_ns();
        best = fmin(best, (double)(now - then));
    }
    free(x);
    free(y);
    free(z);
    return (double)n * NS_PER_S / best;
}

#endif
