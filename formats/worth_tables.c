#include <math.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/coverage.h"
#include "common/math/delay.h"
#include "common/math/health.h"
#include "formats/load.h"
#include "formats/sample.h"
#include "formats/worth.h"
#include "formats/worth_parts.h"

struct health_options worth_health_options(const struct recording *r,
                                           const struct worth_options *o)
{
    return (struct health_options){.most_w = o->most_w,
                                   .idle_share = WORTH_IDLE_SHARE,
                                   .settle_s = WORTH_SETTLE_S,
                                   .gap_s = 1.5e-9 * (double)r->nominal_ns};
}

double worth_jitter_pct(const struct recording *r)
{
    if (r->steps < 2)
        return NAN;
    return 1e11 * sqrt(r->m2_s / (double)(r->steps - 1)) /
           (double)r->nominal_ns;
}

/* ---- a row a recording ---- */

static void put_recording(struct grid *g, const struct recording *r,
                          const struct health *h)
{
    double rows = (double)h->rows;

    grid_string(g, labels_get(&r->meta, META_WORKLOAD));
    grid_string(g, labels_get(&r->meta, META_RUN));
    grid_number(g, (double)r->rows, 0);
    grid_number(g, (double)(r->last_ns - r->first_ns) * 1e-9, 1);
    grid_string(g, r->complete ? "yes" : "no");
    grid_number(g, (double)r->nominal_ns * 1e-6, 3);
    grid_number(g, worth_jitter_pct(r), 2);
    grid_number(g, (double)r->late, 0);
    grid_number(g, (double)r->missing, 0);
    grid_number(g, (double)(r->gaps + r->resets + r->clock_steps), 0);
    grid_number(g, 100 * (double)h->labelled / rows, 1);
    grid_number(g, h->labelled ? h->sum_w / (double)h->labelled : NAN, 2);
    grid_number(g, h->labelled ? h->min_w : NAN, 2);
    grid_number(g, h->labelled ? h->max_w : NAN, 2);
    grid_number(g, (double)(r->negative + h->negative + h->impossible), 0);
    grid_number(g, h->stuck_s, 1);
    grid_number(g, r->energy_off_pct, 3);
    grid_number(g, h->loaded ? 100 * (double)h->idle / (double)h->loaded : NAN,
                1);
    grid_number(g, h->settled_s, 1);
}

int worth_each(const struct rowset *set, const struct labelled *rows,
               const struct worth_options *o, struct pool *pool,
               struct grid **g, struct err *e)
{
    float *busy = load_share(set, rows);

    (void)pool;
    (void)e;
    *g = grid_new("workload,run,rows,seconds,complete,interval_ms,jitter_pct,"
                  "late,missing,marks,labelled_pct,mean_w,min_w,max_w,"
                  "implausible,stuck_s,energy_off_pct,idle_pct,settled_s");
    for (size_t f = 0; f < set->n_files; f++) {
        const struct recording *r = &set->recording[f];
        struct health_options how = worth_health_options(r, o);
        size_t at = rows->begin[f];
        struct health h;

        health_of(rows->t_ns + at, rows->y + at, busy + at,
                  rows->begin[f + 1] - at, &how, &h);
        put_recording(*g, r, &h);
    }
    free(busy);
    return 0;
}

/* ---- a row a group ---- */

struct kind_of_work {
    size_t group, recordings, rows;
    struct health h;
    double seconds, squares;       /* squares: of the watts less mean_w */
    double mean_w;                 /* of all groups */
    size_t tenth[COVERAGE_TENTHS]; /* rows by their load */
};

static void add_row(struct kind_of_work *k, float w, float busy)
{
    double tenth = fmin(fmax((double)busy, 0) * COVERAGE_TENTHS, 9);

    k->rows++;
    if (!isnan(w))
        k->squares += pow((double)w - k->mean_w, 2);
    if (!isnan(busy))
        k->tenth[(size_t)tenth]++;
}

static double mean_watts(const struct labelled *l)
{
    double sum = 0, n = 0;

    for (size_t i = 0; i < l->T; i++) {
        if (isnan(l->y[i]))
            continue;
        sum += (double)l->y[i];
        n++;
    }
    return n > 0 ? sum / n : NAN;
}

static int more_rows(const void *a, const void *b)
{
    const struct kind_of_work *x = a, *y = b;

    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return (x->group > y->group) - (x->group < y->group);
}

static size_t count_tenths(const struct kind_of_work *k)
{
    size_t n = 0;

    for (size_t i = 0; i < COVERAGE_TENTHS; i++)
        n += k->tenth[i] > 0 && k->tenth[i] * 1000 >= k->h.loaded;
    return n;
}

/* squares, rows: of all groups together. */
static void put_group(struct grid *g, const struct rowset *set,
                      const struct kind_of_work *k, double squares, double rows)
{
    double n = (double)k->h.labelled, mean = k->h.sum_w / n;
    double off = mean - k->mean_w;

    grid_string(g, set->groups.at[k->group]);
    grid_number(g, (double)k->recordings, 0);
    grid_number(g, (double)k->rows, 0);
    grid_number(g, k->seconds / 3600, 3);
    grid_number(g, 100 * (double)k->rows / rows, 2);
    grid_number(g, squares > 0 ? 100 * k->squares / squares : NAN, 2);
    grid_number(g, n > 0 ? mean : NAN, 2);
    grid_number(g, n > 0 ? sqrt(fmax(k->squares / n - off * off, 0)) : NAN, 2);
    grid_number(
        g, k->h.loaded ? 100 * (double)k->h.idle / (double)k->h.loaded : NAN,
        1);
    grid_number(g, k->h.loaded ? (double)count_tenths(k) : NAN, 0);
}

static void look_at_groups(const struct rowset *set, const struct labelled *l,
                           const struct worth_options *o, const float *busy,
                           struct kind_of_work *kinds)
{
    double mean_w = mean_watts(l);

    for (size_t k = 0; k < l->n_groups; k++)
        kinds[k] = (struct kind_of_work){.group = k, .mean_w = mean_w};
    for (size_t f = 0; f < l->n_files; f++) {
        const struct recording *r = &set->recording[f];
        struct kind_of_work *k = &kinds[l->group[f]];
        struct health_options how = worth_health_options(r, o);
        size_t at = l->begin[f], end = l->begin[f + 1];
        struct health h;

        health_of(l->t_ns + at, l->y + at, busy + at, end - at, &how, &h);
        health_merge(&k->h, &h);
        k->recordings++;
        k->seconds += (double)(r->last_ns - r->first_ns) * 1e-9;
        for (size_t i = at; i < end; i++)
            add_row(k, l->y[i], busy[i]);
    }
}

int worth_groups(const struct rowset *set, const struct labelled *rows,
                 const struct worth_options *o, struct pool *pool,
                 struct grid **g, struct err *e)
{
    struct kind_of_work *kinds = xcalloc(rows->n_groups, sizeof *kinds);
    float *busy = load_share(set, rows);
    double squares = 0;

    (void)pool;
    (void)e;
    look_at_groups(set, rows, o, busy, kinds);
    for (size_t k = 0; k < rows->n_groups; k++)
        squares += kinds[k].squares;
    qsort(kinds, rows->n_groups, sizeof *kinds, more_rows);
    *g = grid_new("group,recordings,rows,hours,rows_pct,variance_pct,mean_w,"
                  "sd_w,idle_pct,load_tenths");
    for (size_t k = 0; k < rows->n_groups; k++)
        put_group(*g, set, &kinds[k], squares, (double)rows->T);
    grid_note(*g, "variance_pct: of the squared differences between the watts "
                  "and the mean of all; idle: at most 2 %% of the CPUs busy.");
    free(busy);
    free(kinds);
    return 0;
}

/* ---- a row a column ---- */

static void put_column(struct grid *g, const char *name, const float *x,
                       size_t n, size_t stride)
{
    struct quantum q;
    double range;

    health_quantum(x, n, stride, &q);
    range = q.max - q.min;
    grid_string(g, name);
    grid_number(g, q.min, 4);
    grid_number(g, q.max, 4);
    grid_number(g, (double)q.distinct, 0);
    grid_number(g, q.step, 6);
    grid_number(g, q.usual, 6);
    grid_number(g, range > 0 ? 100 * q.usual / range : NAN, 4);
    grid_number(g, (double)coverage_tenths(x, n, stride, q.min, q.max), 0);
}

int worth_columns(const struct rowset *set, const struct labelled *rows,
                  const struct worth_options *o, struct pool *pool,
                  struct grid **g, struct err *e)
{
    (void)o;
    (void)pool;
    (void)e;
    *g = grid_new("column,min,max,distinct,least_step,usual_step,"
                  "usual_step_pct,tenths");
    put_column(*g, "watts", rows->y, rows->T, 1);
    for (size_t d = 0; d < rows->D; d++)
        put_column(*g, set->names.at[d], rows->x + d, rows->T, rows->D);
    grid_note(*g, "distinct: different values; step: between neighbouring "
                  "ones, the least and the median; pct: of the range.");
    grid_note(*g, "tenths: of the range that hold at least a thousandth of the "
                  "rows.");
    return 0;
}

/* ---- a row a lag ---- */

enum series { WATTS, LOAD, N_SERIES };

/* Means over the recordings, weighted by their rows. */
struct lags {
    size_t n_lags, recordings[N_SERIES];
    double rows[N_SERIES];
    double *acf[N_SERIES], *ami[N_SERIES];
    double *now; // (n_lags)
};

static void add_weighted(struct lags *a, double *sum, size_t n)
{
    for (size_t k = 0; k < a->n_lags; k++)
        sum[k] += (isnan(a->now[k]) ? 0 : a->now[k]) * (double)n;
}

static bool is_whole(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(x[i]))
            return false;
    return true;
}

static void add_recording(struct lags *a, const float *const *x, size_t n)
{
    for (int s = 0; s < N_SERIES; s++) {
        if (n < 4 * a->n_lags || !is_whole(x[s], n))
            continue;
        a->recordings[s]++;
        a->rows[s] += (double)n;
        delay_autocorrelation(x[s], n, a->n_lags, a->now);
        add_weighted(a, a->acf[s], n);
        delay_information(x[s], n, a->n_lags, a->now);
        add_weighted(a, a->ami[s], n);
    }
}

static void note_delay(struct grid *g, const char *what, size_t lag,
                       double interval_s)
{
    if (lag)
        grid_note(g, "%s: tau %zu (%g s)", what, lag, (double)lag * interval_s);
    else
        grid_note(g, "%s: beyond these lags", what);
}

static void put_lags(struct grid *g, struct lags *a, double interval_s)
{
    static const char *const names[] = {"watts", "load"};

    for (size_t k = 0; k < a->n_lags; k++) {
        grid_number(g, (double)k, 0);
        grid_number(g, (double)k * interval_s, 3);
        for (int s = 0; s < N_SERIES; s++) {
            grid_number(g, a->acf[s][k] /= a->rows[s], 3);
            grid_number(g, a->ami[s][k] /= a->rows[s], 3);
        }
    }
    grid_note(g, "acf: autocorrelation; ami: average mutual information, bits; "
                 "means over the recordings.");
    for (int s = 0; s < N_SERIES; s++) {
        char *what;

        if (a->recordings[s] == 0)
            continue;
        what = xasprintf("%s, %zu recordings, autocorrelation below 1/e",
                         names[s], a->recordings[s]);

        note_delay(g, what, delay_of_autocorrelation(a->acf[s], a->n_lags),
                   interval_s);
        free(what);
        what = xasprintf("%s, first minimum of the information", names[s]);
        note_delay(g, what, delay_of_information(a->ami[s], a->n_lags),
                   interval_s);
        free(what);
    }
}

static void lags_init(struct lags *a, size_t n_lags)
{
    *a = (struct lags){.n_lags = n_lags};
    a->now = xcalloc(n_lags, sizeof *a->now);
    for (int s = 0; s < N_SERIES; s++) {
        a->acf[s] = xcalloc(n_lags, sizeof *a->acf[s]);
        a->ami[s] = xcalloc(n_lags, sizeof *a->ami[s]);
    }
}

static void lags_release(struct lags *a)
{
    free(a->now);
    for (int s = 0; s < N_SERIES; s++) {
        free(a->acf[s]);
        free(a->ami[s]);
    }
}

int worth_lags(const struct rowset *set, const struct labelled *rows,
               const struct worth_options *o, struct pool *pool,
               struct grid **g, struct err *e)
{
    float *busy = load_share(set, rows);
    int64_t interval_ns = set->recording[0].nominal_ns;
    struct lags a;
    int rc = 0;

    (void)pool;
    lags_init(&a, o->n_lags);
    for (size_t f = 0; f < set->n_files; f++) {
        size_t at = rows->begin[f];
        const float *const x[] = {rows->y + at, busy + at};

        if (set->recording[f].nominal_ns != interval_ns)
            rc = err_set(e, ERR_DATA,
                         "recordings of different intervals: a lag means "
                         "different times in them; give them one by one");
        add_recording(&a, x, rows->begin[f + 1] - at);
    }
    if (rc == 0 && a.recordings[WATTS] + a.recordings[LOAD] == 0)
        rc = err_set(e, ERR_DATA,
                     "no recording has %zu rows, all with watts or load; ask "
                     "for fewer --lags",
                     4 * o->n_lags);
    if (rc == 0) {
        *g = grid_new("lag,seconds,acf_watts,ami_watts,acf_load,ami_load");
        put_lags(*g, &a, (double)interval_ns * 1e-9);
    }
    lags_release(&a);
    free(busy);
    return rc;
}
