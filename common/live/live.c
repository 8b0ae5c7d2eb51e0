#include "common/live/live.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/feature.h"
#include "formats/sample.h"

/* What arrives this long after it was sampled was recorded. */
#define RECORDED_NS (3600 * NS_PER_S)

/* A feature ln(1 + v) is shown as v, in its unit. */
static void name_signal(struct live_signal *s, const char *name)
{
    const struct feature *f = feature_find(name);
    const char *unit = f ? f->unit : "";
    size_t n = strlen(unit);

    s->name = name;
    s->logarithm = strncmp(unit, "ln(1 + ", 7) == 0 && n > 8;
    s->unit = s->logarithm             ? xstrndup(unit + 7, n - 8)
              : strcmp(unit, "1") == 0 ? xstrdup("")
                                       : xstrdup(unit);
    s->value = NAN;
    s->adds_w = NAN;
}

void live_init(struct live *v, const struct live_model *m)
{
    *v = (struct live){.model = *m, .D = m->spec->features.n};
    v->signal = xcalloc(v->D, sizeof *v->signal);
    v->x = xcalloc(v->D, sizeof *v->x);
    v->slot = xcalloc(LIVE_SIGNALS + v->D, sizeof *v->slot);
    for (size_t i = 0; i < v->D; i++)
        name_signal(&v->signal[i], m->spec->features.at[i]);
    trail_init(&v->trail, LIVE_SIGNALS + v->D);
}

void live_release(struct live *v)
{
    for (size_t i = 0; v->signal && i < v->D; i++)
        free(v->signal[i].unit);
    free(v->signal);
    free(v->x);
    free(v->slot);
    free(v->where);
    trail_release(&v->trail);
}

/* text, a comma where it is not the first, more; takes text. */
static char *add(char *text, const char *before, const char *more,
                 const char *after)
{
    char *longer =
        xasprintf("%s%s%s%s%s", text, *text ? ", " : "", before, more, after);

    free(text);
    return longer;
}

void live_begin(struct live *v, const struct labels *meta)
{
    const char *host = labels_get(meta, META_HOST);
    const char *cpu = labels_get(meta, META_CPU_MODEL);
    const char *cpus = labels_get(meta, META_CPUS);
    const char *under = labels_get(meta, META_HYPERVISOR);
    const char *workload = labels_get(meta, META_WORKLOAD);
    char *text = xstrdup(host ? host : "");

    if (workload)
        text = add(text, "workload ", workload, "");
    if (under && strcmp(under, "unknown") == 0)
        text = add(text, "a guest", "", "");
    else if (under && strcmp(under, "none") != 0)
        text = add(text, "guest of ", under, "");
    if (cpus)
        text = add(text, "", cpus, strcmp(cpus, "1") ? " CPUs" : " CPU");
    if (cpu)
        text = add(text, "", cpu, "");
    free(v->where);
    v->where = text;
}

void live_row(struct live *v, int64_t t_ns, size_t span, int64_t now_ns)
{
    v->row_t_ns = t_ns;
    v->span = span;
    v->arrived_ns = now_ns;
}

static void count_energy(struct live *v, const struct prediction *p)
{
    double dt = p->dt_s;

    if (!(dt > 0))
        return;
    v->predicted.energy_j += dt * p->power_w;
    v->predicted.time_s += dt;
    if (!isfinite(p->measured_w))
        return;
    v->measured.energy_j += dt * p->measured_w;
    v->measured.time_s += dt;
    v->error_j += dt * fabs((double)p->power_w - p->measured_w);
}

/* The signals of the second that is complete. */
static void take_signals(struct live *v)
{
    for (size_t i = 0; i < v->D; i++) {
        struct live_signal *s = &v->signal[i];

        s->value = v->x[i] / (double)v->n_x;
        v->slot[LIVE_SIGNALS + i] = (float)s->value;
        if (s->logarithm)
            s->value = expm1(s->value);
        v->x[i] = 0;
    }
    v->n_x = 0;
}

bool live_add(struct live *v, const struct prediction *p, const float *x)
{
    count_energy(v, p);
    for (size_t i = 0; i < v->D; i++)
        v->x[i] += x[i];
    v->n_x++;
    if (!second_add(&v->second, p, &v->now))
        return false;
    v->any = true;
    take_signals(v);
    v->slot[LIVE_PREDICTED] = (float)v->now.power_w;
    v->slot[LIVE_MEASURED] = (float)v->now.measured_w;
    trail_put(&v->trail, v->now.t_ns, v->now.dt_s, v->slot);
    return true;
}

void live_drive(struct live *v, const float *adds_w)
{
    for (size_t i = 0; i < v->D; i++) {
        v->signal[i].adds_w = adds_w[i];
        if (isfinite(adds_w[i]))
            v->signal[i].weight += fabs((double)adds_w[i]);
    }
}

void live_hold(struct live *held, const struct live *v)
{
    size_t bytes = TRAIL_SLOTS * v->trail.S * sizeof *v->trail.at;

    *held = *v;
    held->where = xstrdup(v->where ? v->where : "");
    held->signal = xreallocarray(NULL, v->D, sizeof *v->signal);
    memcpy(held->signal, v->signal, v->D * sizeof *v->signal);
    held->trail.at = xmalloc(bytes);
    memcpy(held->trail.at, v->trail.at, bytes);
}

void live_drop(struct live *held)
{
    free(held->where);
    free(held->signal);
    trail_release(&held->trail);
}

bool live_is_recording(const struct live *v)
{
    return v->arrived_ns - v->row_t_ns > RECORDED_NS;
}

double live_age_s(const struct live *v, int64_t now_ns)
{
    int64_t since = v->arrived_ns;

    if (!live_is_recording(v) && v->row_t_ns < since)
        since = v->row_t_ns; /* another machine's clock may be ahead */
    return (double)(now_ns - since) / NS_PER_S;
}

bool live_is_stale(const struct live *v, int64_t now_ns)
{
    double usual = 2 * (double)v->model.spec->interval_ns / NS_PER_S + 1;

    return v->row_t_ns && live_age_s(v, now_ns) > usual;
}

bool live_is_waiting(const struct live *v)
{
    return v->span < window_span(v->model.spec);
}

int64_t live_seconds_since(const struct live *v, int64_t now_ns)
{
    double rows = (double)(v->row_t_ns - v->now.t_ns) / NS_PER_S;
    double age = live_is_stale(v, now_ns) ? live_age_s(v, now_ns) : 0;

    return v->any && rows + age > 0 ? (int64_t)fmin(rows + age, 1e9) : 0;
}
