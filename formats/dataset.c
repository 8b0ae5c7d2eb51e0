#include "formats/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/digest.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/math/decimal.h"
#include "formats/sample.h"

/* The generator's stream that windows of a part are drawn by, from ... */
#define SAMPLE_STREAM 0x73616d706c65u

enum { MAX_DISTINCT = 64, MAX_VALUES = 4096 };

static void row_label_release(struct row_label *l)
{
    strings_release(&l->values);
    free(l->at);
}

void dataset_release(struct dataset *ds)
{
    window_spec_release(&ds->spec);
    free(ds->x);
    free(ds->label);
    free(ds->sample.text);
    row_label_release(&ds->machine);
    row_label_release(&ds->class);
    for (int g = 0; g < GROUPS; g++)
        row_label_release(&ds->group[g]);
    for (int p = 0; p <= PART_TEST; p++)
        free(ds->end[p]);
    strings_release(&ds->workloads);
    strings_release(&ds->cpu_models);
    memset(ds, 0, sizeof *ds);
}

static void note_distinct(struct strings *ss, const char *value)
{
    if (value && ss->n < MAX_DISTINCT && strings_find(ss, value) < 0)
        strings_add(ss, value);
}

/* The rows to come have this value of the label `key`. */
static int note_value(struct row_label *l, const char *key, const char *value,
                      struct err *e)
{
    int at = strings_find(&l->values, value);

    if (at < 0 && l->values.n == MAX_VALUES)
        return err_set(e, ERR_DATA, "more than %d values of the label %s",
                       MAX_VALUES, key);
    if (at < 0) {
        at = (int)l->values.n;
        strings_add(&l->values, value);
    }
    l->now = (uint16_t)at;
    return 0;
}

static int note_label(struct row_label *l, const char *key,
                      const struct labels *meta, struct err *e)
{
    return note_value(l, key, labels_get_or(meta, key, ""), e);
}

static int note_groups(struct dataset *ds, const struct labels *meta,
                       struct err *e)
{
    const char *machine = labels_get_or(meta, META_MACHINE, "");
    const char *session = labels_get(meta, META_SESSION);
    const char *run = labels_get(meta, META_RUN);
    char *segment = xasprintf("segment %zu", ds->n_segments);
    char *recording =
        xasprintf("%s\n%s\n%s\n%s", machine, session ? session : "",
                  labels_get_or(meta, META_WORKLOAD, ""), run ? run : segment);
    char *sitting = xasprintf("%s\n%s", machine, session ? session : recording);
    struct row_label *g = ds->group;
    int rc =
        note_label(&g[GROUP_WORKLOAD], META_WORKLOAD, meta, e) < 0 ||
                note_value(&g[GROUP_SESSION], META_SESSION, sitting, e) < 0 ||
                note_value(&g[GROUP_RECORDING], META_RUN, recording, e) < 0 ||
                note_label(&g[GROUP_CPUS], META_CPUS, meta, e) < 0
            ? -1
            : 0;

    free(sitting);
    free(recording);
    free(segment);
    return rc;
}

static const char *machine_key(const struct dataset *ds)
{
    return ds->machine_key ? ds->machine_key : META_MACHINE;
}

static int begin_segment(struct dataset *ds, const struct window_reader *r,
                         struct err *e)
{
    const struct window_spec *spec = window_reader_spec(r);
    const struct labels *meta = &window_reader_header(r)->meta;

    if (ds->n_segments++ == 0) {
        window_spec_copy(&ds->spec, spec);
        ds->D = spec->features.n;
        ds->K = window_n_targets(spec);
    }
    if (window_spec_check(&ds->spec, spec, e) < 0)
        return err_prefix(e, "segment %zu differs from the first",
                          ds->n_segments);
    if (strcmp(ds->spec.target, spec->target) != 0 ||
        strcmp(ds->spec.split, spec->split) != 0)
        return err_set(e, ERR_DATA,
                       "segment %zu has target %s and split %s, the first %s "
                       "and %s: make all of them with one rapl-window",
                       ds->n_segments, spec->target, spec->split,
                       ds->spec.target, ds->spec.split);
    note_distinct(&ds->workloads, labels_get(meta, META_WORKLOAD));
    note_distinct(&ds->cpu_models, labels_get(meta, META_CPU_MODEL));
    if (note_label(&ds->machine, machine_key(ds), meta, e) < 0 ||
        (ds->class_key && note_label(&ds->class, ds->class_key, meta, e) < 0) ||
        (ds->with_groups && note_groups(ds, meta, e) < 0))
        return err_prefix(e, "segment %zu", ds->n_segments);
    return 0;
}

/* Grow by half: large blocks move without a copy, untouched pages are free. */
static void *reserve(void *p, size_t need, size_t *cap, size_t size)
{
    if (need <= *cap)
        return p;
    *cap = need + need / 2;
    return xreallocarray(p, *cap, size);
}

static void add_window(struct dataset *ds, enum part part, size_t row)
{
    ds->end[part] = xgrow(ds->end[part], ds->n[part], &ds->cap_end[part],
                          sizeof *ds->end[part]);
    ds->end[part][ds->n[part]++] = (uint32_t)row;
}

static void add_values(struct row_label *l, size_t T, size_t n)
{
    l->at = reserve(l->at, T + n, &l->cap, sizeof *l->at);
    for (size_t i = 0; i < n; i++)
        l->at[T + i] = l->now;
}

/* Columns to rows; returns of row i whether any label is known. */
static bool add_labels(struct dataset *ds, const struct window_rows *rows,
                       size_t i)
{
    float *to = ds->label + (ds->T + i) * ds->K;
    bool any = false;

    for (size_t k = 0; k < ds->K; k++) {
        to[k] = rows->labels[k][i];
        any |= !isnan(to[k]);
    }
    return any;
}

static int add_rows(struct dataset *ds, const struct window_rows *rows,
                    struct err *e)
{
    bool split = strcmp(ds->spec.split, "none") != 0;
    size_t span = window_span(&ds->spec), T = ds->T + rows->n;

    if (T > UINT32_MAX)
        return err_set(e, ERR_DATA, "more than %u rows", UINT32_MAX);
    ds->x = reserve(ds->x, T * ds->D, &ds->cap_x, sizeof *ds->x);
    ds->label =
        reserve(ds->label, T * ds->K, &ds->cap_label, sizeof *ds->label);
    memcpy(ds->x + ds->T * ds->D, rows->x, rows->n * ds->D * sizeof *ds->x);
    add_values(&ds->machine, ds->T, rows->n);
    if (ds->class_key)
        add_values(&ds->class, ds->T, rows->n);
    for (int g = 0; ds->with_groups && g < GROUPS; g++)
        add_values(&ds->group[g], ds->T, rows->n);
    for (size_t i = 0; i < rows->n; i++) {
        int part = split ? rows->part[i] : PART_TRAIN;

        if (add_labels(ds, rows, i) && part != PART_NONE &&
            rows->span[i] >= span)
            add_window(ds, (enum part)part, ds->T + i);
    }
    ds->T = T;
    return 0;
}

int dataset_add(struct dataset *ds, const char *path, struct err *e)
{
    struct window_reader *r = NULL;
    struct window_rows rows;
    int rc = window_reader_open(&r, path, e);

    if (rc < 0)
        goto out;
    stream_reader_allow_truncated(window_reader_stream(r), ds->allow_truncated);
    while ((rc = window_reader_next(r, &rows, e)) > 0) {
        if ((rows.new_segment && begin_segment(ds, r, e) < 0) ||
            add_rows(ds, &rows, e) < 0) {
            rc = err_prefix(e, "%s",
                            stream_reader_name(window_reader_stream(r)));
            goto out;
        }
    }
out:
    window_reader_close(r);
    return rc;
}

int dataset_sample_parse(struct dataset *ds, const char *text, struct err *e)
{
    const char *at = text;
    int p = PART_TRAIN;

    do {
        double *share = &ds->sample.part[p++];

        at = decimal_share(at, share);
        if (at && *share == 0)
            at = NULL;
    } while (at && *at == ',' && *++at && p <= PART_TEST);
    for (; p <= PART_TEST; p++)
        ds->sample.part[p] = 1;
    if (!at || *at || at[-1] == ',')
        return err_set(e, ERR_USAGE,
                       "sample '%s' is no share of the windows; write 10%%, or "
                       "10%%,25%%,25%% for training, validation and test",
                       text);
    free(ds->sample.text);
    ds->sample.text = xstrdup(text);
    return 0;
}

/* Knuth's algorithm S: each window with the chance that it is still wanted. */
static void keep_some(struct dataset *ds, enum part part, uint64_t seed)
{
    size_t n = ds->n[part], kept = 0;
    size_t wanted = (size_t)fmax(1, round(ds->sample.part[part] * (double)n));

    for (size_t i = 0; i < n && kept < wanted; i++) {
        double u = rng_unit(rng_at(seed, SAMPLE_STREAM + part, i));

        if (u * (double)(n - i) < (double)(wanted - kept))
            ds->end[part][kept++] = ds->end[part][i];
    }
    ds->n[part] = kept;
}

void dataset_sample(struct dataset *ds, uint64_t seed)
{
    if (!ds->sample.text)
        return;
    for (int p = PART_TRAIN; p <= PART_TEST; p++)
        keep_some(ds, (enum part)p, seed);
}

struct window_set dataset_part(const struct dataset *ds, enum part part)
{
    return (struct window_set){
        .x = ds->x,
        .label = ds->label,
        .end = ds->end[part],
        .T = ds->T,
        .D = ds->D,
        .N = ds->n[part],
        .delays = (size_t)ds->spec.delays,
        .tau = (size_t)ds->spec.tau,
        .machine = ds->machine.at,
        .n_targets = ds->K,
        .class = ds->class.at,
    };
}

static void set_list(struct labels *meta, const char *key,
                     const struct strings *ss)
{
    struct strings some = *ss;
    char *text;

    some.n = ss->n < MAX_DISTINCT ? ss->n : MAX_DISTINCT;
    text = strings_join(&some, ", ");
    if (*text)
        labels_setf(meta, key, "%s%s", text,
                    ss->n >= MAX_DISTINCT ? ", ..." : "");
    free(text);
}

void dataset_describe(const struct dataset *ds, struct labels *meta)
{
    struct digest *d = digest_new();
    char hex[DIGEST_HEX + 1];

    digest_add(d, ds->x, ds->T * ds->D * sizeof *ds->x);
    digest_add(d, ds->label, ds->T * ds->K * sizeof *ds->label);
    if (ds->machine.values.n > 1)
        digest_add(d, ds->machine.at, ds->T * sizeof *ds->machine.at);
    if (ds->class_key)
        digest_add(d, ds->class.at, ds->T * sizeof *ds->class.at);
    for (int g = 0; ds->with_groups && g < GROUPS; g++)
        digest_add(d, ds->group[g].at, ds->T * sizeof *ds->group[g].at);
    labels_setf(meta, "data.segments", "%zu", ds->n_segments);
    labels_setf(meta, "data.rows", "%zu", ds->T);
    if (ds->sample.text)
        labels_set(meta, "data.sample", ds->sample.text);
    for (int p = PART_TRAIN; p <= PART_TEST; p++) {
        char *key = xasprintf("data.windows.%s", part_name((enum part)p));

        digest_add(d, part_name((enum part)p), 4);
        digest_add(d, ds->end[p], ds->n[p] * sizeof *ds->end[p]);
        labels_setf(meta, key, "%zu", ds->n[p]);
        free(key);
    }
    digest_end(d, hex);
    labels_set(meta, "data.sha256", hex);
    set_list(meta, "data.workloads", &ds->workloads);
    set_list(meta, "data.cpu_models", &ds->cpu_models);
    set_list(meta, "data.machines", &ds->machine.values);
}
