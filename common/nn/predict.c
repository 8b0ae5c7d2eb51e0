#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/fold.h"
#include "common/nn/runs.h"
#include "common/nn/slide.h"
#include "common/nn/workspace.h"

#define MIN_TILE 16 /* rows at a time: what lies between layers ... */
#define MAX_TILE 256
#define CACHE ((size_t)1 << 20) /* ... stays in so many bytes, if it can */
#define MANY 512                /* rows for which packing the parameters pays */

/* A part of the model and what threads need to run it. */
struct stage {
    const struct model *model; /* NULL: there is no such stage */
    size_t tile;               /* rows at a time */
    struct workspace **work;   /* one a thread */
};

struct predictor {
    struct fold *fold;
    struct pool *pool;
    int n_threads;
    bool fixed;
    struct stage all;
    float **packed;      /* (layers) NULL where a layer has no such form */
    struct slide *slide; /* what windows share, and what is behind; or NULL */
    struct stage rest;
    struct slide_space **space; /* one a thread, as rows are */
    float **rows;
};

/* Rows to predict: given, or to be laid out from windows. */
struct job {
    struct predictor *p;
    const float *x;
    const struct window_set *set;
    size_t n;
    const struct runs *runs;
    float *y;
};

/* ---- room ---- */

static size_t tile_of(const struct model *m)
{
    size_t values = m->n_in, tile;

    for (size_t i = 0; i < m->n_layers; i++) {
        const struct layer *l = &m->layer[i];

        if (!l->type->in_place && !l->type->in_place_predicting)
            values += l->n_out;
    }
    tile = CACHE / sizeof(float) / values / MIN_TILE * MIN_TILE;
    return tile < MIN_TILE ? MIN_TILE : tile > MAX_TILE ? MAX_TILE : tile;
}

static void stage_init(struct stage *s, const struct model *m, int n_threads)
{
    s->model = m;
    s->tile = tile_of(m);
    s->work = xcalloc((size_t)n_threads, sizeof *s->work);
    for (int i = 0; i < n_threads; i++)
        s->work[i] = workspace_new(m, s->tile, false);
}

static void stage_release(struct stage *s, int n_threads)
{
    for (int i = 0; i < n_threads && s->work; i++)
        workspace_free(s->work[i]);
    free(s->work);
}

static void prepare_slide(struct predictor *p)
{
    size_t threads = (size_t)p->n_threads;

    p->slide = slide_new(&p->fold->model);
    if (!p->slide)
        return;
    stage_init(&p->rest, slide_rest(p->slide), p->n_threads);
    p->space = xcalloc(threads, sizeof *p->space);
    p->rows = xcalloc(threads, sizeof *p->rows);
    for (size_t i = 0; i < threads; i++) {
        p->space[i] = slide_space_new(p->slide);
        p->rows[i] = xmalloc_aligned(slide_run(p->slide) * p->rest.model->n_in,
                                     sizeof **p->rows);
    }
}

struct predictor *predictor_new(const struct model *m, struct pool *pool)
{
    struct predictor *p = xcalloc(1, sizeof *p);
    const struct model *own;

    p->fold = fold_new(m);
    own = &p->fold->model;
    p->pool = pool;
    p->n_threads = pool ? pool_size(pool) : 1;
    stage_init(&p->all, own, p->n_threads);
    prepare_slide(p);
    p->packed = xcalloc(own->n_layers, sizeof *p->packed);
    for (size_t i = 0; i < own->n_layers; i++)
        if (own->layer[i].packed)
            p->packed[i] = xmalloc_aligned(own->layer[i].packed, sizeof(float));
    return p;
}

void predictor_free(struct predictor *p)
{
    if (!p)
        return;
    stage_release(&p->all, p->n_threads);
    stage_release(&p->rest, p->n_threads);
    for (int i = 0; i < p->n_threads && p->slide; i++) {
        slide_space_free(p->space[i]);
        free(p->rows[i]);
    }
    for (size_t i = 0; i < p->fold->model.n_layers; i++)
        free(p->packed[i]);
    free(p->packed);
    free(p->space);
    free(p->rows);
    slide_free(p->slide);
    fold_free(p->fold);
    free(p);
}

/* ---- parameters ---- */

static void use_packed(struct predictor *p, bool packed)
{
    const struct model *m = &p->fold->model;

    for (size_t i = 0; i < m->n_layers && packed; i++)
        if (p->packed[i])
            m->layer[i].type->pack(&m->layer[i], p->packed[i]);
    for (int i = 0; i < p->n_threads; i++) {
        p->all.work[i]->packed = packed ? p->packed : NULL;
        if (p->slide)
            p->rest.work[i]->packed =
                packed ? p->packed + slide_last(p->slide) + 1 : NULL;
    }
}

/* The parameters may have changed since the last call. */
static void take_parameters(struct predictor *p, bool packed)
{
    if (p->fixed)
        return;
    fold_refresh(p->fold);
    use_packed(p, packed);
}

void predictor_fix(struct predictor *p)
{
    take_parameters(p, true);
    p->fixed = true;
}

/* ---- rows ---- */

static const float *run_stage(const struct stage *s, int thread, size_t n,
                              const float *x)
{
    struct pass pass = {.n = n};

    return workspace_forward(s->work[thread], &pass, x);
}

static void predict_tile(void *arg, size_t i, int thread)
{
    const struct job *job = arg;
    const struct stage *all = &job->p->all;
    const struct window_set *s = job->set;
    size_t at = i * all->tile, n_in = all->model->n_in, K = all->model->n_out;
    size_t n = job->n - at < all->tile ? job->n - at : all->tile;
    float *input = all->work[thread]->input;

    if (s)
        embed(s->x, s->D, s->delays, s->tau, s->end + at, n, input);
    else
        memcpy(input, job->x + at * n_in, n * n_in * sizeof *input);
    memcpy(job->y + at * K, run_stage(all, thread, n, input),
           n * K * sizeof *job->y);
}

static void run_tasks(struct job *job, size_t n,
                      void (*task)(void *arg, size_t i, int thread))
{
    if (job->p->pool && n > 1)
        pool_run(job->p->pool, n, task, job);
    else
        for (size_t i = 0; i < n; i++)
            task(job, i, 0);
}

static void predict(struct job *job)
{
    take_parameters(job->p, job->n >= MANY);
    run_tasks(job, (job->n + job->p->all.tile - 1) / job->p->all.tile,
              predict_tile);
}

void predict_rows(struct predictor *p, const float *x, size_t n, float *y)
{
    predict(&(struct job){.p = p, .x = x, .n = n, .y = y});
}

/* ---- windows that follow one another ---- */

/* y (n, K) to where these windows have theirs. */
static void give(const struct job *job, const uint32_t *at, size_t n,
                 const float *y)
{
    size_t K = job->p->all.model->n_out;

    for (size_t i = 0; i < n; i++)
        memcpy(job->y + at[i] * K, y + i * K, K * sizeof *y);
}

static void predict_run(const struct job *job, const struct run *run,
                        int thread)
{
    const struct predictor *p = job->p;
    const struct stage *rest = &p->rest;
    float *rows = p->rows[thread];
    size_t n;

    slide_rows(p->slide, p->space[thread], job->set, job->set->end[*run->at],
               run->n, rows);
    for (size_t i = 0; i < run->n; i += n) {
        n = run->n - i < rest->tile ? run->n - i : rest->tile;
        give(job, run->at + i, n,
             run_stage(rest, thread, n, rows + i * rest->model->n_in));
    }
}

static void predict_alone(const struct job *job, const uint32_t *at, size_t n,
                          int thread)
{
    const struct window_set *s = job->set;
    const struct stage *all = &job->p->all;
    float *input = all->work[thread]->input;

    for (size_t i = 0; i < n; i++)
        embed(s->x, s->D, s->delays, s->tau, &s->end[at[i]], 1,
              input + i * all->model->n_in);
    give(job, at, n, run_stage(all, thread, n, input));
}

static void predict_part(void *arg, size_t i, int thread)
{
    const struct job *job = arg;
    const struct runs *runs = job->runs;
    size_t tile = job->p->all.tile, at;

    if (i < runs->n) {
        predict_run(job, &runs->run[i], thread);
        return;
    }
    at = (i - runs->n) * tile;
    predict_alone(job, runs->alone + at,
                  runs->n_alone - at < tile ? runs->n_alone - at : tile,
                  thread);
}

void predict_windows(struct predictor *p, const struct window_set *set,
                     float *y)
{
    struct job job = {.p = p, .set = set, .n = set->N, .y = y};
    size_t run = p->slide ? slide_run(p->slide) : 0, tile = p->all.tile;
    struct runs runs;

    if (!p->slide || set->N < run / 2) {
        predict(&job);
        return;
    }
    runs_find(&runs, set, run / 2, run);
    job.runs = &runs;
    take_parameters(p, set->N >= MANY);
    run_tasks(&job, runs.n + (runs.n_alone + tile - 1) / tile, predict_part);
    runs_release(&runs);
}
