#include "common/math/health.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

/* How long something holds on end: since when, and until when. */
struct stretch {
    bool on;
    int64_t from_ns;
};

/* Seconds that it has held, `holds` now being known of row i. */
static double lasts(struct stretch *s, bool holds, int64_t t_ns)
{
    if (holds && !s->on)
        s->from_ns = t_ns;
    s->on = holds;
    return holds ? (double)(t_ns - s->from_ns) * 1e-9 : 0;
}

static void take_watts(struct health *h, double w, double most_w)
{
    if (isnan(w))
        return;
    h->min_w = h->labelled ? fmin(h->min_w, w) : w;
    h->max_w = h->labelled ? fmax(h->max_w, w) : w;
    h->labelled++;
    h->sum_w += w;
    h->negative += w < 0;
    h->impossible += w > most_w;
}

void health_of(const int64_t *t_ns, const float *y, const float *busy, size_t n,
               const struct health_options *o, struct health *out)
{
    struct stretch same = {0}, idle = {0};

    memset(out, 0, sizeof *out);
    out->rows = n;
    for (size_t i = 0; i < n; i++) {
        double step_s = i ? (double)(t_ns[i] - t_ns[i - 1]) * 1e-9 : 0;
        bool follows = i && step_s <= o->gap_s, is_idle, is_same;
        double idle_s;

        take_watts(out, (double)y[i], o->most_w);
        is_same = follows && y[i] == y[i - 1];
        out->stuck_s =
            fmax(out->stuck_s, is_same ? lasts(&same, true, t_ns[i]) : 0);
        /* what is the same from here on has been so since this row */
        if (!is_same)
            same = (struct stretch){.on = true, .from_ns = t_ns[i]};
        is_idle = busy[i] <= (float)o->idle_share;
        out->loaded += !isnan(busy[i]);
        out->idle += is_idle;
        if (!follows)
            idle.on = false;
        idle_s = lasts(&idle, is_idle, t_ns[i]);
        out->idle_s = fmax(out->idle_s, idle_s);
        out->settled_s += fmin(step_s, fmax(0, idle_s - o->settle_s));
    }
}

void health_merge(struct health *to, const struct health *from)
{
    if (from->labelled > 0) {
        to->min_w = to->labelled ? fmin(to->min_w, from->min_w) : from->min_w;
        to->max_w = to->labelled ? fmax(to->max_w, from->max_w) : from->max_w;
    }
    to->rows += from->rows;
    to->labelled += from->labelled;
    to->sum_w += from->sum_w;
    to->negative += from->negative;
    to->impossible += from->impossible;
    to->stuck_s = fmax(to->stuck_s, from->stuck_s);
    to->loaded += from->loaded;
    to->idle += from->idle;
    to->idle_s = fmax(to->idle_s, from->idle_s);
    to->settled_s += from->settled_s;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

void health_quantum(const float *x, size_t n, size_t stride,
                    struct quantum *out)
{
    float *v = xreallocarray(NULL, n + 1, sizeof *v);
    size_t count = 0, distinct = 0;

    *out = (struct quantum){.min = NAN, .max = NAN, .step = NAN, .usual = NAN};
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i * stride]))
            v[count++] = x[i * stride];
    qsort(v, count, sizeof *v, compare);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || v[i] > v[distinct - 1])
            v[distinct++] = v[i];
    out->distinct = distinct;
    if (distinct > 0) {
        out->min = (double)v[0];
        out->max = (double)v[distinct - 1];
    }
    for (size_t i = 0; i + 1 < distinct; i++)
        v[i] = v[i + 1] - v[i];
    if (distinct > 1) {
        qsort(v, distinct - 1, sizeof *v, compare);
        out->step = (double)v[0];
        out->usual = (double)v[(distinct - 1) / 2];
    }
    free(v);
}
