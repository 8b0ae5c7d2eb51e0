#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/workspace.h"

#define MIN_TILE 16 /* rows at a time: what lies between layers ... */
#define MAX_TILE 256
#define CACHE ((size_t)1 << 20) /* ... stays in so many bytes, if it can */
#define MANY 512                /* rows for which packing the parameters pays */

struct predictor {
    const struct model *model;
    struct pool *pool;
    int n_threads;
    size_t tile;             /* rows at a time */
    struct workspace **work; /* one a thread */
    float **packed;          /* (layers) NULL where a layer has no such form */
};

/* Rows to predict: given, or to be laid out from windows. */
struct job {
    struct predictor *p;
    const float *x;
    const struct window_set *set;
    size_t n;
    float *y;
};

static size_t tile_of(const struct model *m)
{
    size_t values = m->n_in, tile;

    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        if (!l->aside && !l->type->in_place && !l->type->in_place_predicting)
            values += l->n_out;
    }
    tile = CACHE / sizeof(float) / values / MIN_TILE * MIN_TILE;
    return tile < MIN_TILE ? MIN_TILE : tile > MAX_TILE ? MAX_TILE : tile;
}

struct predictor *predictor_new(const struct model *m, struct pool *pool)
{
    struct predictor *p = xcalloc(1, sizeof *p);

    p->model = m;
    p->pool = pool;
    p->n_threads = pool ? pool_size(pool) : 1;
    p->tile = tile_of(m);
    p->work = xcalloc((size_t)p->n_threads, sizeof *p->work);
    for (int i = 0; i < p->n_threads; i++)
        p->work[i] = workspace_new(m, p->tile, false);
    p->packed = xcalloc(m->n_layers, sizeof *p->packed);
    for (size_t i = 0; i < m->n_layers; i++)
        if (m->layer[i].packed)
            p->packed[i] = xmalloc_aligned(m->layer[i].packed, sizeof(float));
    return p;
}

void predictor_free(struct predictor *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_threads; i++)
        workspace_free(p->work[i]);
    for (size_t i = 0; i < p->model->n_layers; i++)
        free(p->packed[i]);
    free(p->packed);
    free(p->work);
    free(p);
}

static void predict_tile(void *arg, size_t i, int thread)
{
    const struct job *job = arg;
    const struct model *m = job->p->model;
    struct workspace *w = job->p->work[thread];
    size_t tile = job->p->tile, at = i * tile;
    struct pass pass = {.n = job->n - at < tile ? job->n - at : tile};
    const struct window_set *s = job->set;
    const float *y;

    if (s)
        embed(s->x, s->D, s->delays, s->tau, s->end + at, pass.n, w->input);
    else
        memcpy(w->input, job->x + at * m->n_in,
               pass.n * m->n_in * sizeof *w->input);
    y = workspace_forward(w, &pass, w->input);
    memcpy(job->y + at * m->n_out, y, pass.n * m->n_out * sizeof *y);
}

/* The parameters may have changed since the last call, so pack them anew. */
static void choose_form(struct predictor *p, size_t n)
{
    const struct model *m = p->model;

    for (size_t i = 0; i < m->n_layers && n >= MANY; i++)
        if (p->packed[i])
            m->layer[i].type->pack(&m->layer[i], p->packed[i]);
    for (int i = 0; i < p->n_threads; i++)
        p->work[i]->packed = n >= MANY ? p->packed : NULL;
}

static void predict(struct job *job)
{
    size_t tiles = (job->n + job->p->tile - 1) / job->p->tile;

    choose_form(job->p, job->n);
    if (job->p->pool && tiles > 1)
        pool_run(job->p->pool, tiles, predict_tile, job);
    else
        for (size_t i = 0; i < tiles; i++)
            predict_tile(job, i, 0);
}

void predict_rows(struct predictor *p, const float *x, size_t n, float *y)
{
    predict(&(struct job){.p = p, .x = x, .n = n, .y = y});
}

void predict_windows(struct predictor *p, const struct window_set *set,
                     float *y)
{
    predict(&(struct job){.p = p, .set = set, .n = set->N, .y = y});
}
