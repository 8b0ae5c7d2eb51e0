/*
 * rapl-dump: what is in a file, as text.
 *
 * Reads   any stream (samples, windows, predictions), a checkpoint
 * Writes  rows as CSV, TSV, JSON lines; headers; whether files are whole; a
 *         model as ONNX
 *
 *     rapl-dump --labels run run7.rapl | head
 *
 * Exit: 0 done; 2 usage; 3 bad data; 4 system.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/log.h"
#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "common/estimator/estimator.h"
#include "common/math/feature.h"
#include "formats/config.h"
#include "formats/describe.h"
#include "formats/model_file.h"
#include "formats/onnx.h"
#include "formats/output.h"
#include "formats/table.h"
#include "formats/window.h"

static const char FORMATS[] = "csv|tsv|jsonl";

enum show {
    SHOW_ROWS,
    SHOW_CHECK,
    SHOW_HEADER,
    SHOW_WINDOWS,
    SHOW_MARKS,
    SHOW_ONNX
};

struct options {
    struct cli_common common;
    bool check, header, windows, marks, onnx, allow_truncated;
    int format; /* as enum text_format */
    int64_t segment;
    const char *label_list;

    enum show show;
    struct strings labels;
};

struct dump {
    const struct options *o;
    struct text_writer *text; /* rows, windows, marks */
    struct table table;       /* what is written there */
    FILE *out;                /* --check, --header */
    int64_t segment;          /* from 1, over all files */
    int64_t rows;
    struct labels facts; /* the last trailer of a file */
};

/* Is the current segment to be shown so? */
static bool shows(const struct dump *d, enum show show)
{
    return d->o->show == show &&
           (d->o->segment == 0 || d->o->segment == d->segment);
}

/* ---- streams ---- */

/*
 * Values that the stream's own checks let pass because some channels may lack
 * them: nothing is infinite, and no feature or prediction is missing.
 */
static int check_block(const struct stream_header *h, const struct block *b,
                       const char *file, struct err *e)
{
    for (size_t c = 0; c < h->channels.n; c++) {
        const char *name = h->channels.at[c].name;
        const float *v = b->column[c];
        bool needed = (h->kind == STREAM_WINDOW && c + 3 < h->channels.n) ||
                      strcmp(name, "power") == 0;

        if (h->channels.at[c].type != CHANNEL_F32)
            continue;
        for (size_t i = 0; i < b->n; i++)
            if (isinf(v[i]) || (needed && isnan(v[i])))
                return err_set(e, ERR_DATA,
                               "%s: %s at t_ns %" PRId64 " is no finite number",
                               file, name, b->t_ns[i]);
    }
    return 0;
}

static int begin_segment(struct dump *d, struct stream_reader *r, struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);

    d->table.segment = ++d->segment;
    for (size_t c = 0; c < h->channels.n; c++)
        stream_reader_want(r, c,
                           d->o->show == SHOW_CHECK || shows(d, SHOW_ROWS));
    if (shows(d, SHOW_HEADER))
        describe_segment(d->out, stream_reader_name(r), d->segment, h);
    if (shows(d, SHOW_ROWS) && table_begin_rows(&d->table, h, e) < 0)
        return err_prefix(e, "%s", stream_reader_name(r));
    return 0;
}

static int show_item(struct dump *d, struct stream_reader *r,
                     const struct stream_item *item, struct err *e)
{
    const struct stream_header *h = stream_reader_header(r);

    if (item->kind == ITEM_SEGMENT)
        return begin_segment(d, r, e);
    if (item->kind == ITEM_MARK && shows(d, SHOW_MARKS))
        return table_put_mark(&d->table, h, &item->mark, e);
    if (item->kind == ITEM_TRAILER && shows(d, SHOW_HEADER))
        describe_trailer(d->out, item->trailer);
    if (item->kind == ITEM_TRAILER && d->o->show == SHOW_CHECK) {
        labels_release(&d->facts);
        labels_copy(&d->facts, item->trailer);
    }
    if (item->kind != ITEM_BLOCK)
        return 0;
    d->rows += (int64_t)item->block.n;
    if (d->o->show == SHOW_CHECK)
        return check_block(h, &item->block, stream_reader_name(r), e);
    if (shows(d, SHOW_ROWS))
        return table_put_rows(&d->table, h, &item->block, e);
    return 0;
}

/* What was printed so far must be seen before a live stream is waited for. */
static int on_idle(void *arg, struct err *e)
{
    struct dump *d = arg;

    return d->text ? text_writer_flush(d->text, e) : 0;
}

static int dump_stream(struct dump *d, const char *path, struct err *e)
{
    struct stream_reader *r = NULL;
    int64_t before = d->segment, rows = d->rows;
    struct stream_item item;
    bool whole = false;
    int status = stream_reader_open(&r, path, 0, e);

    if (status == 0) {
        stream_reader_allow_truncated(r, d->o->allow_truncated);
        stream_reader_on_idle(r, on_idle, d);
        status = 1;
    }
    while (status > 0 && (status = stream_next(r, &item, e)) > 0) {
        whole = item.kind == ITEM_END;
        if (show_item(d, r, &item, e) < 0)
            status = -1;
    }
    if (status == 0 && d->o->show == SHOW_CHECK) {
        fprintf(d->out,
                "%s: %s stream, %" PRId64 " segment%s, %" PRId64 " rows, %s",
                stream_reader_name(r),
                stream_kind_name(stream_reader_header(r)->kind),
                d->segment - before, d->segment - before == 1 ? "" : "s",
                d->rows - rows, whole ? "complete" : "truncated");
        describe_ledger(d->out, &d->facts);
        fputc('\n', d->out);
    }
    labels_release(&d->facts);
    stream_reader_close(r);
    return status;
}

static int show_windows(struct dump *d, struct window_reader *r,
                        const struct window_rows *rows, struct err *e)
{
    d->rows += (int64_t)rows->n;
    if (rows->new_segment) {
        d->table.segment = ++d->segment;
        if (shows(d, SHOW_WINDOWS) &&
            table_begin_windows(&d->table, window_reader_spec(r), e) < 0)
            return err_prefix(e, "%s",
                              stream_reader_name(window_reader_stream(r)));
    }
    if (!shows(d, SHOW_WINDOWS))
        return 0;
    return table_put_windows(&d->table, window_reader_header(r), rows, e);
}

static int dump_windows(struct dump *d, const char *path, struct err *e)
{
    struct window_reader *r = NULL;
    struct window_rows rows;
    int status = window_reader_open(&r, path, e);

    if (status == 0) {
        stream_reader_allow_truncated(window_reader_stream(r),
                                      d->o->allow_truncated);
        stream_reader_on_idle(window_reader_stream(r), on_idle, d);
        status = 1;
    }
    while (status > 0 && (status = window_reader_next(r, &rows, e)) > 0)
        if (show_windows(d, r, &rows, e) < 0)
            status = -1;
    window_reader_close(r);
    return status;
}

/* ---- checkpoints ---- */

/*
 * A checkpoint begins with the length of its head and "{".  Standard input is
 * looked at only where it is a file.
 */
static bool is_checkpoint(const char *path)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    uint8_t head[9];
    bool yes = fd >= 0 && pread(fd, head, sizeof head, 0) == sizeof head &&
               head[8] == '{' && load_u64(head) <= CHECKPOINT_MAX_HEAD;

    if (path && fd >= 0)
        close(fd);
    return yes;
}

/* What a program that runs the model should know of it. */
static void list_properties(struct labels *meta, const struct checkpoint *c,
                            const struct window_spec *spec)
{
    struct strings units = {0};
    char *text;

    labels_merge(meta, &c->meta, CHECKPOINT_FAMILY);
    labels_merge(meta, &c->meta, CHECKPOINT_TRAINED_ON);
    labels_merge(meta, &c->meta, "window.");
    labels_set(meta, "checkpoint.sha256", c->sha256);
    for (size_t i = 0; i < spec->features.n; i++) {
        const struct feature *f = feature_find(spec->features.at[i]);

        strings_add(&units, f ? f->unit : "");
    }
    text = strings_join(&units, ",");
    labels_set(meta, "units.inputs", text);
    labels_set(meta, "units.outputs", "W");
    free(text);
    strings_release(&units);
}

static int export_model(const struct checkpoint *c, const char *file,
                        const char *output, struct err *e)
{
    struct opgraph *g = opgraph_new();
    struct labels meta = {0};
    struct estimator m = {0};
    int rc = estimator_load(&m, c, file, NULL, e);

    if (rc == 0)
        rc = estimator_export(&m, g, e);
    if (rc == 0) {
        list_properties(&meta, c, &m.spec);
        rc = onnx_write(g, &meta,
                        "Watts from windows of raw features, each feature's "
                        "values together, oldest first",
                        output, e);
    }
    estimator_release(&m);
    labels_release(&meta);
    opgraph_free(g);
    return rc;
}

static int show_checkpoint(struct dump *d, const struct checkpoint *c,
                           const char *file, struct err *e)
{
    switch (d->o->show) {
    case SHOW_ROWS:
        if (table_put_tensors(&d->table, c, e) == 0)
            return 0;
        return err_prefix(e, "%s", file);
    case SHOW_HEADER:
        describe_checkpoint(d->out, file, c);
        return 0;
    case SHOW_CHECK:
        fprintf(d->out, "%s: checkpoint, %zu tensors, complete\n", file,
                c->n_tensors);
        return 0;
    case SHOW_ONNX:
        if (export_model(c, file, d->o->common.output, e) == 0)
            return 0;
        return err_prefix(e, "%s", file);
    case SHOW_WINDOWS:
    case SHOW_MARKS:
        break;
    }
    return err_set(e, ERR_DATA, "%s: a checkpoint has no windows or marks",
                   file);
}

static int dump_checkpoint(struct dump *d, const char *path, struct err *e)
{
    struct checkpoint c = {0};
    int status = checkpoint_read(&c, path ? path : "/dev/stdin", e);

    if (status == 0)
        status = show_checkpoint(d, &c, path ? path : "standard input", e);
    checkpoint_release(&c);
    return status;
}

/* ---- the program ---- */

static int dump_file(struct dump *d, const char *path, struct err *e)
{
    if (path && strcmp(path, "-") == 0)
        path = NULL;
    if (d->o->show == SHOW_ONNX || (path && model_is_default(path)) ||
        is_checkpoint(path))
        return dump_checkpoint(d, path, e);
    if (d->o->show == SHOW_WINDOWS)
        return dump_windows(d, path, e);
    return dump_stream(d, path, e);
}

/* Each file in turn; --check goes on after a bad one and tells the worst. */
static int run(struct dump *d, char **paths, int n_paths, struct err *e)
{
    int status = 0, worst = 0;

    if (d->o->show == SHOW_MARKS)
        table_begin_marks(&d->table);
    for (int i = 0; i < (n_paths ? n_paths : 1) && status == 0; i++) {
        status = dump_file(d, n_paths ? paths[i] : NULL, e);
        if (status < 0 && d->o->show == SHOW_CHECK) {
            log_error("%s", e->msg);
            worst = (int)e->code > worst ? (int)e->code : worst;
            status = 0;
        }
    }
    if (status == 0 && d->o->segment > d->segment)
        status = err_set(e, ERR_DATA,
                         "there is no segment %" PRId64 ": there are %" PRId64,
                         d->o->segment, d->segment);
    return status < 0 ? -1 : worst;
}

static void take_options(struct options *o, struct cli *cli, int n_files)
{
    struct err e;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    o->show = o->check     ? SHOW_CHECK
              : o->header  ? SHOW_HEADER
              : o->windows ? SHOW_WINDOWS
              : o->marks   ? SHOW_MARKS
              : o->onnx    ? SHOW_ONNX
                           : SHOW_ROWS;
    if (o->check + o->header + o->windows + o->marks + o->onnx > 1)
        cli_usage_error("--check, --header, --windows, --marks, --onnx: one at "
                        "a time");
    if (o->onnx && n_files > 1)
        cli_usage_error("--onnx: one model at a time");
    if (o->label_list)
        strings_split(&o->labels, o->label_list, ',');
    if (strings_find(&o->labels, "") >= 0)
        cli_usage_error("--labels: an empty label");
}

static int open_output(struct dump *d, struct err *e)
{
    const char *path = d->o->common.output;

    if (d->o->show == SHOW_ONNX) /* formats/onnx.c opens it */
        return 0;
    if (d->o->show != SHOW_CHECK && d->o->show != SHOW_HEADER) {
        d->table.format = (enum text_format)d->o->format;
        d->table.labels = &d->o->labels;
        if (text_writer_open(&d->text, path, d->table.format, e) < 0)
            return -1;
        d->table.text = d->text;
        return 0;
    }
    d->out = output_is_stdout(path) ? stdout : fopen(path, "we");
    return d->out ? 0 : err_sys(e, "%s", path);
}

static int close_output(struct dump *d, struct err *e)
{
    table_release(&d->table);
    if (d->text)
        return text_writer_close(d->text, e);
    if (d->out && d->out != stdout && fclose(d->out) != 0)
        return err_sys(e, "%s", d->o->common.output);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT};
    struct opt opts[] = {
        {OPT_FLAG, 0, "check", &o.check, 0,
         "only verify: a line a file, exit 3 for a bad one", 0, 0, 0, 0},
        {OPT_FLAG, 0, "header", &o.header, 0,
         "channels, metadata, provenance, as YAML", 0, 0, 0, 0},
        {OPT_FLAG, 0, "windows", &o.windows, 0,
         "the windows of a window stream, a line each", 0, 0, 0, 0},
        {OPT_FLAG, 0, "marks", &o.marks, 0, "gaps, resets, clock steps, notes",
         0, 0, 0, 0},
        {OPT_FLAG, 0, "onnx", &o.onnx, 0,
         "a model as ONNX: raw windows in, watts out", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "csv (default), tsv, jsonl", 0, 0, FORMATS, 0},
        {OPT_INT, 0, "segment", &o.segment, "N", "only that segment, from 1", 1,
         1e15, 0, 0},
        {OPT_STRING, 0, "labels", &o.label_list, "KEY,...",
         "a column for each of these metadata", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "a truncated stream is no error", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "rapl-dump",
                      .usage = "[OPTIONS] [FILE...]",
                      .about = "Print streams (samples, windows, predictions) "
                               "and checkpoints as text.",
                      .examples = "  rapl-dump --check *.rapl\n"
                                  "  rapl-dump --labels run run7.rapl | head\n"
                                  "  rapl-dump --onnx v3.ckpt -o v3.onnx",
                      .opts = opts};
    struct dump d = {.o = &o};
    struct err e;
    int first = cli_parse(&cli, argc, argv, &o.common), status;

    take_options(&o, &cli, argc - first);
    if (output_check(o.common.output, o.common.config, argv + first,
                     argc - first, &e) < 0 ||
        open_output(&d, &e) < 0)
        die(&e);
    status = run(&d, argv + first, argc - first, &e);
    if (status < 0) { /* what came before the error is still delivered */
        close_output(&d, &(struct err){0});
        die(&e);
    }
    if (close_output(&d, &e) < 0)
        die(&e);
    return cli_finish(status, d.rows, -1);
}
