#include "formats/rowset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/derive.h"
#include "common/math/feature.h"
#include "formats/joules.h"
#include "formats/sample.h"
#include "formats/window.h"

/* The segment that is being read. */
struct source {
    struct rowset *set;
    struct stream_reader *r;
    struct derive *derive; /* of samples; NULL where windows are read */
    const float **column;  // (D) of a block of windows
    int64_t interval_ns;   /* nominal */
    struct joules joules;
};

void rowset_release(struct rowset *set)
{
    for (size_t i = 0; i < set->n_files; i++)
        labels_release(&set->recording[i].meta);
    strings_release(&set->names);
    strings_release(&set->groups);
    free(set->x);
    free(set->y);
    free(set->t_ns);
    free(set->file);
    free(set->group);
    free(set->begin);
    free(set->recording);
    memset(set, 0, sizeof *set);
}

/* ---- what a segment holds ---- */

static double count_cpus(const struct labels *meta)
{
    double n = strtod(labels_get_or(meta, META_CPUS, "0"), NULL);

    return n >= 1 && n <= 1e6 ? n : 0;
}

static int derive_of(const struct rowset *set, const struct stream_header *h,
                     const struct strings *features, struct derive **d,
                     struct err *e)
{
    struct derive_options o = {.channels = &h->channels,
                               .features = features,
                               .n_cpus = count_cpus(&h->meta),
                               .target = set->target ? set->target : "auto",
                               .target_optional = set->keep_unlabelled,
                               .missing =
                                   labels_get(&h->meta, META_ENERGY_MISSING)};

    if (sample_interval_ns(h, &o.recorded_ns, e) < 0)
        return -1;
    o.interval_ns = o.recorded_ns;
    return derive_new(d, &o, e);
}

/* Of the set `guest`, the features whose channels were recorded. */
static int find_features(struct rowset *set, const struct stream_header *h,
                         struct err *e)
{
    struct strings all = {0};
    int rc = features_parse(&all, set->features ? set->features : "guest", e);

    if (rc == 0 && set->features)
        strings_copy(&set->names, &all);
    for (size_t i = 0; rc == 0 && !set->features && i < all.n; i++) {
        struct strings one = {0};
        struct derive *d = NULL;

        strings_add(&one, all.at[i]);
        if (derive_of(set, h, &one, &d, e) == 0)
            strings_add(&set->names, all.at[i]);
        derive_free(d);
        strings_release(&one);
    }
    strings_release(&all);
    if (rc == 0 && set->names.n == 0)
        rc = -1; /* e says why the last of them cannot be had */
    return rc;
}

static int begin_samples(struct source *s, const struct stream_header *h,
                         struct err *e)
{
    struct rowset *set = s->set;

    if (set->names.n == 0 && find_features(set, h, e) < 0)
        return -1;
    if (derive_of(set, h, &set->names, &s->derive, e) < 0)
        return -1;
    joules_begin(&s->joules, &h->channels, s->derive);
    for (size_t c = 0; c < h->channels.n; c++)
        stream_reader_want(
            s->r, c, derive_wants(s->derive, c) || joules_wants(&s->joules, c));
    return sample_interval_ns(h, &s->interval_ns, e);
}

static int check_floats(const struct stream_header *h, const char *name,
                        struct err *e)
{
    int c = channels_find(&h->channels, name);

    if (c >= 0 && h->channels.at[c].type == CHANNEL_F32)
        return 0;
    return err_set(e, ERR_DATA, "windows without %s (f32), which is needed",
                   name);
}

static int begin_windows(struct source *s, const struct stream_header *h,
                         struct err *e)
{
    struct rowset *set = s->set;
    struct window_spec spec = {0};
    int rc = window_spec_from_meta(&spec, &h->meta, e);

    s->interval_ns = spec.interval_ns;
    if (rc == 0 && set->names.n == 0 && set->features)
        strings_split(&set->names, set->features, ',');
    else if (rc == 0 && set->names.n == 0)
        strings_copy(&set->names, &spec.features);
    if (rc == 0)
        rc = check_floats(h, WINDOW_LABEL, e);
    for (size_t d = 0; rc == 0 && d < set->names.n; d++)
        rc = check_floats(h, set->names.at[d], e);
    window_spec_release(&spec);
    return rc;
}

static void begin_recording(struct source *s, const struct labels *meta)
{
    struct rowset *set = s->set;
    struct recording *r;

    set->recording = xgrow(set->recording, set->n_files, &set->cap_recording,
                           sizeof *set->recording);
    r = &set->recording[set->n_files++];
    *r =
        (struct recording){.nominal_ns = s->interval_ns, .energy_off_pct = NAN};
    labels_copy(&r->meta, meta);
}

static int begin_segment(struct source *s, struct err *e)
{
    const struct stream_header *h = stream_reader_header(s->r);
    struct rowset *set = s->set;

    derive_free(s->derive);
    s->derive = NULL;
    if (h->kind == STREAM_PREDICTION)
        return err_set(e, ERR_DATA,
                       "a prediction stream, where samples or windows are "
                       "needed");
    if ((h->kind == STREAM_SAMPLE ? begin_samples(s, h, e)
                                  : begin_windows(s, h, e)) < 0)
        return -1;
    set->D = set->names.n;
    s->column = xreallocarray(s->column, set->D, sizeof *s->column);
    begin_recording(s, &h->meta);
    return 0;
}

/* ---- rows ---- */

/* The recording that is being read. */
static struct recording *current(const struct rowset *set)
{
    return &set->recording[set->n_files - 1];
}

static void take_times(struct recording *r, const int64_t *t_ns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t step = t_ns[i] - r->last_ns;
        double s = (double)step * 1e-9, from_mean = s - r->mean_s;

        if (r->rows++ == 0) {
            r->first_ns = t_ns[i];
        } else if (step > r->nominal_ns + r->nominal_ns / 2) {
            r->late++;
            r->missing +=
                (uint64_t)((step + r->nominal_ns / 2) / r->nominal_ns) - 1;
        } else {
            r->mean_s += from_mean / (double)++r->steps;
            r->m2_s += from_mean * (s - r->mean_s);
        }
        r->last_ns = t_ns[i];
    }
}

static void take_mark(struct recording *r, const struct mark *m)
{
    r->gaps += m->kind == MARK_GAP;
    r->resets += m->kind == MARK_RESET;
    r->clock_steps += m->kind == MARK_CLOCK;
}

/* Make room for n more rows. */
static void *reserve(void *p, size_t need, size_t *cap, size_t size)
{
    if (need <= *cap)
        return p;
    *cap = need + need / 2;
    return xreallocarray(p, *cap, size);
}

static bool is_usable(const struct rowset *set, const float *const *column,
                      float label, size_t i)
{
    if (!isfinite(label) && !(set->keep_unlabelled && isnan(label)))
        return false;
    for (size_t d = 0; d < set->D; d++)
        if (!isfinite(column[d][i]))
            return false;
    return true;
}

/* state may be NULL: all rows count. */
static int add_rows(struct rowset *set, size_t n, const int64_t *t_ns,
                    const float *const *column, const float *label,
                    const uint8_t *state, struct err *e)
{
    size_t most = set->T + n;

    if (most > UINT32_MAX)
        return err_set(e, ERR_DATA, "more than %u rows", UINT32_MAX);
    set->x = reserve(set->x, most * set->D, &set->cap_x, sizeof *set->x);
    set->y = reserve(set->y, most, &set->cap_y, sizeof *set->y);
    set->t_ns = reserve(set->t_ns, most, &set->cap_t, sizeof *set->t_ns);
    set->file = reserve(set->file, most, &set->cap_file, sizeof *set->file);
    for (size_t i = 0; i < n; i++) {
        float *x = set->x + set->T * set->D;

        if (state && state[i] == ROW_BAD)
            continue;
        if (!is_usable(set, column, label[i], i)) {
            set->unlabelled++;
            continue;
        }
        for (size_t d = 0; d < set->D; d++)
            x[d] = column[d][i];
        set->y[set->T] = label[i];
        set->t_ns[set->T] = t_ns[i];
        set->file[set->T++] = (uint32_t)(set->n_files - 1);
    }
    return 0;
}

/* The derivation knows no watts below 0: count them as they were recorded. */
static uint64_t count_negative(const struct stream_header *h,
                               const struct block *b)
{
    uint64_t n = 0;

    for (size_t c = 0; c < h->channels.n; c++) {
        const struct channel *channel = &h->channels.at[c];
        const double *w = b->column[c];

        if (strncmp(channel->name, "power:", 6) != 0 ||
            channel->type != CHANNEL_F64)
            continue;
        for (size_t i = 0; w && i < b->n; i++)
            n += w[i] < 0;
    }
    return n;
}

static int take_block(struct source *s, const struct block *b, struct err *e)
{
    const struct stream_header *h = stream_reader_header(s->r);
    struct rowset *set = s->set;
    struct derived d;

    if (b->t_ns[0] < 0 || b->t_ns[b->n - 1] > INT64_MAX / 2)
        return err_set(e, ERR_DATA, "a time that no clock shows");
    take_times(current(set), b->t_ns, b->n);
    current(set)->negative += count_negative(h, b);
    if (s->derive) {
        derive_rows(s->derive, b->n, b->t_ns, b->column, &d);
        joules_take(&s->joules, b, &d);
        current(set)->energy_off_pct = joules_off_pct(&s->joules);
        return add_rows(set, d.n, d.t_ns, d.x, d.label_w[0], d.state, e);
    }
    for (size_t k = 0; k < set->D; k++)
        s->column[k] = b->column[channels_find(&h->channels, set->names.at[k])];
    return add_rows(set, b->n, b->t_ns, s->column,
                    b->column[channels_find(&h->channels, WINDOW_LABEL)], NULL,
                    e);
}

static int take_item(struct source *s, const struct stream_item *item,
                     struct err *e)
{
    switch (item->kind) {
    case ITEM_SEGMENT:
        return begin_segment(s, e);
    case ITEM_BLOCK:
        return take_block(s, &item->block, e);
    case ITEM_MARK:
        take_mark(current(s->set), &item->mark);
        if (s->derive && item->mark.kind != MARK_NOTE)
            derive_break(s->derive);
        return 0;
    case ITEM_TRAILER: /* of the recording, not of the rows */
        return 0;
    case ITEM_END:
        current(s->set)->complete = true;
        return 0;
    }
    return 0;
}

int rowset_add(struct rowset *set, const char *path, struct err *e)
{
    struct source s = {.set = set};
    struct stream_item item;
    int rc = stream_reader_open(&s.r, path, 0, e);

    if (rc == 0)
        stream_reader_allow_truncated(s.r, set->allow_truncated);
    while (rc >= 0 && (rc = stream_next(s.r, &item, e)) > 0)
        if (take_item(&s, &item, e) < 0)
            rc = err_prefix(e, "%s", stream_reader_name(s.r));
    stream_reader_close(s.r);
    derive_free(s.derive);
    free(s.column);
    return rc;
}

/* ---- the view ---- */

static size_t number(struct strings *seen, const char *value)
{
    int at = strings_find(seen, value);

    if (at >= 0)
        return (size_t)at;
    strings_add(seen, value);
    return seen->n - 1;
}

/* Number the files that have rows from 0 on; the others go. */
static void drop_empty_files(struct rowset *set)
{
    size_t n = 0, row = 0;

    set->begin = xcalloc(set->n_files + 1, sizeof *set->begin);
    for (size_t f = 0; f < set->n_files; f++) {
        size_t first = row;

        for (; row < set->T && set->file[row] == f; row++)
            set->file[row] = (uint32_t)n;
        if (row == first) {
            labels_release(&set->recording[f].meta);
            set->n_empty++;
            continue;
        }
        set->recording[n] = set->recording[f];
        set->begin[n++] = (uint32_t)first;
    }
    set->n_files = n;
    set->begin[n] = (uint32_t)set->T;
}

int rowset_view(struct rowset *set, struct labelled *view, struct err *e)
{
    drop_empty_files(set);
    if (set->T == 0)
        return err_set(e, ERR_DATA,
                       set->keep_unlabelled
                           ? "no rows"
                           : "no row with measured watts, without which this "
                             "cannot be told");
    set->group = xcalloc(set->n_files, sizeof *set->group);
    for (size_t f = 0; f < set->n_files; f++) {
        const char *value = labels_get(&set->recording[f].meta, set->group_key);

        if (!value && set->keep_unlabelled)
            value = "";
        if (!value)
            return err_set(
                e, ERR_DATA,
                "recording %zu (run %s) has no label '%s': name "
                "another with --group, or give it with -l when "
                "recording",
                f + 1, labels_get_or(&set->recording[f].meta, META_RUN, "?"),
                set->group_key);
        set->group[f] = (uint32_t)number(&set->groups, value);
    }
    *view = (struct labelled){.T = set->T,
                              .D = set->D,
                              .n_files = set->n_files,
                              .n_groups = set->groups.n,
                              .x = set->x,
                              .y = set->y,
                              .t_ns = set->t_ns,
                              .file = set->file,
                              .group = set->group,
                              .begin = set->begin};
    return 0;
}

/* The value that tells a file from others, on the heap. */
static char *identity(const struct labels *meta, const char *key, size_t file)
{
    const char *run = labels_get(meta, key ? key : META_RUN);

    if (!run)
        return xasprintf("\n%zu", file);
    if (key)
        return xstrdup(run);
    return xasprintf("%s\n%s\n%s", labels_get_or(meta, META_MACHINE, ""),
                     labels_get_or(meta, META_WORKLOAD, ""), run);
}

size_t rowset_number(const struct rowset *set, const char *key, uint32_t *id)
{
    struct strings seen = {0};
    size_t n;

    for (size_t f = 0; f < set->n_files; f++) {
        char *value = identity(&set->recording[f].meta, key, f);

        id[f] = (uint32_t)number(&seen, value);
        free(value);
    }
    n = seen.n;
    strings_release(&seen);
    return n;
}
