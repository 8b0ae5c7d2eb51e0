#include "common/math/ceiling.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/math/nearest.h"

enum {
    CLIP = 6,        /* standard deviations */
    CHUNK = 256,     /* rows of a task */
    STREAM_ROWS = 1, /* of the generator: which rows are asked, ... */
    STREAM_TIES,     /* ... which of the nearest is taken, ... */
    STREAM_FILES,    /* ... and the files of a draw */
};

/* A row that was asked for, and its neighbours. */
struct asked {
    uint32_t row;
    struct neighbour best[SCOPES];
};

struct work {
    const struct labelled *rows;
    const struct ceiling_options *o;
    const float *z;              // (T, D)
    struct nearest **file_tree;  // (n_files)
    struct nearest **group_tree; // (n_groups)
    uint32_t *members;           // (T) rows, group by group
    size_t *first;               // (n_groups + 1) in members
    uint32_t *files;             // (n_files) files, group by group
    size_t *first_file;          // (n_groups + 1) in files
    struct asked *asked;         // (n_asked)
    size_t n_asked;
};

float *ceiling_standardise(const float *x, size_t T, size_t D)
{
    float *z = xreallocarray(NULL, T * D, sizeof *z);

    for (size_t d = 0; d < D; d++) {
        double mean = 0, m2 = 0, factor;

        for (size_t i = 0; i < T; i++)
            mean += (double)x[i * D + d];
        mean /= (double)T;
        for (size_t i = 0; i < T; i++)
            m2 += pow((double)x[i * D + d] - mean, 2);
        factor =
            m2 > 1e-12 * mean * mean * (double)T ? 1 / sqrt(m2 / (double)T) : 0;
        for (size_t i = 0; i < T; i++) {
            double v = ((double)x[i * D + d] - mean) * factor;

            z[i * D + d] = (float)fmin(fmax(v, -CLIP), CLIP);
        }
    }
    return z;
}

/* ---- the neighbours ---- */

/*
 * List n things by key: those of key k stand in list[first[k]..first[k+1]-1],
 * in order.
 */
static void list_by_key(const uint32_t *key_of_file, const uint32_t *file,
                        size_t n, size_t n_keys, uint32_t *list, size_t *first)
{
    size_t *next = xcalloc(n_keys + 1, sizeof *next);

    for (size_t i = 0; i < n; i++)
        next[key_of_file[file ? file[i] : i] + 1]++;
    for (size_t k = 0; k < n_keys; k++)
        next[k + 1] += next[k];
    memcpy(first, next, (n_keys + 1) * sizeof *first);
    for (size_t i = 0; i < n; i++)
        list[next[key_of_file[file ? file[i] : i]]++] = (uint32_t)i;
    free(next);
}

static void build_tree(void *arg, size_t i, int thread)
{
    struct work *w = arg;
    const struct labelled *l = w->rows;

    (void)thread;
    if (i < l->n_groups) {
        w->group_tree[i] = nearest_new(w->z, l->D, w->members + w->first[i],
                                       w->first[i + 1] - w->first[i]);
    } else {
        size_t file = i - l->n_groups, n = l->begin[file + 1] - l->begin[file];
        uint32_t *rows = xreallocarray(NULL, n + 1, sizeof *rows);

        for (size_t k = 0; k < n; k++)
            rows[k] = l->begin[file] + (uint32_t)k;
        w->file_tree[file] = nearest_new(w->z, l->D, rows, n);
        free(rows);
    }
}

static void find_neighbours(const struct work *w, struct asked *a)
{
    const struct labelled *l = w->rows;
    uint32_t file = l->file[a->row], group = l->group[file];
    struct nearest_query q = {.point = w->z + (size_t)a->row * l->D,
                              .t_ns = l->t_ns,
                              .at_ns = l->t_ns[a->row],
                              .apart_ns = w->o->apart_ns,
                              .seed = rng_at(w->o->seed, STREAM_TIES, a->row)};

    for (int s = 0; s < SCOPES; s++)
        a->best[s] = NEIGHBOUR_NONE;
    nearest_search(w->file_tree[file], &q, &a->best[SCOPE_FILE]);
    q.t_ns = NULL;
    for (size_t i = w->first_file[group]; i < w->first_file[group + 1]; i++)
        if (w->files[i] != file)
            nearest_search(w->file_tree[w->files[i]], &q,
                           &a->best[SCOPE_GROUP]);
    for (size_t g = 0; g < l->n_groups; g++)
        if (g != group)
            nearest_search(w->group_tree[g], &q, &a->best[SCOPE_OTHER]);
}

static void find_chunk(void *arg, size_t i, int thread)
{
    struct work *w = arg;
    size_t end = (i + 1) * CHUNK < w->n_asked ? (i + 1) * CHUNK : w->n_asked;

    (void)thread;
    for (size_t k = i * CHUNK; k < end; k++)
        find_neighbours(w, &w->asked[k]);
}

/* Which rows: all, or max_rows of them at random, in order. */
static void choose_rows(struct work *w)
{
    size_t T = w->rows->T, left = w->o->max_rows ? w->o->max_rows : T;

    w->asked = xcalloc(left < T ? left : T, sizeof *w->asked);
    for (size_t i = 0; i < T && left > 0; i++) {
        double u = rng_unit(rng_at(w->o->seed, STREAM_ROWS, i));

        if (u * (double)(T - i) >= (double)left)
            continue;
        w->asked[w->n_asked++].row = (uint32_t)i;
        left--;
    }
}

static void work_init(struct work *w, struct pool *pool)
{
    const struct labelled *l = w->rows;

    w->file_tree = xcalloc(l->n_files, sizeof(struct nearest *));
    w->group_tree = xcalloc(l->n_groups, sizeof(struct nearest *));
    w->members = xreallocarray(NULL, l->T, sizeof *w->members);
    w->first = xcalloc(l->n_groups + 1, sizeof *w->first);
    w->files = xcalloc(l->n_files, sizeof *w->files);
    w->first_file = xcalloc(l->n_groups + 1, sizeof *w->first_file);
    list_by_key(l->group, l->file, l->T, l->n_groups, w->members, w->first);
    list_by_key(l->group, NULL, l->n_files, l->n_groups, w->files,
                w->first_file);
    pool_run(pool, l->n_groups + l->n_files, build_tree, w);
    choose_rows(w);
}

static void work_release(struct work *w)
{
    for (size_t i = 0; i < w->rows->n_files; i++)
        nearest_free(w->file_tree[i]);
    for (size_t i = 0; i < w->rows->n_groups; i++)
        nearest_free(w->group_tree[i]);
    free(w->file_tree);
    free(w->group_tree);
    free(w->members);
    free(w->first);
    free(w->files);
    free(w->first_file);
    free(w->asked);
}

/* ---- the figures ---- */

/* Sums over the used rows of a file. */
struct sums {
    double n, y, y2, dy2[SCOPES];
};

static void add_asked(const struct work *w, const struct asked *a,
                      struct sums *of_file)
{
    const float *y = w->rows->y;
    struct sums *s = &of_file[w->rows->file[a->row]];
    double v = (double)y[a->row];

    s->n++;
    s->y += v;
    s->y2 += v * v;
    for (int k = 0; k < SCOPES; k++)
        if (isfinite(a->best[k].d2))
            s->dy2[k] += pow(v - (double)y[a->best[k].row], 2);
}

static void figures(const struct sums *s, const size_t *n, double *w2)
{
    double *gamma = w2 + CEILING_GAMMA, mean = s->y / s->n;

    w2[CEILING_VARIANCE] = s->y2 / s->n - mean * mean;
    for (int k = 0; k < SCOPES; k++)
        gamma[k] = n[k] > 0 ? s->dy2[k] / s->n / 2 : NAN;
    w2[CEILING_NOISE] = gamma[SCOPE_FILE];
    w2[CEILING_HIDDEN] = gamma[SCOPE_GROUP] - gamma[SCOPE_FILE];
    w2[CEILING_GAP] = gamma[SCOPE_OTHER] - gamma[SCOPE_GROUP];
}

static void merge(struct sums *to, const struct sums *from)
{
    to->n += from->n;
    to->y += from->y;
    to->y2 += from->y2;
    for (int k = 0; k < SCOPES; k++)
        to->dy2[k] += from->dy2[k];
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The figures of o->draws draws of n_files files, with replacement. */
static void bootstrap(const struct work *w, const struct sums *file,
                      size_t n_files, struct ceiling *out)
{
    size_t draws = w->o->draws;
    double *drawn = xcalloc(draws * CEILING_FIGURES + 1, sizeof *drawn);
    double w2[CEILING_FIGURES];

    for (size_t b = 0; b < draws; b++) {
        struct sums total = {0};

        for (size_t i = 0; i < n_files; i++) {
            uint64_t r = rng_at(w->o->seed, STREAM_FILES, b * n_files + i);

            merge(&total, &file[(size_t)(rng_unit(r) * (double)n_files)]);
        }
        figures(&total, out->n, w2);
        for (size_t f = 0; f < CEILING_FIGURES; f++)
            drawn[f * draws + b] = w2[f];
    }
    for (size_t f = 0; f < CEILING_FIGURES; f++) {
        struct estimate *e = &out->w2[f];
        double *at = drawn + f * draws;
        bool known = draws > 0 && n_files > 1 && isfinite(e->value);

        qsort(at, draws, sizeof *at, compare);
        e->low = known ? at[draws / 20] : NAN;
        e->high = known ? at[draws - 1 - draws / 20] : NAN;
    }
    free(drawn);
}

/* Has the row a neighbour in each scope that there is? */
static bool is_complete(const struct asked *a, const struct ceiling *c)
{
    for (int k = 0; k < SCOPES; k++)
        if (c->n[k] > 0 && !isfinite(a->best[k].d2))
            return false;
    return true;
}

static void take_distances(const struct work *w, struct ceiling *out)
{
    for (size_t i = 0; i < w->n_asked; i++)
        for (int k = 0; k < SCOPES; k++) {
            float d2 = w->asked[i].best[k].d2;

            if (!isfinite(d2))
                continue;
            out->n[k]++;
            out->apart[k] += sqrt((double)d2 / (double)w->rows->D);
        }
    for (int k = 0; k < SCOPES; k++)
        out->apart[k] /= (double)out->n[k];
}

static void summarise(const struct work *w, struct ceiling *out)
{
    struct sums *file = xcalloc(w->rows->n_files, sizeof *file), total = {0};
    double w2[CEILING_FIGURES];
    size_t n_files = 0;

    out->asked = w->n_asked;
    take_distances(w, out);
    for (size_t i = 0; i < w->n_asked; i++) {
        if (!is_complete(&w->asked[i], out))
            continue;
        out->used++;
        add_asked(w, &w->asked[i], file);
    }
    for (size_t i = 0; i < w->rows->n_files; i++) {
        if (file[i].n == 0)
            continue;
        merge(&total, &file[i]);
        file[n_files++] = file[i];
    }
    figures(&total, out->n, w2);
    for (size_t f = 0; f < CEILING_FIGURES; f++)
        out->w2[f].value = w2[f];
    bootstrap(w, file, n_files, out);
    free(file);
}

void ceiling_estimate(const struct labelled *rows,
                      const struct ceiling_options *o, struct pool *pool,
                      struct ceiling *out)
{
    float *z = ceiling_standardise(rows->x, rows->T, rows->D);
    struct work w = {.rows = rows, .o = o, .z = z};

    memset(out, 0, sizeof *out);
    work_init(&w, pool);
    pool_run(pool, (w.n_asked + CHUNK - 1) / CHUNK, find_chunk, &w);
    summarise(&w, out);
    work_release(&w);
    free(z);
}
