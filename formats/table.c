#include "formats/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/embed.h"
#include "formats/describe.h"

static bool one_header(const struct table *t)
{
    return t->format != TEXT_JSONL;
}

/* The columns of streams: those of every line, and then others. */
static void begin_columns(struct table *t)
{
    t->begun = true;
    text_columns_clear(t->text);
    text_column(t->text, "t_ns");
    text_column(t->text, "segment");
    for (size_t i = 0; i < t->labels->n; i++)
        text_column(t->text, t->labels->at[i]);
}

static void begin_line(struct table *t, const struct stream_header *h,
                       int64_t t_ns)
{
    text_int(t->text, t_ns);
    text_int(t->text, t->segment);
    for (size_t i = 0; i < t->labels->n; i++)
        text_string(t->text, labels_get(&h->meta, t->labels->at[i]));
}

/* ---- rows ---- */

/* "ctxt [1/s]", or that there is none. */
static void name_column(const struct channels *cs, size_t i, char *out,
                        size_t size)
{
    if (i < cs->n)
        snprintf(out, size, "%s [%s]", cs->at[i].name, cs->at[i].unit);
    else
        snprintf(out, size, "no channel");
}

static int same_columns(const struct table *t, const struct channels *cs,
                        struct err *e)
{
    const struct channels *first = &t->columns;
    char have[200], want[200];

    for (size_t i = 0; i < first->n || i < cs->n; i++) {
        if (i < first->n && i < cs->n &&
            strcmp(first->at[i].name, cs->at[i].name) == 0 &&
            strcmp(first->at[i].unit, cs->at[i].unit) == 0)
            continue;
        name_column(cs, i, have, sizeof have);
        name_column(first, i, want, sizeof want);
        return err_set(e, ERR_DATA,
                       "segment %" PRId64 " has %s where the first has %s "
                       "(--segment N takes one, --format jsonl takes all)",
                       t->segment, have, want);
    }
    return 0;
}

int table_begin_rows(struct table *t, const struct stream_header *h,
                     struct err *e)
{
    if (t->begun && one_header(t))
        return same_columns(t, &h->channels, e);
    channels_release(&t->columns);
    channels_copy(&t->columns, &h->channels);
    begin_columns(t);
    for (size_t i = 0; i < h->channels.n; i++)
        text_column(t->text, h->channels.at[i].name);
    return 0;
}

static void put_value(struct text_writer *w, enum channel_type type,
                      const void *column, size_t i)
{
    switch (type) {
    case CHANNEL_U64:
        text_u64(w, ((const uint64_t *)column)[i]);
        return;
    case CHANNEL_F64:
        text_real(w, ((const double *)column)[i]);
        return;
    case CHANNEL_F32:
        text_float(w, ((const float *)column)[i]);
        return;
    case CHANNEL_U8:
        text_u64(w, ((const uint8_t *)column)[i]);
        return;
    }
}

int table_put_rows(struct table *t, const struct stream_header *h,
                   const struct block *b, struct err *e)
{
    for (size_t i = 0; i < b->n; i++) {
        begin_line(t, h, b->t_ns[i]);
        for (size_t c = 0; c < h->channels.n; c++)
            put_value(t->text, h->channels.at[c].type, b->column[c], i);
        if (text_row(t->text, e) < 0)
            return -1;
    }
    return 0;
}

/* ---- windows ---- */

static void add_window_columns(struct table *t, const struct window_spec *s)
{
    struct strings targets = {0};

    begin_columns(t);
    for (size_t j = 0; j < s->features.n; j++)
        for (int k = s->delays - 1; k >= 0; k--) {
            char *name = xasprintf("%s@%d", s->features.at[j], -k * s->tau);

            text_column(t->text, name);
            free(name);
        }
    strings_split(&targets, s->target, ',');
    for (size_t k = 0; k < targets.n; k++) {
        char *name = window_label_name(k, targets.at[k]);

        text_column(t->text, name);
        free(name);
    }
    strings_release(&targets);
    text_column(t->text, WINDOW_PART);
}

static bool same_windows(const struct window_spec *a,
                         const struct window_spec *b)
{
    struct err ignored;

    if (window_n_targets(a) > 1 && strcmp(a->target, b->target) != 0)
        return false;
    return window_n_targets(a) == window_n_targets(b) &&
           window_spec_check(a, b, &ignored) == 0;
}

int table_begin_windows(struct table *t, const struct window_spec *spec,
                        struct err *e)
{
    t->kept = t->cap = 0;
    free(t->x);
    t->x = NULL;
    if (t->begun && one_header(t)) {
        if (same_windows(&t->spec, spec))
            return 0;
        return err_set(e, ERR_DATA,
                       "segment %" PRId64 " has other windows than the first "
                       "(--segment N takes one, --format jsonl takes all)",
                       t->segment);
    }
    window_spec_release(&t->spec);
    window_spec_copy(&t->spec, spec);
    add_window_columns(t, spec);
    return 0;
}

/* Lay the new rows behind those that windows reach back to. */
static void extend_history(struct table *t, const struct window_rows *rows)
{
    if (t->kept + rows->n > t->cap) {
        t->cap = t->kept + rows->n;
        t->x = xreallocarray(t->x, t->cap * rows->D, sizeof *t->x);
    }
    memcpy(t->x + t->kept * rows->D, rows->x, rows->n * rows->D * sizeof *t->x);
}

/* Keep the last span - 1 rows. */
static void trim_history(struct table *t, const struct window_rows *rows)
{
    size_t span = window_span(&t->spec), n = t->kept + rows->n;
    size_t keep = n < span - 1 ? n : span - 1;

    memmove(t->x, t->x + (n - keep) * rows->D, keep * rows->D * sizeof *t->x);
    t->kept = keep;
}

static int put_window(struct table *t, const struct stream_header *h,
                      const struct window_rows *rows, size_t i, const float *x,
                      size_t width, struct err *e)
{
    begin_line(t, h, rows->t_ns[i]);
    for (size_t j = 0; j < width; j++)
        text_float(t->text, x[j]);
    for (size_t k = 0; k < rows->K; k++)
        text_float(t->text, rows->labels[k][i]);
    text_string(t->text, part_name((enum part)rows->part[i]));
    return text_row(t->text, e);
}

int table_put_windows(struct table *t, const struct stream_header *h,
                      const struct window_rows *rows, struct err *e)
{
    size_t delays = (size_t)t->spec.delays, tau = (size_t)t->spec.tau;
    size_t width = rows->D * delays, span = window_span(&t->spec);
    float *x = xmalloc(width * sizeof *x); // (1, D*d)
    int status = 0;

    extend_history(t, rows);
    for (size_t i = 0; i < rows->n && status == 0; i++) {
        uint32_t end = (uint32_t)(t->kept + i);

        if (rows->span[i] < span)
            continue;
        embed(t->x, rows->D, delays, tau, &end, 1, x);
        status = put_window(t, h, rows, i, x, width, e);
    }
    trim_history(t, rows);
    free(x);
    return status;
}

/* ---- marks and tensors ---- */

void table_begin_marks(struct table *t)
{
    begin_columns(t);
    text_column(t->text, "mark");
    text_column(t->text, "value");
    text_column(t->text, "text");
}

int table_put_mark(struct table *t, const struct stream_header *h,
                   const struct mark *m, struct err *e)
{
    begin_line(t, h, m->t_ns);
    text_string(t->text, mark_kind_name(m->kind));
    text_int(t->text, m->value);
    text_string(t->text, m->text);
    return text_row(t->text, e);
}

int table_put_tensors(struct table *t, const struct checkpoint *c,
                      struct err *e)
{
    static const char *const titles[] = {"tensor", "type", "shape", "n"};
    char shape[96];

    if (t->begun && one_header(t))
        return err_set(e, ERR_DATA,
                       "a checkpoint has other columns than what is printed "
                       "before it (--format jsonl takes all)");
    t->begun = true;
    text_columns_clear(t->text);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        text_column(t->text, titles[i]);
    for (size_t i = 0; i < c->n_tensors; i++) {
        describe_shape(&c->tensor[i], shape, sizeof shape);
        text_string(t->text, c->tensor[i].name);
        text_string(t->text, checkpoint_dtype_name((int)c->tensor[i].dtype));
        text_string(t->text, shape);
        text_u64(t->text, c->tensor[i].n);
        if (text_row(t->text, e) < 0)
            return -1;
    }
    return 0;
}

void table_release(struct table *t)
{
    channels_release(&t->columns);
    window_spec_release(&t->spec);
    free(t->x);
}
