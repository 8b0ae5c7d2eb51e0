/*
 * rapl-infer: predict power from windows, live or recorded.
 *
 * Reads a checkpoint and window streams; writes a prediction stream, a table
 * (CSV, TSV, JSON lines), or for people a view of now or a line a second.
 *
 *     rapl-sample -i 1s | rapl-window --like MODEL | rapl-infer MODEL
 *
 * Exit codes: 0 done; 1 --strict, and too much of the input is unlike what the
 * model was trained on; 2 usage; 3 bad data, or windows of another kind than
 * the model's; 4 system.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/estimator/drive.h"
#include "common/live/view.h"
#include "common/math/blas.h"
#include "common/math/decimal.h"
#include "formats/config.h"
#include "formats/cpu_check.h"
#include "formats/output.h"
#include "formats/readout.h"
#include "formats/recent.h"
#include "formats/sample.h"

enum format {
    FORMAT_STREAM,
    FORMAT_CSV,
    FORMAT_TSV,
    FORMAT_JSONL,
    FORMAT_TEXT
};

struct options {
    struct cli_common common;
    int format; /* enum format; -1: for people on a terminal, else stream */
    int part;   /* enum part; PART_NONE: all */
    const char *name, *max_unsupported, *sample;
    bool scroll, strict, allow_truncated, reverse;
    double max_share; /* of windows without support */
    double share;     /* of windows to predict */
};

#define OPTIONS_INIT                                                       \
    {                                                                      \
        .common = CLI_COMMON_INIT, .format = -1, .max_unsupported = "10%", \
        .sample = "100%"                                                   \
    }

struct job {
    struct options *o;
    const struct cli *cli;
    struct checkpoint file;
    struct pool *pool;
    struct estimator m; /* what the file holds */
    struct recent recent;
    struct cpu_check cpu;
    bool supported; /* this segment's processor is one that the model knows */
    struct prediction_form form;
    struct stream_writer *stream;
    struct text_writer *text;
    struct readout readout;
    struct view *view;
    size_t n_ends;              /* windows of the latest rows: recent.end */
    const char *run, *workload; /* of the segment */
    int measured[MAX_TARGETS];  /* of the model's targets: which of the
                                   stream's, or -1 */
    bool target_said;
    int64_t n_rows, n_windows, n_low;
};

static void release(struct job *j)
{
    estimator_release(&j->m);
    pool_free(j->pool);
    checkpoint_release(&j->file);
    recent_release(&j->recent);
    cpu_check_release(&j->cpu);
    prediction_form_release(&j->form);
}

static int load_model(struct job *j, const char *path, struct err *e)
{
    if (checkpoint_read(&j->file, path, e) < 0)
        return -1;
    j->pool = pool_new(cli_threads(&j->o->common));
    if (estimator_load(&j->m, &j->file, path, j->pool, e) < 0)
        return err_prefix(e, "%s", path);
    if (j->o->reverse && !j->m.model)
        return err_set(e, ERR_USAGE, "--reverse-windows: %s is no network",
                       path);
    j->m.reverse = j->o->reverse;
    estimator_form(&j->m, &j->form);
    j->cpu.known = labels_get(&j->file.meta, CHECKPOINT_CPU_MODELS);
    return 0;
}

/* ---- output ---- */

static enum text_format table_format(int format)
{
    return format == FORMAT_CSV   ? TEXT_CSV
           : format == FORMAT_TSV ? TEXT_TSV
                                  : TEXT_JSONL;
}

static void drive(void *arg, float *adds_w)
{
    struct job *j = arg;

    if (j->n_ends)
        estimator_drive(&j->m, j->recent.x, j->recent.end[j->n_ends - 1],
                        adds_w);
}

static void open_view(struct job *j)
{
    const struct live_model m = {
        .name = j->o->name ? j->o->name
                           : labels_get_or(&j->file.meta, CHECKPOINT_FAMILY,
                                           "unknown"),
        .spec = &j->m.spec,
        .form = &j->form,
        .support_low = j->m.support_low,
    };

    j->view = view_new(&m, drive, j);
}

static int open_output(struct job *j, int n_files, struct err *e)
{
    const char *path = j->o->common.output;
    bool to_stdout = output_is_stdout(path);
    bool all = j->o->part == PART_NONE && j->o->share == 1;

    if (j->o->format < 0 && to_stdout && all && view_possible(n_files)) {
        open_view(j);
        return 0;
    }
    if (j->o->format < 0)
        j->o->format =
            to_stdout && isatty(STDOUT_FILENO) ? FORMAT_TEXT : FORMAT_STREAM;
    if (j->o->format == FORMAT_STREAM)
        return stream_writer_open(&j->stream, path, 0, e);
    if (j->o->format != FORMAT_TEXT)
        return readout_table(&j->text, path, table_format(j->o->format),
                             &j->form, e);
    j->readout.f = to_stdout ? stdout : fopen(path, "we");
    return j->readout.f ? 0 : err_sys(e, "%s", path);
}

/* x: the signals of its newest row */
static int put(struct job *j, const struct prediction *p, const float *x,
               struct err *e)
{
    if (!isfinite(p->power_w))
        return err_set(e, ERR_DATA,
                       "t_ns %" PRId64 ": the prediction is no finite number: "
                       "the features or the model are out of all range",
                       p->t_ns);
    j->n_windows++;
    j->n_low += p->support < j->m.support_low;
    if (j->stream)
        return prediction_write(j->stream, &j->form, p, e);
    if (j->text)
        return readout_row(j->text, &j->form, j->run, j->workload, p, e);
    if (j->view)
        view_add(j->view, p, x);
    else
        readout_add(&j->readout, p);
    return 0;
}

static int begin_stream(struct job *j, const struct stream_header *from,
                        const char *window_split, struct err *e)
{
    struct stream_header h = {.kind = STREAM_PREDICTION};
    char *line = cli_provenance(j->cli, &j->o->common);
    const struct labels *model = &j->file.meta;
    const char *family = labels_get_or(model, CHECKPOINT_FAMILY, "unknown");
    int rc;

    prediction_channels(&h.channels, &j->form);
    labels_copy(&h.meta, &from->meta);
    strings_copy(&h.provenance, &from->provenance);
    strings_add(&h.provenance, line);
    labels_setf(&h.meta, META_MODEL, "%s%s", j->o->name ? j->o->name : family,
                j->o->reverse ? " (windows reversed)" : "");
    if (j->o->reverse)
        labels_set(&h.meta, META_WINDOW_ORDER, "newest-first");
    labels_set(&h.meta, META_TARGETS, j->m.spec.target);
    labels_set(&h.meta, META_SPLIT, window_split);
    labels_set(&h.meta, META_MODEL_HASH, j->file.sha256);
    if (labels_get(model, CHECKPOINT_TRAINED_ON))
        labels_set(&h.meta, META_TRAINED_ON,
                   labels_get(model, CHECKPOINT_TRAINED_ON));
    rc = stream_writer_begin(j->stream, &h, e);
    stream_header_release(&h);
    free(line);
    return rc;
}

/* What was read is used up: show all that came of it. */
static int flush(void *arg, struct err *e)
{
    struct job *j = arg;

    if (j->stream)
        return stream_writer_flush(j->stream, e);
    if (j->text)
        return text_writer_flush(j->text, e);
    if (j->view)
        view_wait(j->view);
    else if (fflush(j->readout.f) != 0)
        return err_sys(e, "cannot write");
    return 0;
}

/* failed: what is there is not all. */
static int close_output(struct job *j, bool failed, struct err *e)
{
    int rc = 0;

    view_close(j->view, stdout);
    if (failed)
        stream_writer_abandon(j->stream);
    else
        rc = stream_writer_close(j->stream, e);
    if (j->text)
        rc = text_writer_close(j->text, e);
    if (!j->readout.f)
        return rc;
    if (j->readout.f != stdout && fclose(j->readout.f) != 0)
        rc = err_sys(e, "%s", j->o->common.output);
    return rc;
}

/* ---- prediction ---- */

/* What was measured of each target, beside what was predicted. */
static void put_measured(const struct job *j, struct prediction *p,
                         const struct window_rows *rows, size_t at)
{
    for (size_t k = 0; k < j->m.targets.n; k++) {
        int from = j->measured[k];
        float *to = k ? &p->domain[k - 1].measured_w : &p->measured_w;

        *to = from < 0 ? NAN : rows->labels[from][at];
    }
}

static int infer_rows(struct job *j, const struct window_rows *rows,
                      struct err *e)
{
    struct recent *r = &j->recent;
    size_t n = recent_append(r, rows, &j->m.spec, &j->m.input);
    size_t first = r->n - rows->n;
    const struct window_set set = {.x = r->x,
                                   .end = r->end,
                                   .T = r->n,
                                   .D = j->m.spec.features.n,
                                   .N = n,
                                   .delays = (size_t)j->m.spec.delays,
                                   .tau = (size_t)j->m.spec.tau};

    if (j->view)
        view_rows(j->view, rows->t_ns[rows->n - 1], rows->span[rows->n - 1]);
    estimator_predict(&j->m, &set);
    j->n_ends = n;
    for (size_t i = 0; i < n; i++) {
        size_t at = r->end[i] - first;
        struct prediction p = {
            .t_ns = rows->t_ns[at],
            .support = recent_support(r, &j->m.spec, r->end[i]),
            .idle_w = NAN,
            .dt_s = rows->dt_s[at],
            .part = (enum part)rows->part[at],
        };

        /* on a processor that the model does not know nothing tells how far
         * off it is */
        estimator_put(&j->m, i, j->supported, &p);
        put_measured(j, &p, rows, at);
        if (put(j, &p, rows->x + at * rows->D, e) < 0)
            return -1;
    }
    j->n_rows += (int64_t)rows->n;
    if (j->view)
        view_turn(j->view);
    return 0;
}

static int begin_segment(struct job *j, const struct window_reader *r,
                         struct err *e)
{
    const struct window_spec *spec = window_reader_spec(r);
    const struct stream_header *h = window_reader_header(r);

    if (window_spec_check(&j->m.spec, spec, e) < 0)
        return err_prefix(e, "not the model's windows (rapl-window --like "
                             "makes them)");
    if (j->view && view_begin(j->view, &h->meta, e) < 0)
        return -1;
    if (!window_match_targets(&j->m.targets, spec, j->measured) &&
        strcmp(spec->target, "none") != 0 && !j->target_said) {
        log_warn("the model predicts '%s' and the stream measures '%s': the "
                 "two cannot be compared",
                 j->m.spec.target, spec->target);
        j->target_said = true;
    }
    estimator_begin(&j->m, &h->meta);
    j->supported = cpu_check_segment(&j->cpu, &h->meta);
    j->run = labels_get(&h->meta, META_RUN);
    j->workload = labels_get(&h->meta, META_WORKLOAD);
    return j->stream ? begin_stream(j, h, spec->split, e) : 0;
}

static int infer_file(struct job *j, const char *path, struct err *e)
{
    struct window_reader *r = NULL;
    struct window_rows rows;
    int rc = window_reader_open(&r, path, e);

    if (rc < 0)
        goto out;
    stream_reader_allow_truncated(window_reader_stream(r),
                                  j->o->allow_truncated);
    stream_reader_on_idle(window_reader_stream(r), flush, j);
    if (j->o->part != PART_NONE || j->o->share < 1)
        window_reader_thin(r, (enum part)j->o->part, j->o->share,
                           (uint64_t)j->o->common.seed);
    while ((rc = window_reader_next(r, &rows, e)) > 0) {
        if (rows.new_segment && begin_segment(j, r, e) < 0) {
            rc = err_prefix(e, "%s",
                            stream_reader_name(window_reader_stream(r)));
            break;
        }
        rc = infer_rows(j, &rows, e);
        if (rc < 0)
            break;
    }
out:
    window_reader_close(r);
    return rc;
}

/* ---- the program ---- */

static int run(struct job *j, int n, char **paths, struct err *e)
{
    int rc = 0;

    for (int i = 0; i < (n ? n : 1) && rc == 0; i++)
        rc = infer_file(j, n ? paths[i] : NULL, e);
    readout_end(&j->readout);
    return rc;
}

/* What should be known of the whole; returns the exit code. */
static int verdict(const struct job *j)
{
    double share = (double)j->n_low / (double)(j->n_windows + !j->n_windows);

    if (j->n_rows && !j->n_windows)
        log_warn("%" PRId64 " rows and no prediction: a window takes %zu rows "
                 "without a gap",
                 j->n_rows, window_span(&j->m.spec));
    if (share <= j->o->max_share)
        return 0;
    log_warn("%.0f %% of the windows are unlike what the model was trained on "
             "(support below %g): do not trust their figures",
             100 * share, (double)j->m.support_low);
    return j->o->strict ? ERR_VERDICT : 0;
}

/* What was said is complete, or e says why not; returns the exit code. */
static int end(struct job *j, int rc, struct err *e)
{
    int code = rc < 0 ? (log_error("%s", e->msg), (int)e->code) : verdict(j);

    if (close_output(j, rc < 0, e) == 0 || rc < 0)
        return code;
    log_error("%s", e->msg);
    return (int)e->code;
}

static int take_share(const char *name, const char *text, double *share,
                      struct err *e)
{
    const char *end = decimal_share(text, share);

    return end && *end == '\0'
               ? 0
               : err_set(e, ERR_USAGE, "%s: '%s' is no share; write 5%%", name,
                         text);
}

static int take_options(struct options *o, struct cli *cli, struct err *e)
{
    if (config_file_options(o->common.config, cli, e) < 0 ||
        take_share("--max-unsupported", o->max_unsupported, &o->max_share, e) <
            0 ||
        take_share("--sample", o->sample, &o->share, e) < 0)
        return -1;
    if (o->share == 0)
        return err_set(e, ERR_USAGE, "--sample: 0%% is no window at all");
    if (o->name && !*o->name)
        return err_set(e, ERR_USAGE, "--name: an empty name");
    if (o->scroll && o->format >= 0 && o->format != FORMAT_TEXT)
        return err_set(e, ERR_USAGE,
                       "--scroll prints text: leave --format out");
    if (o->scroll)
        o->format = FORMAT_TEXT;
    if (!o->reverse)
        return 0;
    if (o->format > FORMAT_STREAM)
        return err_set(e, ERR_USAGE,
                       "--reverse-windows: only --format stream says so");
    o->format = FORMAT_STREAM;
    log_warn("the windows are reversed, which no model is trained for: this "
             "shows a fault and predicts nothing");
    return 0;
}

/* Nothing that is read is written over; paths[0] is the model. */
static int check_output(const struct options *o, char **paths, int n,
                        struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_check_one(c->output, paths[0], e) < 0)
        return -1;
    return output_check(c->output, c->config, paths + 1, n - 1, e);
}

static const char PARTS[] = "all|train|valid|test"; /* enum part */
static const char EXAMPLES[] =
    "  rapl-sample -i 1s | rapl-window --like MODEL | rapl-infer MODEL\n"
    "  rapl-window --like MODEL run.rapl | rapl-infer MODEL --format csv";

int main(int argc, char **argv)
{
    struct options o = OPTIONS_INIT;
    struct opt opts[] = {
        {OPT_CHOICE, 0, "format", &o.format, "NAME",
         "stream, csv, tsv, jsonl or text, a line a second", 0, 0,
         "stream|csv|tsv|jsonl|text", 0},
        {OPT_FLAG, 0, "scroll", &o.scroll, 0,
         "text, where a terminal would show the live view", 0, 0, 0, 0},
        {OPT_FLAG, 0, "strict", &o.strict, 0,
         "exit 1 if more than that lacks support", 0, 0, 0, 0},
        {OPT_STRING, 0, "max-unsupported", &o.max_unsupported, "SHARE",
         "that may lack support (default 10%)", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "part", &o.part, "PART",
         "windows of this part alone: train, valid or test", 0, 0, PARTS, 0},
        {OPT_STRING, 0, "sample", &o.sample, "SHARE",
         "of the windows to predict, drawn by the seed", 0, 0, 0, 0},
        {OPT_STRING, 0, "name", &o.name, "NAME",
         "the model's name in the stream, for rapl-score", 0, 0, 0, 0},
        {OPT_FLAG, 0, "reverse-windows", &o.reverse, 0,
         "show a fault: feed windows newest first", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "a stream that was cut is a warning", 0, 0, 0, 0},
        CLI_COMMON(&o.common),
    };
    struct cli cli = {
        .name = "rapl-infer",
        .usage = "[OPTIONS] MODEL [FILE...]",
        .about = "Predict power from window streams with a checkpoint.",
        .examples = EXAMPLES,
        .opts = opts,
    };
    struct job j = {.o = &o, .cli = &cli};
    struct err e = {0};
    int first, rc, code;

    blas_start(argv);
    first = cli_parse(&cli, argc, argv, &o.common);
    if (first == argc)
        cli_usage_error("no model: name a checkpoint");
    rc = take_options(&o, &cli, &e) == 0 &&
                 load_model(&j, argv[first], &e) == 0 &&
                 check_output(&o, argv + first, argc - first, &e) == 0 &&
                 open_output(&j, argc - first - 1, &e) == 0 &&
                 run(&j, argc - first - 1, argv + first + 1, &e) == 0
             ? 0
             : -1;
    code = end(&j, rc, &e);
    release(&j);
    return cli_finish(code, j.n_rows, j.n_windows);
}
