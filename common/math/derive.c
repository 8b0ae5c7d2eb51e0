#include "common/math/derive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/derive_parts.h"

#define MAX_GAUGE_W 1e6 /* no machine draws a megawatt */

bool derive_wants(const struct derive *d, size_t channel)
{
    for (size_t k = 0; k < d->n_inputs; k++)
        if (d->inputs[k].channel == channel)
            return true;
    return false;
}

const char *derive_target(const struct derive *d)
{
    return d->target;
}

void derive_break(struct derive *d)
{
    d->have_prev = false;
}

static void make_room(struct derive *d, size_t n)
{
    if (n <= d->cap)
        return;
    d->cap = n;
    for (size_t k = 0; k < d->n_inputs; k++)
        d->inputs[k].col = xreallocarray(d->inputs[k].col, n, sizeof(double));
    for (size_t j = 0; j < d->n_features; j++)
        d->x[j] = xreallocarray(d->x[j], n, sizeof(float));
    d->t_ns = xreallocarray(d->t_ns, n, sizeof *d->t_ns);
    d->dt_s = xreallocarray(d->dt_s, n, sizeof *d->dt_s);
    d->total = xreallocarray(d->total, n, sizeof *d->total);
    for (size_t k = 0; k < d->n_labels; k++)
        d->label_w[k] = xreallocarray(d->label_w[k], n, sizeof(float));
    d->state = xreallocarray(d->state, n, sizeof *d->state);
    if (d->has_clock || d->has_cpus)
        made_room(d, n);
    free(d->zero);
    d->zero = xcalloc(n, sizeof *d->zero);
}

static double seconds(int64_t ns)
{
    return (double)ns / NS_PER_S;
}

/* Time since the reading before, and whether this one follows from it. */
static void load_times(struct derive *d, size_t n, const int64_t *t_ns)
{
    uint8_t alone = d->needs_prev ? ROW_BAD : ROW_FRESH;
    int64_t prev = d->prev_ns;
    uint64_t longest = 2 * (uint64_t)d->recorded_ns;

    for (size_t i = 0; i < n; i++) {
        bool follows = (uint64_t)t_ns[i] - (uint64_t)prev <= longest &&
                       (i > 0 || d->have_prev);

        d->state[i] = follows ? ROW_FOLLOWS : alone;
        d->dt_s[i] = seconds(follows ? t_ns[i] - prev : d->recorded_ns);
        prev = t_ns[i];
    }
    d->prev_ns = prev;
}

static void load_gauge(struct input *in, const void *column, size_t n)
{
    const uint64_t *u64 = column;
    const double *f64 = column;
    const float *f32 = column;
    const uint8_t *u8 = column;

    switch (in->type) {
    case CHANNEL_U64:
        for (size_t i = 0; i < n; i++)
            in->col[i] = (double)u64[i];
        break;
    case CHANNEL_F64:
        memcpy(in->col, f64, n * sizeof *f64);
        break;
    case CHANNEL_F32:
        for (size_t i = 0; i < n; i++)
            in->col[i] = f32[i];
        break;
    case CHANNEL_U8:
        for (size_t i = 0; i < n; i++)
            in->col[i] = u8[i];
        break;
    }
}

static void load_inputs(struct derive *d, size_t n, const void *const *column)
{
    for (size_t k = 0; k < d->n_inputs; k++) {
        struct input *in = &d->inputs[k];
        const uint64_t *readings = column[in->channel];

        if (!in->counter) {
            load_gauge(in, column[in->channel], n);
            continue;
        }
        if (!d->have_prev)
            in->prev = readings[0];
        in->prev =
            counter_steps(&in->rule, in->prev, readings, d->dt_s, n, in->col);
        /* Without its energy a row only lacks its label. */
        for (size_t i = 0; in->signal != ZONE && i < n; i++)
            if (isnan(in->col[i]))
                d->state[i] = ROW_BAD;
    }
    d->have_prev = true;
}

/* Begin a stretch of bins at row i; returns whether the row counts into one. */
static bool bin_begin(struct derive *d, int64_t t_ns)
{
    d->bin_open = d->bin_first = true;
    d->bin_start_ns = d->needs_prev ? t_ns : t_ns - d->recorded_ns;
    d->bin_end_ns = d->bin_start_ns + d->interval_ns;
    for (size_t k = 0; k < d->n_inputs; k++)
        d->inputs[k].sum = 0;
    return !d->needs_prev;
}

/* Put what the bin holds into row m, and begin the next bin. */
static void bin_finish(struct derive *d, size_t m, int64_t t_ns)
{
    double dt_s = seconds(t_ns - d->bin_start_ns);

    for (size_t k = 0; k < d->n_inputs; k++) {
        struct input *in = &d->inputs[k];

        in->col[m] = in->counter ? in->sum : in->sum / dt_s;
        in->sum = 0;
    }
    d->t_ns[m] = t_ns;
    d->dt_s[m] = dt_s;
    d->state[m] = d->bin_first && !d->needs_prev ? ROW_FRESH : ROW_FOLLOWS;
    d->bin_first = false;
    d->bin_start_ns = t_ns;
    while (d->bin_end_ns <= t_ns + d->recorded_ns / 2)
        d->bin_end_ns += d->interval_ns;
}

/*
 * Sum up n rows into bins, in place: m rows, m <= n.  As in a recording at
 * that interval, a row that only begins a stretch is one, though a bad one.
 */
static size_t bin_rows(struct derive *d, size_t n, const int64_t *t_ns)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        bool counts = d->state[i] == ROW_FOLLOWS || bin_begin(d, t_ns[i]);

        for (size_t k = 0; counts && k < d->n_inputs; k++) {
            struct input *in = &d->inputs[k];

            in->sum += in->counter ? in->col[i] : in->col[i] * d->dt_s[i];
        }
        if (!counts) {
            d->t_ns[m] = t_ns[i];
            d->dt_s[m] = seconds(d->interval_ns);
            d->state[m++] = ROW_BAD;
        } else if (t_ns[i] + d->recorded_ns / 2 >= d->bin_end_ns) {
            bin_finish(d, m++, t_ns[i]);
        }
    }
    return m;
}

static void scale_inputs(struct derive *d, size_t n)
{
    for (size_t k = 0; k < d->n_inputs; k++) {
        struct input *in = &d->inputs[k];

        if (in->counter && is_cpu_time(in->signal))
            continue; /* ticks: cpu_shares() */
        for (size_t i = 0; i < n; i++)
            in->col[i] *= in->scale;
        for (size_t i = 0; in->counter && i < n; i++)
            in->col[i] /= d->dt_s[i];
    }
}

/* Ticks into shares of all ticks.  No tick at all is an idle machine. */
static void cpu_shares(struct derive *d, size_t n)
{
    memset(d->total, 0, n * sizeof *d->total);
    for (size_t k = 0; k < d->n_inputs; k++)
        if (is_cpu_time(d->inputs[k].signal) && d->inputs[k].counter)
            for (size_t i = 0; i < n; i++)
                d->total[i] += d->inputs[k].col[i];
    for (size_t k = 0; k < d->n_inputs; k++) {
        struct input *in = &d->inputs[k];
        double alone = in->signal == SIG_CPU_IDLE ? 1 : 0;

        if (is_cpu_time(in->signal) && in->counter)
            for (size_t i = 0; i < n; i++)
                in->col[i] = d->total[i] > 0 ? in->col[i] / d->total[i] : alone;
    }
}

static void compute_features(struct derive *d, size_t n)
{
    struct signals s = {.n_cpus = d->n_cpus};

    for (int i = 0; i < N_SIGNALS; i++)
        s.at[i] = d->zero;
    for (size_t k = 0; k < d->n_inputs; k++)
        if (d->inputs[k].signal >= 0)
            s.at[d->inputs[k].signal] = d->inputs[k].col;
    made_compute(d, n, &s);
    for (size_t j = 0; j < d->n_features; j++) {
        d->features[j]->compute(&s, n, d->x[j]);
        for (size_t i = 0; i < n; i++)
            if (!isfinite(d->x[j][i]))
                d->state[i] = ROW_BAD;
    }
}

/* A meter that shows what cannot be shows nothing. */
static float watts_or_none(double w)
{
    return w >= 0 && w <= MAX_GAUGE_W ? (float)w : NAN;
}

static void compute_labels(struct derive *d, size_t n)
{
    for (size_t k = 0; k < d->n_labels; k++)
        for (size_t i = 0; i < n; i++)
            d->label_w[k][i] = d->targets.n ? 0 : NAN;
    for (size_t k = 0; k < d->n_inputs; k++) {
        const struct input *in = &d->inputs[k];

        for (size_t i = 0; in->signal == ZONE && i < n; i++)
            d->label_w[in->target][i] += watts_or_none(in->col[i]);
    }
}

void derive_rows(struct derive *d, size_t n, const int64_t *t_ns,
                 const void *const *column, struct derived *out)
{
    size_t m = n;

    make_room(d, n);
    load_times(d, n, t_ns);
    load_inputs(d, n, column);
    if (d->binned)
        m = bin_rows(d, n, t_ns);
    scale_inputs(d, m);
    cpu_shares(d, m);
    compute_features(d, m);
    compute_labels(d, m);
    *out = (struct derived){.n = m,
                            .t_ns = d->binned ? d->t_ns : t_ns,
                            .state = d->state,
                            .x = (const float *const *)d->x,
                            .label_w = (const float *const *)d->label_w,
                            .dt_s = d->dt_s};
}
