/*
 * rapl-import: logs of other programs into a sample stream.
 *
 * Reads CSV files through a column map, CSV of the original collector, logs
 * of powerstat; writes one segment a file.
 *
 *     rapl-import -l workload=@dir fibonacci.txt | rapl-window -d 3 >w.rapl
 *
 * Exit codes: 0 done, 1 with --strict: rows were rejected, 2 usage, 3 no file
 * gave a row, or one is none of these, 4 system.
 */
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pack.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/logfile.h"
#include "formats/output.h"
#include "formats/sample.h"

enum {
    MAX_REPORTS = 5, /* of each kind that are told one by one, a file */
    FAST = 1,     /* zstd's level: half the time of an import is compression */
    MAX_CPU = 16, /* channels cpu.*, in % */
    MAX_SHARES = 105 /* % that cpu.* may add up to: rounding, and no more */
};

struct options {
    struct cli_common common;
    int from;
    const char *map, *date;
    struct strings labels;
    bool strict;
};

struct importer {
    const struct options *o;
    struct csv_map map; /* of --map */
    int64_t day_ns;     /* of --date */
    char *provenance;
    struct stream_writer *out;
    uint64_t n_rows, n_rejected;
    size_t n_files; /* that gave a row */
};

/* Longer is no interval; times in 64 bits stand any number of them. */
#define MAX_INTERVAL_NS (86400 * NS_PER_S)

/* 2116: no program of the suite takes a later time. */
#define LATEST_NS (INT64_MAX / 2)

/* How far the rows of one file have come. */
struct run {
    struct logfile *log;
    const struct channels *channels;
    int64_t interval_ns;
    size_t share[MAX_CPU], n_shares; /* channels cpu.*, in % */
    uint64_t n_rows, n_rejected;
    uint64_t n_steps;     /* back, of the clock */
    uint64_t pending;     /* rows rejected since the last good one */
    int64_t raw_ns, t_ns; /* the last good row's, in the log and out */
    int64_t shift_ns;     /* from the log's clock to ours */
};

/* ---- labels ---- */

static void check_labels(const struct strings *labels)
{
    static const char *const ours[] = {META_INTERVAL, META_SOURCE, META_ENERGY};

    for (size_t i = 0; i < labels->n; i++) {
        const char *text = labels->at[i], *equals = strchr(text, '=');

        if (!equals || equals == text)
            cli_usage_error("-l %s: key=value is wanted", text);
        if (equals[1] == '@' && strcmp(equals, "=@dir") != 0 &&
            strcmp(equals, "=@name") != 0)
            cli_usage_error("-l %s: only @dir and @name are known", text);
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (strncmp(text, ours[k], (size_t)(equals - text)) == 0 &&
                strlen(ours[k]) == (size_t)(equals - text))
                cli_usage_error("-l %s: rapl-import sets this itself", text);
    }
}

/* The file's name less its suffix, on the heap. */
static char *name_of(const char *path)
{
    char *copy = xstrdup(path), *base = basename(copy), *dot;
    char *name;

    dot = strrchr(base, '.');
    if (dot && dot > base)
        *dot = '\0';
    name = xstrdup(base);
    free(copy);
    return name;
}

/* The name of its folder, on the heap. */
static char *folder_of(const char *path)
{
    char *copy = xstrdup(path), *folder = dirname(copy), *full = NULL, *name;

    if (folder[strspn(folder, "./")] == '\0') /* ".", "..", "../..": ask */
        full = realpath(folder, NULL);
    name = xstrdup(basename(full ? full : folder));
    free(full);
    free(copy);
    return name;
}

static void set_labels(const struct importer *im, const struct run *r,
                       struct labels *meta)
{
    const char *path = logfile_path(r->log);
    bool standard = strcmp(path, "-") == 0;
    char *name = standard ? xstrdup("stdin") : name_of(path);
    char *folder = standard ? xstrdup("stdin") : folder_of(path);

    labels_set(meta, META_RUN, name);
    if (logfile_format(r->log) == LOGFILE_ORIGINAL)
        original_labels(meta, name);
    labels_merge(meta, &im->map.labels, "");
    for (size_t i = 0; i < im->o->labels.n; i++) {
        const char *text = im->o->labels.at[i], *value = strchr(text, '=') + 1;
        char *key = xstrndup(text, (size_t)(value - text) - 1);

        labels_set(meta, key,
                   strcmp(value, "@dir") == 0    ? folder
                   : strcmp(value, "@name") == 0 ? name
                                                 : value);
        free(key);
    }
    free(folder);
    free(name);
}

/* ---- rows out ---- */

static int begin_segment(const struct importer *im, const struct run *r,
                         struct err *e)
{
    struct stream_header h = {.kind = STREAM_SAMPLE};
    const char *energy = "none";
    int rc;

    for (size_t i = 0; i < r->channels->n; i++)
        if (strncmp(r->channels->at[i].name, "power:", 6) == 0 ||
            strncmp(r->channels->at[i].name, "energy:", 7) == 0)
            energy = "log";
    channels_copy(&h.channels, r->channels);
    set_labels(im, r, &h.meta);
    labels_set(&h.meta, META_SOURCE, logfile_path(r->log));
    labels_setf(&h.meta, META_INTERVAL, "%" PRId64, r->interval_ns);
    labels_set(&h.meta, META_ENERGY, energy);
    strings_add(&h.provenance, im->provenance);
    rc = stream_writer_begin(im->out, &h, e);
    stream_header_release(&h);
    return rc;
}

static void reject(struct run *r, uint64_t line, const char *why)
{
    const char *name = logfile_name(r->log);

    r->n_rejected++;
    r->pending++;
    if (r->n_rejected <= MAX_REPORTS)
        log_warn("%s:%" PRIu64 ": %s: row rejected", name, line, why);
    if (r->n_rejected == MAX_REPORTS + 1)
        log_warn("%s: further bad rows in it are only counted", name);
}

/* Columns that have moved can all be in range; their sum is not. */
static double cpu_shares(const struct run *r, const uint64_t *cells)
{
    double sum = 0;

    for (size_t i = 0; i < r->n_shares; i++)
        sum += f64_of_bits(cells[r->share[i]]);
    return sum;
}

static void find_shares(struct run *r)
{
    for (size_t c = 0; c < r->channels->n && r->n_shares < MAX_CPU; c++) {
        const struct channel *ch = &r->channels->at[c];

        if (ch->kind == CHANNEL_GAUGE && *ch->unit == '%' &&
            strncmp(ch->name, "cpu.", 4) == 0)
            r->share[r->n_shares++] = c;
    }
}

static int put_mark(struct importer *im, enum mark_kind kind, int64_t t_ns,
                    int64_t value, struct err *e)
{
    struct mark m = {.t_ns = t_ns, .kind = kind, .value = value, .text = ""};

    return stream_writer_mark(im->out, &m, e);
}

/* A clock that was set back, said for the first few of a file. */
static void report_step(struct run *r, uint64_t line, int64_t raw_ns)
{
    const char *name = logfile_name(r->log);

    if (++r->n_steps <= MAX_REPORTS)
        log_warn("%s:%" PRIu64 ": the clock went back by %.9g s; marked, and "
                 "the times after it moved on by as much",
                 name, line, (double)(r->raw_ns - raw_ns) / NS_PER_S);
    else if (r->n_steps == MAX_REPORTS + 1)
        log_warn("%s: further steps of its clock are only marked", name);
}

/*
 * Find the row's time on a clock that only grows, and mark where it does not
 * follow from the row before: rows are missing, or the clock was set back,
 * after which the rows go on one interval later.
 */
static int advance(struct importer *im, struct run *r, uint64_t line,
                   int64_t raw_ns, struct err *e)
{
    int64_t next, t, missed;

    if (__builtin_mul_overflow(r->pending + 1, r->interval_ns, &next) ||
        __builtin_add_overflow(next, r->t_ns, &next) ||
        __builtin_add_overflow(raw_ns, r->shift_ns, &t) || t > LATEST_NS)
        return err_set(e, ERR_DATA, "%s:%" PRIu64 ": time is out of range",
                       logfile_name(r->log), line);
    if (t <= r->t_ns) {
        report_step(r, line, raw_ns);
        if (put_mark(im, MARK_CLOCK, next, t - next, e) < 0)
            return -1;
        r->shift_ns += next - t;
        t = next;
    }
    missed = (t - r->t_ns + r->interval_ns / 2) / r->interval_ns - 1;
    if (missed < (int64_t)r->pending)
        missed = (int64_t)r->pending;
    if (missed > 0 && put_mark(im, MARK_GAP, t, missed, e) < 0)
        return -1;
    r->t_ns = t;
    return 0;
}

static int take_row(struct importer *im, struct run *r,
                    const struct log_row *row, struct err *e)
{
    if (row->why)
        return reject(r, row->line, row->why), 0;
    if (row->t_ns < 0)
        return reject(r, row->line, "a time before 1970"), 0;
    if (row->t_ns > LATEST_NS)
        return reject(r, row->line, "a time after 2116"), 0;
    if (r->n_rows && row->t_ns == r->raw_ns)
        return reject(r, row->line, "the time of the row before"), 0;
    if (cpu_shares(r, row->cells) > MAX_SHARES)
        return reject(r, row->line, "cpu.* add up to more than 100 %"), 0;
    if (r->n_rows == 0) {
        if (begin_segment(im, r, e) < 0)
            return -1;
        r->t_ns = row->t_ns;
    } else if (advance(im, r, row->line, row->t_ns, e) < 0) {
        return -1;
    }
    r->raw_ns = row->t_ns;
    r->pending = 0;
    r->n_rows++;
    return stream_writer_row(im->out, r->t_ns, row->cells, e);
}

static int import_file(struct importer *im, const char *path, struct err *e)
{
    struct run r = {0};
    struct log_row row;
    int rc, more = 1;

    rc = logfile_open(&r.log, path, (enum logfile_format)im->o->from, &im->map,
                      im->day_ns, e);
    if (rc < 0)
        return -1;
    r.channels = logfile_channels(r.log);
    r.interval_ns = logfile_interval_ns(r.log);
    find_shares(&r);
    if (r.interval_ns > MAX_INTERVAL_NS)
        rc = err_set(e, ERR_DATA, "%s: rows more than a day apart",
                     logfile_name(r.log));
    while (rc == 0 && more > 0 && !stop_requested()) {
        more = logfile_next(r.log, &row, e);
        rc = more > 0 ? take_row(im, &r, &row, e) : more;
        if (rc == 0 && r.n_rows && logfile_would_wait(r.log))
            rc = stream_writer_flush(im->out, e);
    }
    if (rc == 0 && r.n_rows == 0)
        log_warn("%s: no rows", logfile_name(r.log));
    if (rc == 0 && r.n_rows)
        rc = stream_writer_end(im->out, e);
    im->n_rows += r.n_rows;
    im->n_rejected += r.n_rejected;
    im->n_files += r.n_rows > 0;
    logfile_close(r.log);
    return rc;
}

static int run(struct importer *im, char **paths, int n, struct err *e)
{
    static char *standard[] = {"-"};

    if (n == 0) {
        paths = standard;
        n = 1;
    }
    for (int i = 0; i < n && !stop_requested(); i++)
        if (import_file(im, paths[i], e) < 0)
            return -1;
    if (im->n_files == 0 && !stop_requested())
        return err_set(e, ERR_DATA, "no row in any file, %" PRIu64 " rejected",
                       im->n_rejected);
    log_note("%" PRIu64 " rows from %zu files, %" PRIu64 " rejected",
             im->n_rows, im->n_files, im->n_rejected);
    return 0;
}

/* ---- the command line ---- */

static int parse_date(const char *text, int64_t *ns, struct err *e)
{
    struct tm day = {0}, asked;
    const char *end = strptime(text, "%Y-%m-%d", &day);
    time_t t;

    asked = day;
    t = timegm(&day); /* makes 1 March of 30 February */
    if (!end || *end || t < 0 || t > LATEST_NS / NS_PER_S ||
        day.tm_mday != asked.tm_mday)
        return err_set(e, ERR_USAGE,
                       "--date: '%s' is no day; one like 2024-02-29 is wanted",
                       text);
    *ns = (int64_t)t * NS_PER_S;
    return 0;
}

static int prepare(struct importer *im, struct options *o, struct cli *cli,
                   struct err *e)
{
    struct node *root = NULL;
    int rc;

    if (config_file_options(o->common.config, cli, e) < 0 ||
        (o->date && parse_date(o->date, &im->day_ns, e) < 0))
        return -1;
    check_labels(&o->labels);
    if (o->from == LOGFILE_GUESS && o->map)
        o->from = LOGFILE_CSV;
    if ((o->from == LOGFILE_CSV) != (o->map != NULL))
        return err_set(e, ERR_USAGE, "--from csv and --map go together");
    if (!o->map)
        return 0;
    rc = config_read(&root, o->map, e);
    if (rc == 0)
        rc = csv_map_read(&im->map, root, e);
    node_free(root);
    return rc;
}

/* Nothing that is read is written over. */
static int check_output(const struct options *o, char **paths, int n,
                        struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_check_one(c->output, o->map, e) < 0)
        return -1;
    return output_check(c->output, c->config, paths, n, e);
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT, .from = LOGFILE_GUESS};
    struct opt opts[] = {
        {OPT_CHOICE, 0, "from", &o.from, "FORMAT",
         "csv, original or powerstat (default: guess)", 0, 0,
         "csv|original|powerstat", 0},
        {OPT_STRING, 0, "map", &o.map, "FILE",
         "which column of a CSV is which channel", 0, 0, "*.yaml", 0},
        {OPT_STRINGS, 'l', "label", &o.labels, "KEY=VALUE",
         "a label; @dir, @name: the file's folder, name", 0, 0, 0, 0},
        {OPT_STRING, 0, "date", &o.date, "YYYY-MM-DD",
         "the day a powerstat log begins", 0, 0, 0, 0},
        {OPT_FLAG, 0, "strict", &o.strict, 0, "exit 1 if rows were rejected", 0,
         0, 0, 0},
        CLI_COMMON(&o.common),
    };
    struct cli cli = {
        .name = "rapl-import",
        .usage = "[OPTIONS] [FILE...]",
        .about = "Make a sample stream of logs: one segment, one run a file.",
        .examples = "  rapl-import -l workload=@dir -o all.rapl logs/*/*.txt\n"
                    "  rapl-import --map configs/map-bsc-wall.yaml disk.csv | "
                    "rapl-dump",
        .opts = opts,
    };
    struct importer im = {.o = &o};
    int first = cli_parse(&cli, argc, argv, &o.common);
    struct err e;
    int rc;

    rc = prepare(&im, &o, &cli, &e);
    if (rc == 0)
        rc = check_output(&o, argv + first, argc - first, &e);
    if (rc == 0)
        rc = stream_writer_open(&im.out, o.common.output, FAST, &e);
    if (rc == 0) {
        im.provenance = cli_provenance(&cli, &o.common);
        rc = run(&im, argv + first, argc - first, &e);
    }
    if (rc < 0)
        stream_writer_abandon(im.out);
    else
        rc = stream_writer_close(im.out, &e);
    if (rc < 0)
        log_error("%s", e.msg);
    csv_map_release(&im.map);
    strings_release(&o.labels);
    free(im.provenance);
    cli_release(&cli);
    return cli_finish(rc < 0 ? (int)e.code : o.strict && im.n_rejected > 0,
                      (int64_t)(im.n_rows + im.n_rejected), (int64_t)im.n_rows);
}
