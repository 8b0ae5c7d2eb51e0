#include "formats/windower.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/pack.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/math/feature.h"
#include "formats/sample.h"
#include "formats/windower_parts.h"

_Static_assert(PART_TRAIN == 1 && PART_VALID == 2 && PART_TEST == 3,
               "common/math/split.h speaks of the same parts");

/* The values of the split's labels, a line each; NULL: it asks for none. */
static char *values_of(const struct strings *keys, const struct labels *meta)
{
    struct strings values = {0};
    char *text = NULL;

    for (size_t i = 0; i < keys->n; i++)
        strings_add(&values, labels_get_or(meta, keys->at[i], ""));
    if (values.n)
        text = strings_join(&values, "\n");
    strings_release(&values);
    return text;
}

/* Note what the split must know of a segment. */
static int add_run(struct windower *w, const struct labels *meta, struct err *e)
{
    bool by_run =
        w->o->split.kind == SPLIT_RUN || w->o->split.kind == SPLIT_LEAVE;
    const char *missing = NULL;
    struct split_run *r;

    if (by_run && !labels_get(meta, META_RUN))
        missing = META_RUN;
    for (size_t i = 0; i < w->o->split.key.n; i++)
        if (!labels_get(meta, w->o->split.key.at[i]))
            missing = w->o->split.key.at[i];
    if (missing)
        return err_set(e, ERR_DATA,
                       "no label '%s', which --split %s needs: give it to "
                       "rapl-import or rapl-sample with -l",
                       missing, w->o->spec.split);
    w->runs = xgrow(w->runs, w->n_runs, &w->cap_runs, sizeof *w->runs);
    r = &w->runs[w->n_runs++];
    memset(r, 0, sizeof *r);
    r->run = xasprintf(
        "%s\n%s\n%s",
        labels_get_or(meta, META_MACHINE, labels_get_or(meta, META_HOST, "")),
        labels_get_or(meta, META_WORKLOAD, ""),
        labels_get_or(meta, META_RUN, ""));
    r->value = values_of(&w->o->split.key, meta);
    w->run_hash = split_hash(r->run);
    return 0;
}

/* Metadata "cpus"; 0 if it is absent. */
static double count_cpus(const struct labels *meta)
{
    double n = strtod(labels_get_or(meta, META_CPUS, "0"), NULL);

    return n >= 1 && n <= 1e6 ? n : 0;
}

static int write_header(struct windower *w, const struct stream_header *h,
                        int64_t interval_ns, struct err *e)
{
    struct stream_header mine;
    struct window_spec spec;
    int rc;

    stream_header_copy(&mine, h);
    window_spec_copy(&spec, &w->o->spec);
    mine.kind = STREAM_WINDOW;
    channels_release(&mine.channels);
    spec.interval_ns = interval_ns;
    free(spec.target);
    spec.target = xstrdup(derive_target(w->derive));
    window_channels(&mine.channels, &spec);
    for (size_t j = 0; j < spec.features.n; j++) {
        free(mine.channels.at[j].unit);
        mine.channels.at[j].unit =
            xstrdup(feature_find(spec.features.at[j])->unit);
    }
    w->K = window_n_targets(&spec);
    window_spec_to_meta(&spec, &mine.meta);
    if (w->o->transient_cpus > 0)
        labels_setf(&mine.meta, META_WINDOW_TRANSIENT, "%g",
                    w->o->transient_cpus);
    labels_setf(&mine.meta, META_INTERVAL, "%" PRId64, interval_ns);
    strings_add(&mine.provenance, w->o->provenance);
    rc = stream_writer_begin(w->out, &mine, e);
    window_spec_release(&spec);
    stream_header_release(&mine);
    return rc;
}

static int begin_segment(struct windower *w, struct stream_reader *r,
                         struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);
    struct derive_options o = {.channels = &h->channels,
                               .features = &w->wanted,
                               .n_cpus = count_cpus(&h->meta),
                               .interval_ns = w->o->spec.interval_ns,
                               .target = w->o->spec.target,
                               .target_optional = w->o->target_optional,
                               .missing =
                                   labels_get(&h->meta, META_ENERGY_MISSING)};

    derive_free(w->derive);
    w->derive = NULL;
    if (sample_interval_ns(h, &o.recorded_ns, e) < 0)
        return -1;
    if (o.interval_ns == 0)
        o.interval_ns = o.recorded_ns;
    if (derive_new(&w->derive, &o, e) < 0 || add_run(w, &h->meta, e) < 0)
        return -1;
    for (size_t c = 0; c < h->channels.n; c++)
        stream_reader_want(r, c, derive_wants(w->derive, c));
    w->index = 0;
    w->from_ns = INT64_MIN;
    w->broken = w->marked = false;
    w->length = 0;
    return write_header(w, h, o.interval_ns, e);
}

/* Say in the output that what comes next does not follow. */
static int mark_gap(struct windower *w, int64_t t_ns, struct err *e)
{
    struct mark gap = {.t_ns = t_ns, .kind = MARK_GAP, .text = ""};
    uint64_t rows = w->runs[w->n_runs - 1].rows;
    bool needed = w->broken && !w->marked && rows > 0;

    if (w->broken)
        w->length = 0;
    w->stats->n_gaps += w->broken && rows > 0;
    w->broken = w->marked = false;
    return needed ? stream_writer_mark(w->out, &gap, e) : 0;
}

/* Does the load change too little over the window that ends in this row? */
static bool is_steady(struct windower *w, const struct derived *d, size_t i)
{
    size_t span = window_span(&w->o->spec);
    float busy;

    if (w->o->transient_cpus <= 0)
        return false;
    busy = w->busy[w->length % span] = d->x[w->busy_at][i];
    return w->length < span - 1 || /* no window ends here */
           fabs((double)busy - w->busy[(w->length + 1) % span]) <=
               w->o->transient_cpus;
}

static int write_row(struct windower *w, const struct derived *d, size_t i,
                     struct err *e)
{
    struct split_run *run = &w->runs[w->n_runs - 1];
    size_t D = w->o->spec.features.n, K = w->K;
    bool labelled = false, steady;
    uint8_t part;

    if (mark_gap(w, d->t_ns[i], e) < 0)
        return -1;
    part = steady = is_steady(w, d, i);
    if (w->o->split.kind == SPLIT_SHUFFLE)
        part = windower_part(
            split_shuffle(&w->o->split, w->run_hash, run->rows), steady);
    for (size_t j = 0; j < D; j++)
        w->cells[j] = bits_of_f32(d->x[j][i]);
    for (size_t k = 0; k < K; k++) {
        w->cells[D + k] = bits_of_f32(d->label_w[k][i]);
        labelled |= !isnan(d->label_w[k][i]);
    }
    w->cells[D + K] = bits_of_f32((float)d->dt_s[i]);
    w->cells[D + K + 1] = part;
    run->rows++;
    w->stats->n_unlabelled += !labelled;
    w->stats->n_windows += ++w->length >= window_span(&w->o->spec);
    w->stats->n_part[part]++;
    return stream_writer_row(w->out, d->t_ns[i], w->cells, e);
}

static int take_block(struct windower *w, const struct block *b, struct err *e)
{
    struct derived d;

    if (b->t_ns[0] < 0 || b->t_ns[b->n - 1] > INT64_MAX / 2)
        return err_set(e, ERR_DATA, "a time that no clock shows");
    if (w->index == 0)
        w->from_ns = w->o->skip_ns > INT64_MAX / 2 ? INT64_MAX
                                                   : b->t_ns[0] + w->o->skip_ns;
    derive_rows(w->derive, b->n, b->t_ns, b->column, &d);
    for (size_t i = 0; i < d.n; i++) {
        bool skip = w->index++ < w->o->skip_rows || d.t_ns[i] < w->from_ns;

        if (d.state[i] != ROW_FOLLOWS)
            w->broken = true;
        if (d.state[i] != ROW_BAD && !skip && write_row(w, &d, i, e) < 0)
            return -1;
    }
    return 0;
}

/* Notes pass; what breaks the samples breaks the windows. */
static int take_mark(struct windower *w, const struct mark *m, struct err *e)
{
    assert(w->n_runs > 0); /* a mark has a segment around it */
    if (m->kind != MARK_NOTE) {
        derive_break(w->derive);
        w->broken = true;
        if (w->runs[w->n_runs - 1].rows == 0)
            return 0; /* there is nothing to tell apart */
        w->marked = true;
    }
    return stream_writer_mark(w->out, m, e);
}

static int take_item(struct windower *w, struct stream_reader *r,
                     const struct stream_item *item, struct err *e)
{
    switch (item->kind) {
    case ITEM_SEGMENT:
        return begin_segment(w, r, e);
    case ITEM_BLOCK:
        return take_block(w, &item->block, e);
    case ITEM_MARK:
        return take_mark(w, &item->mark, e);
    case ITEM_TRAILER: /* of the recording, not of the rows */
        return 0;
    case ITEM_END:
        return stream_writer_end(w->out, e);
    }
    return 0;
}

static int flush(void *writer, struct err *e)
{
    return stream_writer_flush(writer, e);
}

/* Put the file, and the run where it has a name, before a message. */
static int blame(const struct stream_reader *r, struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);
    const char *run = h ? labels_get(&h->meta, META_RUN) : NULL;

    if (e->code == ERR_SYSTEM)
        return -1; /* the output's, which names itself */
    return run ? err_prefix(e, "%s: run %s", stream_reader_name(r), run)
               : err_prefix(e, "%s", stream_reader_name(r));
}

static int derive_file(struct windower *w, const char *path, struct err *e)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    int rc = stream_reader_open(&r, path, STREAM_SAMPLE, e);

    if (rc == 0) {
        stream_reader_allow_truncated(r, w->o->allow_truncated);
        stream_reader_on_idle(r, flush, w->out);
    }
    while (rc >= 0 && (rc = stream_next(r, &item, e)) > 0)
        if (take_item(w, r, &item, e) < 0)
            rc = blame(r, e);
    if (r)
        w->stats->n_in += stream_reader_rows(r);
    stream_reader_close(r);
    return rc;
}

int windower_derive(struct windower *w, char **files, int n, struct err *e)
{
    if (n == 0)
        return derive_file(w, NULL, e);
    for (int i = 0; i < n && !stop_requested(); i++)
        if (derive_file(w, files[i], e) < 0)
            return -1;
    return 0;
}

/* Of which features to derive columns: busy_cpus tells what is steady. */
static void want_features(struct windower *w)
{
    static const char BUSY[] = "busy_cpus";

    strings_copy(&w->wanted, &w->o->spec.features);
    if (w->o->transient_cpus <= 0)
        return;
    if (strings_find(&w->wanted, BUSY) < 0)
        strings_add(&w->wanted, BUSY);
    w->busy_at = (size_t)strings_find(&w->wanted, BUSY);
    w->busy = xcalloc(window_span(&w->o->spec), sizeof *w->busy);
}

int windower_run(const struct windower_options *o, char **files, int n,
                 struct stream_writer *out, struct windower_stats *stats,
                 struct err *e)
{
    struct windower w = {.o = o, .stats = stats, .out = out};
    int rc;

    memset(stats, 0, sizeof *stats);
    want_features(&w);
    w.cells = xcalloc(o->spec.features.n + MAX_TARGETS + 2, sizeof *w.cells);
    rc = split_needs_all(&o->split) ? windower_split(&w, files, n, e)
                                    : windower_derive(&w, files, n, e);
    stats->n_runs = w.n_runs;
    stats->n_out = stream_writer_rows(out);
    for (size_t i = 0; i < w.n_runs; i++) {
        free(w.runs[i].run);
        free(w.runs[i].value);
    }
    free(w.runs);
    free(w.cells);
    free(w.busy);
    strings_release(&w.wanted);
    derive_free(w.derive);
    return rc;
}
