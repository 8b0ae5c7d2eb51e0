#include "common/export/meters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/base/xalloc.h"
#include "formats/window.h"

const char *meter_source_name(enum meter_source source)
{
    return source == METER_MEASURED ? "measured" : "predicted";
}

void meters_release(struct meters *ms)
{
    for (size_t i = 0; i < ms->n; i++) {
        free(ms->at[i].zone);
        free(ms->at[i].model);
    }
    free(ms->at);
    free(ms->model);
    free(ms->measured_zone);
    strings_release(&ms->zones);
    labels_release(&ms->meta);
    *ms = (struct meters){0};
}

static struct meter *find(const struct meters *ms, const char *zone,
                          enum meter_source source, const char *model)
{
    for (size_t i = 0; i < ms->n; i++)
        if (ms->at[i].source == source && strcmp(ms->at[i].zone, zone) == 0 &&
            strcmp(ms->at[i].model, model) == 0)
            return &ms->at[i];
    return NULL;
}

/* Take a meter out of the list, in which the others keep their order. */
static struct meter take_out(struct meters *ms, struct meter *m)
{
    struct meter out = *m;

    ms->n--;
    memmove(m, m + 1, (size_t)(ms->at + ms->n - m) * sizeof *m);
    return out;
}

void meters_use(struct meters *ms, const char *zone, enum meter_source source,
                const char *model)
{
    struct meter *m = find(ms, zone, source, model), used;

    if (m) {
        used = take_out(ms, m);
    } else {
        used = (struct meter){
            .zone = xstrdup(zone), .model = xstrdup(model), .source = source};
        ms->at = xgrow(ms->at, ms->n, &ms->cap, sizeof *ms->at);
    }
    if (ms->n == METERS_MAX) {
        struct meter oldest = take_out(ms, &ms->at[0]);

        free(oldest.zone);
        free(oldest.model);
    }
    ms->at[ms->n++] = used;
}

/*
 * A name from a stream, as it stands in the state and on the page: UTF-8, cut
 * after `most` bytes at the latest, with ? for what is none.
 */
static char *clean(const char *s, size_t most)
{
    char *out = xmalloc(most + 1);
    size_t len = 0;

    while (*s) {
        uint32_t code;
        size_t n = utf8_decode(s, &code), step = n ? n : 1;

        if (len + step > most)
            break;
        memcpy(out + len, n ? s : "?", step);
        len += step;
        s += step;
    }
    out[len] = '\0';
    return out;
}

/* Append a zone; returns its name here. */
static const char *add_zone(struct meters *ms, const char *name)
{
    char *zone = clean(name, METER_MAX_ZONE);

    strings_add(&ms->zones, zone);
    free(zone);
    return ms->zones.at[ms->zones.n - 1];
}

/*
 * What `power` is of, as rapl-infer says it; older streams have only what was
 * measured, which is the same where anything was.  One single measured target
 * stands beside one single predicted one, whatever their names.
 */
static void name_first(struct meters *ms, const struct labels *meta)
{
    const char *have = labels_get_or(meta, META_WINDOW_TARGET, "none");
    const char *want = labels_get_or(meta, META_TARGETS, have);
    struct strings wanted = {0}, measured = {0};
    struct err e;
    bool none = strcmp(have, "none") == 0;
    const char *first;

    if (window_targets_parse(&wanted, want, &e) < 0 ||
        strcmp(want, "none") == 0)
        strings_release(&wanted);
    if (none || window_targets_parse(&measured, have, &e) < 0)
        strings_release(&measured);
    first = add_zone(ms, wanted.n && *wanted.at[0] ? wanted.at[0] : "unknown");
    if (wanted.n <= 1 && measured.n == 1 && *measured.at[0])
        first = measured.at[0];
    free(ms->measured_zone);
    ms->measured_zone = clean(first, METER_MAX_ZONE);
    strings_release(&wanted);
    strings_release(&measured);
}

static int name_zones(struct meters *ms, const struct labels *meta,
                      const struct prediction_form *form, struct err *e)
{
    strings_release(&ms->zones);
    name_first(ms, meta);
    for (size_t i = 0; i < form->domains.n; i++) {
        const char *zone = add_zone(ms, form->domains.at[i]);

        if (!*zone)
            return err_set(e, ERR_DATA, "a power domain without a name");
        if (strings_find(&ms->zones, zone) < (int)ms->zones.n - 1)
            return err_set(e, ERR_DATA, "two power domains named '%s'", zone);
    }
    return 0;
}

static void note_model(struct meters *ms, const struct labels *meta)
{
    const char *hash = labels_get_or(meta, META_MODEL_HASH, "");

    labels_release(&ms->meta);
    free(ms->model);
    ms->model = clean(hash, METER_DIGITS);
    labels_set(&ms->meta, "sha256", hash);
    labels_set(&ms->meta, "name", labels_get_or(meta, META_MODEL, ""));
    labels_set(&ms->meta, "trained_on",
               labels_get_or(meta, META_TRAINED_ON, ""));
}

static const char *measured_zone(const struct meters *ms, size_t zone)
{
    return zone ? ms->zones.at[zone] : ms->measured_zone;
}

int meters_begin(struct meters *ms, const struct stream_header *h,
                 const struct prediction_form *form, struct err *e)
{
    note_model(ms, &h->meta);
    if (name_zones(ms, &h->meta, form, e) < 0)
        return -1;
    for (size_t i = 0; i < ms->zones.n; i++) {
        meters_use(ms, ms->zones.at[i], METER_PREDICTED, ms->model);
        meters_use(ms, measured_zone(ms, i), METER_MEASURED, "");
    }
    return 0;
}

/* Joules of that many watts; none where they are not told or below zero. */
static double energy(float watts, double seconds)
{
    return watts > 0 ? (double)watts * seconds : 0;
}

static void count(struct meter *m, float dt_s)
{
    double seconds = dt_s > 0 ? (double)dt_s : 0;

    m->live = true;
    m->sums.joules += energy(m->watts, seconds);
    m->sums.idle_joules += energy(m->idle_w, seconds);
    m->sums.dynamic_joules += energy(m->watts - m->idle_w, seconds);
    m->sums.seconds += seconds;
}

static struct meter *blank(struct meters *ms, const char *zone,
                           enum meter_source source)
{
    struct meter *m =
        find(ms, zone, source, source == METER_MEASURED ? "" : ms->model);

    m->watts = m->idle_w = NAN;
    for (int i = 0; i < INTERVALS; i++)
        m->lower_w[i] = m->upper_w[i] = NAN;
    return m;
}

static void add_predicted(struct meters *ms, size_t zone,
                          const struct prediction *p)
{
    struct meter *m = blank(ms, ms->zones.at[zone], METER_PREDICTED);

    if (zone == 0) {
        m->watts = p->power_w;
        memcpy(m->lower_w, p->lower_w, sizeof m->lower_w);
        memcpy(m->upper_w, p->upper_w, sizeof m->upper_w);
        m->idle_w = p->idle_w;
    } else {
        m->watts = p->domain[zone - 1].power_w;
        m->lower_w[INTERVAL_90] = p->domain[zone - 1].lower_w;
        m->upper_w[INTERVAL_90] = p->domain[zone - 1].upper_w;
    }
    count(m, p->dt_s);
}

static void add_measured(struct meters *ms, size_t zone,
                         const struct prediction *p)
{
    float watts = zone ? p->domain[zone - 1].measured_w : p->measured_w;
    struct meter *m;

    if (isnan(watts))
        return;
    m = blank(ms, measured_zone(ms, zone), METER_MEASURED);
    m->watts = watts;
    count(m, p->dt_s);
}

void meters_add(struct meters *ms, const struct prediction *p, int64_t now_ns)
{
    for (size_t i = 0; i < ms->n; i++)
        ms->at[i].live = false;
    for (size_t zone = 0; zone < ms->zones.n; zone++) {
        add_predicted(ms, zone, p);
        add_measured(ms, zone, p);
    }
    ms->n_rows++;
    ms->any = true;
    ms->t_ns = p->t_ns;
    ms->came_ns = now_ns;
    ms->support = p->support;
    ms->dt_s = p->dt_s;
}

void meters_show(struct meters *ms)
{
    for (size_t i = 0; i < ms->n; i++)
        ms->at[i].shown = ms->at[i].sums;
    ms->n_rows_shown = ms->n_rows;
}
