#include "common/math/ridge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"

/* K = D*d inputs; C = K + 2 columns: inputs, label, and a 1. */
enum {
    SHARD = 1024, /* windows summed by one task */
    TILE = 128,   /* ... laid out at a time */
    ROUND = 16,   /* shards at once, each with a matrix of its own */
};

struct ridge {
    const struct window_set *set;
    size_t K, C;
    size_t first;   /* window at which this round begins */
    double *origin; /* (K+1) the first window and label: kept near zero, sums
                       of squares lose nothing */
    double *gram;   /* (ROUND, C, C) lower triangles */
    double *sum;    /* (C, C) of all rounds */
    double *tile;   /* (threads, TILE, C) */
    float *window;  /* (threads, TILE, K) */
};

static void add_tile(const struct ridge *r, const uint32_t *end, size_t n,
                     float *window, double *tile, double *gram)
{
    const struct window_set *set = r->set;

    embed(set->x, set->D, set->delays, set->tau, end, n, window);
    for (size_t i = 0; i < n; i++) {
        double *row = tile + i * r->C;

        for (size_t k = 0; k < r->K; k++)
            row[k] = window[i * r->K + k] - r->origin[k];
        row[r->K] = set->label[end[i]] - r->origin[r->K];
        row[r->K + 1] = 1;
    }
    blas_dsyrk(n, r->C, tile, gram);
}

static void add_shard(void *arg, size_t i, int thread)
{
    const struct ridge *r = arg;
    double *gram = r->gram + i * r->C * r->C;
    size_t at = r->first + i * SHARD;
    size_t end = at + SHARD < r->set->N ? at + SHARD : r->set->N;

    memset(gram, 0, r->C * r->C * sizeof *gram);
    for (; at < end; at += TILE)
        add_tile(r, r->set->end + at, end - at < TILE ? end - at : TILE,
                 r->window + (size_t)thread * TILE * r->K,
                 r->tile + (size_t)thread * TILE * r->C, gram);
}

static void accumulate(struct ridge *r, struct pool *pool)
{
    size_t C2 = r->C * r->C;

    for (r->first = 0; r->first < r->set->N; r->first += ROUND * SHARD) {
        size_t left = r->set->N - r->first;
        size_t shards =
            left < ROUND * SHARD ? (left + SHARD - 1) / SHARD : ROUND;

        pool_run(pool, shards, add_shard, r);
        for (size_t i = 0; i < shards; i++)
            for (size_t j = 0; j < C2; j++)
                r->sum[j] += r->gram[i * C2 + j];
    }
}

/* Centre the sums, which frees the intercept from the penalty, and solve. */
int ridge_solve(struct ridge *r, double lambda, float *weight, float *bias,
                struct err *e)
{
    size_t K = r->K, C = r->C;
    const double *total = r->sum + (K + 1) * C; /* sums of the columns */
    double n = total[K + 1], intercept;
    double *a = r->gram, *b = r->gram + K * K; /* no longer in use */

    if (r->set->N == 0)
        return err_set(e, ERR_DATA, "no windows to fit to");
    for (size_t i = 0; i <= K; i++)
        if (!isfinite(r->sum[i * C + i]))
            return err_set(e, ERR_DATA, "%s %zu is not finite in some window",
                           i < K ? "input" : "the label after input",
                           i < K ? i + 1 : K);
    for (size_t i = 0; i < K; i++) {
        for (size_t j = 0; j <= i; j++)
            a[i * K + j] = r->sum[i * C + j] - total[i] * total[j] / n;
        a[i * K + i] += lambda;
        b[i] = r->sum[K * C + i] - total[i] * total[K] / n;
    }
    if (blas_solve_spd(K, a, b, e))
        return -1;
    intercept = r->origin[K] + total[K] / n;
    for (size_t i = 0; i < K; i++) {
        weight[i] = (float)b[i];
        intercept -= b[i] * (r->origin[i] + total[i] / n);
    }
    *bias = (float)intercept;
    return 0;
}

static void set_origin(struct ridge *r)
{
    const struct window_set *set = r->set;

    embed(set->x, set->D, set->delays, set->tau, set->end, 1, r->window);
    for (size_t k = 0; k < r->K; k++)
        r->origin[k] = r->window[k];
    r->origin[r->K] = set->label[set->end[0]];
}

struct ridge *ridge_new(const struct window_set *set, struct pool *pool)
{
    size_t K = set->D * set->delays, C = K + 2;
    size_t threads = (size_t)pool_size(pool);
    struct ridge *r = xcalloc(1, sizeof *r);

    *r = (struct ridge){.set = set, .K = K, .C = C};
    r->origin = xcalloc(K + 1, sizeof *r->origin);
    r->gram = xmalloc_aligned(ROUND * C * C, sizeof *r->gram);
    r->sum = xcalloc(C * C, sizeof *r->sum);
    r->tile = xmalloc_aligned(threads * TILE * C, sizeof *r->tile);
    r->window = xmalloc_aligned(threads * TILE * K, sizeof *r->window);
    if (set->N) {
        set_origin(r);
        accumulate(r, pool);
    }
    return r;
}

void ridge_free(struct ridge *r)
{
    if (!r)
        return;
    free(r->origin);
    free(r->gram);
    free(r->sum);
    free(r->tile);
    free(r->window);
    free(r);
}
