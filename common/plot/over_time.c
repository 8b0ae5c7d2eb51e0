#include "common/plot/over_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/derive.h"
#include "formats/prediction.h"
#include "formats/sample.h"

/* What is read, by the name of its channel or feature. */
static const char *const FEATURES[] = {
    [OVER_USER] = "user_pct",     [OVER_SYSTEM] = "system_pct",
    [OVER_IOWAIT] = "iowait_pct", [OVER_BUSY] = "busy_cpus",
    [OVER_CTXT] = "log_ctxt",
};
enum { N_FEATURES = sizeof FEATURES / sizeof *FEATURES };

void over_time_init(struct over_time *t, bool allow_truncated)
{
    *t = (struct over_time){.allow_truncated = allow_truncated};
    timebins_init(&t->bins, OVER_SERIES);
}

void over_time_release(struct over_time *t)
{
    for (size_t i = 0; i < OVER_NOTES; i++)
        free(t->note[i].text);
    labels_release(&t->meta);
    timebins_release(&t->bins);
    derive_free(t->derive);
}

static void add_note(struct over_time *t, int64_t t_ns, const char *text)
{
    if (t->notes < OVER_NOTES)
        t->note[t->notes] =
            (struct over_note){t_ns, text ? xstrdup(text) : NULL};
    t->notes++;
}

/* Can the recording tell these features, the first n of `all` and one more? */
static bool can_derive(struct derive_options *o, const struct strings *names)
{
    struct derive *d = NULL;
    struct err ignored;
    bool can;

    o->features = names;
    can = derive_new(&d, o, &ignored) == 0;
    derive_free(d);
    return can;
}

static int begin_samples(struct over_time *t, struct stream_reader *r,
                         struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);
    struct strings names = {0}, one = {0};
    double cpus = strtod(labels_get_or(&h->meta, META_CPUS, "0"), NULL);
    struct derive_options o = {.channels = &h->channels,
                               .n_cpus = cpus >= 1 && cpus <= 1e6 ? cpus : 0,
                               .target = "auto",
                               .target_optional = true};
    int rc = sample_interval_ns(h, &o.recorded_ns, e);

    o.interval_ns = o.recorded_ns;
    for (int i = 0; i < N_FEATURES && rc == 0; i++) {
        strings_add(&one, FEATURES[i]);
        t->at[i] = -1;
        if (can_derive(&o, &one)) {
            t->at[i] = (int)names.n;
            strings_add(&names, FEATURES[i]);
        }
        strings_release(&one);
        one = (struct strings){0};
    }
    o.features = &names;
    derive_free(t->derive);
    t->derive = NULL;
    if (rc == 0)
        rc = derive_new(&t->derive, &o, e);
    strings_release(&names);
    return rc;
}

/* Where a value stands in a window or prediction stream; -1: nowhere. */
static int find_f32(const struct stream_header *h, const char *name)
{
    int c = channels_find(&h->channels, name);

    return c >= 0 && h->channels.at[c].type == CHANNEL_F32 ? c : -1;
}

static void begin_columns(struct over_time *t, const struct stream_header *h)
{
    bool pred = h->kind == STREAM_PREDICTION;

    for (int i = 0; i < N_FEATURES; i++)
        t->at[i] = pred ? -1 : find_f32(h, FEATURES[i]);
    t->at[OVER_MEASURED] = find_f32(h, pred ? "measured" : WINDOW_LABEL);
    t->at[OVER_PREDICTED] = pred ? find_f32(h, "power") : -1;
    t->at[OVER_LOWER] = pred ? find_f32(h, "lower") : -1;
    t->at[OVER_UPPER] = pred ? find_f32(h, "upper") : -1;
    t->at[OVER_SUPPORT] = pred ? find_f32(h, "support") : -1;
    t->predicted |= pred;
}

static int begin_segment(struct over_time *t, struct stream_reader *r,
                         struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);

    if (t->rows == 0) {
        labels_release(&t->meta);
        t->meta = (struct labels){0};
        labels_copy(&t->meta, &h->meta);
    }
    t->other = t->rows && strcmp(labels_get_or(&t->meta, META_WORKLOAD, ""),
                                 labels_get_or(&h->meta, META_WORKLOAD, ""));
    t->base_ns = t->end_ns;
    t->first_ns = -1;
    t->broken = true;
    t->fresh = true;
    if (h->kind == STREAM_SAMPLE)
        return begin_samples(t, r, e);
    begin_columns(t, h);
    return 0;
}

/* Where a time of the segment stands on the axis. */
static int64_t place(struct over_time *t, int64_t t_ns)
{
    int64_t since;

    if (t->first_ns < 0)
        t->first_ns = t_ns;
    since = t_ns > t->first_ns ? t_ns - t->first_ns : 0;
    return t->base_ns > INT64_MAX / 2 - since ? INT64_MAX / 2
                                              : t->base_ns + since;
}

/* The first row of a segment: those without any are not counted. */
static void begin_run(struct over_time *t)
{
    t->fresh = false;
    t->segments++;
    t->mixed |= t->other;
    if (t->segments > 1 && t->segments <= OVER_BORDERS)
        add_note(t, t->base_ns, NULL);
}

static void add_row(struct over_time *t, int64_t t_ns, float *v)
{
    int64_t at = place(t, t_ns), step = t->rows ? at - t->last_ns : 0;

    if (t->fresh)
        begin_run(t);
    if (isfinite(v[OVER_CTXT]))
        v[OVER_CTXT] = expm1f(v[OVER_CTXT]);
    timebins_add(&t->bins, at, v, t->broken);
    t->broken = false;
    t->rows++;
    t->last_ns = at;
    t->end_ns = at + (step > 0 ? step : NS_PER_MS);
}

static void take_derived(struct over_time *t, const struct derived *d)
{
    for (size_t i = 0; i < d->n; i++) {
        float v[OVER_SERIES];

        for (int s = 0; s < OVER_SERIES; s++)
            v[s] = s < N_FEATURES && t->at[s] >= 0 ? d->x[t->at[s]][i] : NAN;
        v[OVER_MEASURED] = d->label_w[0][i];
        if (d->state[i] != ROW_FOLLOWS)
            t->broken = true;
        if (d->state[i] != ROW_BAD)
            add_row(t, d->t_ns[i], v);
    }
}

static int take_block(struct over_time *t, const struct stream_header *h,
                      const struct block *b, struct err *e)
{
    struct derived d;

    if (b->t_ns[0] < 0 || b->t_ns[b->n - 1] > INT64_MAX / 2)
        return err_set(e, ERR_DATA, "a time that no clock shows");
    if (h->kind == STREAM_SAMPLE) {
        derive_rows(t->derive, b->n, b->t_ns, b->column, &d);
        take_derived(t, &d);
        return 0;
    }
    for (size_t i = 0; i < b->n; i++) {
        float v[OVER_SERIES];

        for (int s = 0; s < OVER_SERIES; s++)
            v[s] = t->at[s] < 0 ? NAN : ((const float *)b->column[t->at[s]])[i];
        add_row(t, b->t_ns[i], v);
    }
    return 0;
}

static void take_mark(struct over_time *t, const struct mark *m)
{
    if (m->kind == MARK_NOTE) {
        if (m->t_ns >= 0 && t->first_ns >= 0)
            add_note(t, place(t, m->t_ns), m->text);
        else
            add_note(t, t->base_ns, m->text);
        return;
    }
    t->gaps++;
    t->broken = true;
    if (t->derive)
        derive_break(t->derive);
}

static int take_item(struct over_time *t, struct stream_reader *r,
                     const struct stream_item *item, struct err *e)
{
    switch (item->kind) {
    case ITEM_SEGMENT:
        return begin_segment(t, r, e);
    case ITEM_BLOCK:
        return take_block(t, stream_reader_header(r), &item->block, e);
    case ITEM_MARK:
        take_mark(t, &item->mark);
        return 0;
    default:
        return 0;
    }
}

int over_time_add(struct over_time *t, const char *path, struct err *e)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    int rc = stream_reader_open(&r, path, 0, e);

    if (rc == 0)
        stream_reader_allow_truncated(r, t->allow_truncated);
    while (rc >= 0 && (rc = stream_next(r, &item, e)) > 0)
        if (take_item(t, r, &item, e) < 0)
            rc = err_prefix(e, "%s", stream_reader_name(r));
    stream_reader_close(r);
    return rc;
}
