#include "common/estimator/next_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/estimator/ask.h"
#include "common/math/design.h"
#include "formats/rowset.h"
#include "formats/sample.h"

/* Half of a 90 % interval of a normal error is so many of its deviations. */
#define HALF_90 1.645
#define LEAST_DOUBT_W 1e-3

/* M runs to pick from, R recordings of known place; D features, P axes. */
struct search {
    struct estimator *m;
    const struct sweep_file *f;
    struct rowset set;
    struct labelled rows;
    struct next_space space;
    size_t M, R, D;
    size_t *run;         // (M) of the plan
    float *u;            // (M + R, P) the recordings behind
    float *x;            // (M + R, D) features, raw
    float *watts;        // (R) NaN: not measured
    struct answer *said; // (M + R)
    double *doubt_w;     // (M)
    double *weight;      // (M)
};

static void search_release(struct search *s)
{
    rowset_release(&s->set);
    next_space_release(&s->space);
    free(s->run);
    free(s->u);
    free(s->x);
    free(s->watts);
    free(s->said);
    free(s->doubt_w);
    free(s->weight);
}

/* ---- what is recorded ---- */

static int read_recordings(struct search *s, const struct next_options *o,
                           char **features, struct err *e)
{
    *features = strings_join(&s->m->spec.features, ",");
    s->set = (struct rowset){.features = *features,
                             .target = "auto",
                             .group_key = META_RUN,
                             .allow_truncated = o->allow_truncated,
                             .keep_unlabelled = true};
    for (size_t i = 0; i < o->files->n; i++)
        if (rowset_add(&s->set, o->files->at[i], e) < 0)
            return -1;
    return o->files->n ? rowset_view(&s->set, &s->rows, e) : 0;
}

/* Means of a recording over all but its first and last tenth, in which the load
 * begins and ends. */
static void take_means(const struct search *s, size_t file, float *x,
                       float *watts)
{
    const struct labelled *l = &s->rows;
    size_t n = l->begin[file + 1] - l->begin[file];
    size_t from = l->begin[file] + n / 10, to = l->begin[file + 1] - n / 10;
    double sum = 0, known = 0, *mean = xcalloc(s->D, sizeof *mean);

    for (size_t i = from; i < to; i++) {
        for (size_t d = 0; d < s->D; d++)
            mean[d] += (double)l->x[i * s->D + d] / (double)(to - from);
        if (isnan(l->y[i]))
            continue;
        sum += (double)l->y[i];
        known++;
    }
    for (size_t d = 0; d < s->D; d++)
        x[d] = (float)mean[d];
    *watts = known > 0 ? (float)(sum / known) : NAN;
    free(mean);
}

/* The runs that may be picked, into s->run. */
static void find_candidates(struct search *s, const struct next_options *o,
                            const bool *recorded, struct next *out)
{
    const struct sweep_plan *p = &s->f->plan;

    s->run = xcalloc(p->n + 1, sizeof *s->run);
    for (size_t i = 0; i < p->n; i++) {
        const struct sweep_run *r = &p->run[i];

        if (recorded[i])
            out->n_recorded++;
        else if (r->part->held_out)
            out->n_held_out++;
        else if (o->passed && o->passed[r->number - 1])
            out->n_passed++;
        else
            s->run[s->M++] = i;
    }
    out->n_left = s->M;
}

/* Places and features of the candidates, then of the recordings. */
static void lay_out(struct search *s, const float *at, const bool *known)
{
    size_t P = s->space.n, row = s->M;

    s->D = s->m->spec.features.n;
    s->u = xcalloc((s->M + s->R) * P + 1, sizeof *s->u);
    s->x = xcalloc((s->M + s->R) * s->D + 1, sizeof *s->x);
    s->watts = xcalloc(s->R + 1, sizeof *s->watts);
    for (size_t i = 0; i < s->M; i++)
        next_space_of_run(&s->space, &s->f->plan.run[s->run[i]], s->u + i * P);
    for (size_t f = 0; f < s->set.n_files; f++) {
        if (!known[f])
            continue;
        memcpy(s->u + row * P, at + f * P, P * sizeof *at);
        take_means(s, f, s->x + row * s->D, s->watts + row - s->M);
        row++;
    }
}

static void place(struct search *s, const struct next_options *o,
                  struct next *out)
{
    const struct sweep_plan *p = &s->f->plan;
    size_t R = s->set.n_files;
    const struct labels **meta = xcalloc(R + 1, sizeof *meta);
    float *at = xcalloc(R * s->space.n + 1, sizeof *at);
    bool *known = xcalloc(R + 1, sizeof *known);
    bool *recorded = xcalloc(p->n + 1, sizeof *recorded);

    for (size_t r = 0; r < R; r++)
        meta[r] = &s->set.recording[r].meta;
    next_space_match(&s->space, p, meta, R, at, known, recorded);
    find_candidates(s, o, recorded, out);
    for (size_t r = 0; r < R; r++)
        s->R += known[r];
    out->n_known = s->R;
    out->n_unknown = R - s->R;
    lay_out(s, at, known);
    free(recorded);
    free(known);
    free(at);
    free(meta);
}

/* ---- what is expected ---- */

/* Nothing leaves the range that was recorded by over a quarter of it, and what
 * was never below 0 stays so. */
static void keep_in_range(const struct search *s)
{
    for (size_t d = 0; d < s->D; d++) {
        float min = INFINITY, max = -INFINITY, room;

        for (size_t i = s->M; i < s->M + s->R; i++) {
            min = fminf(min, s->x[i * s->D + d]);
            max = fmaxf(max, s->x[i * s->D + d]);
        }
        room = (max - min) / 4;
        min = min >= 0 ? fmaxf(min - room, 0) : min - room;
        for (size_t i = 0; i < s->M; i++)
            s->x[i * s->D + d] =
                fminf(fmaxf(s->x[i * s->D + d], min), max + room);
    }
}

static double interpolate_features(struct search *s)
{
    size_t P = s->space.n;
    double explained = design_interpolate(s->u + s->M * P, s->x + s->M * s->D,
                                          s->R, s->u, s->M, P, s->D, s->x);

    keep_in_range(s);
    return explained;
}

/* The model of the machine that was recorded, of as many CPUs as the sweep. */
static void begin_model(struct search *s)
{
    struct labels meta = {0};

    if (s->set.n_files > 0)
        labels_copy(&meta, &s->set.recording[0].meta);
    if (!labels_get(&meta, META_CPUS))
        labels_setf(&meta, META_CPUS, "%u", s->f->spec.cpus);
    estimator_begin(s->m, &meta);
    labels_release(&meta);
}

/* How wrong the model is on each recording, carried over to the candidates. */
static void interpolate_errors(const struct search *s, float *out)
{
    size_t P = s->space.n, n = 0;
    float *u = xcalloc(s->R * P + 1, sizeof *u);
    float *off = xcalloc(s->R + 1, sizeof *off);

    for (size_t r = 0; r < s->R; r++) {
        if (isnan(s->watts[r]))
            continue;
        memcpy(u + n * P, s->u + (s->M + r) * P, P * sizeof *u);
        off[n++] = fabsf(s->said[s->M + r].power_w - s->watts[r]);
    }
    design_interpolate(u, off, n, s->u, s->M, P, 1, out);
    free(u);
    free(off);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const double *x, size_t n)
{
    double *v = xcalloc(n + 1, sizeof *v), m;

    memcpy(v, x, n * sizeof *v);
    qsort(v, n, sizeof *v, compare);
    m = n ? v[n / 2] : 0;
    free(v);
    return m;
}

/* Standard deviations of the two kinds of error add up as squares; where the
 * model has no support both may be twice as large. */
static void find_doubts(struct search *s)
{
    float *off = xcalloc(s->M + 1, sizeof *off);
    double usual;

    interpolate_errors(s, off);
    for (size_t i = 0; i < s->M; i++) {
        const struct answer *a = &s->said[i];
        double width = isfinite(a->width_w) ? (double)a->width_w : 0;
        double error = fmax((double)off[i], 0);

        s->doubt_w[i] =
            hypot(width / 2 / HALF_90, error) * (2 - (double)a->support);
        if (!(s->doubt_w[i] > LEAST_DOUBT_W)) /* as sure as that is nobody */
            s->doubt_w[i] = LEAST_DOUBT_W;
    }
    usual = median(s->doubt_w, s->M);
    for (size_t i = 0; i < s->M; i++)
        s->weight[i] = sqrt(s->doubt_w[i] / usual);
    free(off);
}

static double expect(struct search *s)
{
    double explained = NAN;

    s->said = xcalloc(s->M + s->R + 1, sizeof *s->said);
    s->doubt_w = xcalloc(s->M + 1, sizeof *s->doubt_w);
    s->weight = xcalloc(s->M + 1, sizeof *s->weight);
    for (size_t i = 0; i < s->M; i++) {
        s->doubt_w[i] = NAN;
        s->weight[i] = 1;
        s->said[i].support = NAN;
    }
    if (s->R == 0)
        return NAN;
    explained = interpolate_features(s);
    begin_model(s);
    estimator_ask(s->m, s->x, s->M + s->R, s->said);
    find_doubts(s);
    return explained;
}

/* ---- the choice ---- */

/* Features as standard deviations of those of all runs, to (M + R, D). */
static float *standardise(const struct search *s)
{
    size_t N = s->M + s->R;
    float *z = xcalloc(N * s->D + 1, sizeof *z);

    for (size_t d = 0; d < s->D; d++) {
        double mean = 0, squares = 0;

        for (size_t i = 0; i < N; i++)
            mean += (double)s->x[i * s->D + d] / (double)N;
        for (size_t i = 0; i < N; i++)
            squares += pow((double)s->x[i * s->D + d] - mean, 2) / (double)N;
        for (size_t i = 0; i < N && squares > 0; i++)
            z[i * s->D + d] =
                (float)(((double)s->x[i * s->D + d] - mean) / sqrt(squares));
    }
    return z;
}

/* The share of the candidates that are less in doubt. */
static double doubt_rank(const struct search *s, size_t at)
{
    size_t below = 0;

    for (size_t i = 0; i < s->M; i++)
        below += s->weight[i] < s->weight[at];
    return s->M > 1 ? (double)below / (double)(s->M - 1) : 0;
}

static void choose(struct search *s, size_t n, struct next *out)
{
    float *z = standardise(s);
    const struct design d = {.M = s->M,
                             .R = s->R,
                             .P = s->space.n,
                             .D = s->R ? s->D : 0,
                             .u = s->u,
                             .f = z,
                             .weight = s->weight};
    struct design_pick *picks;

    n = n < s->M ? n : s->M;
    picks = xcalloc(n + 1, sizeof *picks);
    out->at = xcalloc(n + 1, sizeof *out->at);
    out->n = design_choose(&d, n, picks);
    for (size_t i = 0; i < out->n; i++) {
        size_t at = picks[i].at;

        out->at[i] = (struct next_run){.run = &s->f->plan.run[s->run[at]],
                                       .why = doubt_rank(s, at) > picks[i].rank
                                                  ? NEXT_UNCERTAIN
                                                  : NEXT_THIN,
                                       .distance = picks[i].distance,
                                       .doubt_w = s->doubt_w[at],
                                       .support = (double)s->said[at].support};
    }
    free(picks);
    free(z);
}

int next_runs(struct next *out, struct estimator *m, const struct sweep_file *f,
              const struct next_options *o, struct err *e)
{
    struct search s = {.m = m, .f = f};
    char *features = NULL;
    int rc = next_space_make(&s.space, &f->spec, e);

    *out = (struct next){.explained = NAN};
    if (rc == 0)
        rc = read_recordings(&s, o, &features, e);
    if (rc == 0) {
        place(&s, o, out);
        out->explained = expect(&s);
        choose(&s, o->n, out);
    }
    search_release(&s);
    free(features);
    return rc;
}

void next_release(struct next *out)
{
    free(out->at);
    *out = (struct next){0};
}
