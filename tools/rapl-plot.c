/*
 * rapl-plot: pictures of streams, trainings and scores; gnuplot draws them.
 *
 * Reads   sample, window or prediction streams; training histories; tables of
 *         scores
 * Writes  a PNG or an SVG, or the script that gnuplot would be given
 *
 *     rapl-infer v4.ckpt w.rapl | rapl-plot -o scatter.png
 *
 * Exit: 0 done, 2 usage, 3 bad data, or nothing to draw, 4 system, or no
 * gnuplot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/base/write_all.h"
#include "common/base/xalloc.h"
#include "common/plot/draws.h"
#include "common/plot/over_time.h"
#include "common/plot/space.h"
#include "formats/config.h"
#include "formats/output.h"

static const char KINDS[] =
    "auto|time|scatter|errors|coverage|history|gap|space";
enum kind { AUTO, TIME, SCATTER, ERRORS, COVERAGE, HISTORY, GAP, SPACE };

static const char FORMATS[] = "png|svg|gnuplot";
static const char PARTS[] = "auto|train|valid|test";
static const enum part PART_OF[] = {PART_NONE, PART_TRAIN, PART_VALID,
                                    PART_TEST};

struct options {
    struct cli_common common;
    int kind, format, part;
    const char *size, *title, *by, *features, *figure;
    bool allow_truncated;

    int width, height;
    int64_t rows;
};

#define OPTIONS_INIT                                               \
    {                                                              \
        .common = CLI_COMMON_INIT, .format = -1, .by = "workload", \
        .figure = "r2"                                             \
    }

static const char EXAMPLES[] =
    "  rapl-infer v4.ckpt w.rapl | rapl-plot -o scatter.png\n"
    "  rapl-plot -o run7.svg run7.rapl\n"
    "  rapl-score --compare *.pred | rapl-plot --kind gap -o gap.svg";

/* The first bytes of a file, which stay there; 0 of what cannot be rewound. */
static size_t peek(const char *path, char *head, size_t size)
{
    bool in = !path || strcmp(path, "-") == 0;
    int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : pread(fd, head, size - 1, 0);

    if (fd >= 0 && !in)
        close(fd);
    n = n < 0 ? 0 : n;
    head[n] = '\0';
    return (size_t)n;
}

/* Is it a checkpoint, with the length of its JSON head before that? */
static bool is_checkpoint(const char *head, size_t n)
{
    return n > 8 && head[8] == '{' && head[7] == '\0';
}

static int kind_of_stream(const char *path, enum kind *kind, struct err *e)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    int rc = stream_reader_open(&r, path, 0, e);

    if (rc == 0)
        rc = stream_next(r, &item, e);
    *kind = rc > 0 && stream_reader_header(r)->kind == STREAM_PREDICTION
                ? SCATTER
                : TIME;
    stream_reader_close(r);
    return rc < 0 ? -1 : 0;
}

/* A pipe cannot be looked at beforehand: let standard input be an unnamed file
 * in $TMPDIR that holds what comes. */
static int make_rewindable(struct err *e)
{
    const char *dir = getenv("TMPDIR");
    char *name = xasprintf("%s/rapl-plot.XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = mkostemp(name, O_CLOEXEC), rc = 0;
    char block[1 << 16];
    ssize_t n = 0;

    if (fd < 0) {
        err_sys(e, "%s: cannot be made (set TMPDIR to a folder with room)",
                name);
        free(name);
        return -1;
    }
    unlink(name);
    while (rc == 0 && (n = read(STDIN_FILENO, block, sizeof block)) != 0) {
        if (n < 0 && (errno != EINTR || stop_requested()))
            rc = err_sys(e, "standard input");
        else if (n > 0 && write_all(fd, block, (size_t)n) < 0)
            rc = err_sys(e, "%s (set TMPDIR to a folder with room)", name);
    }
    if (rc == 0 && (lseek(fd, 0, SEEK_SET) != 0 || dup2(fd, STDIN_FILENO) < 0))
        rc = err_sys(e, "%s", name);
    close(fd);
    free(name);
    return rc;
}

/* By what the first input is. */
static int guess(const char *path, enum kind *kind, struct err *e)
{
    bool in = !path || strcmp(path, "-") == 0;
    char head[4096];
    size_t n;

    if (in && lseek(STDIN_FILENO, 0, SEEK_CUR) < 0 && make_rewindable(e) < 0)
        return -1;
    n = peek(path, head, sizeof head);
    if (is_checkpoint(head, n) || strncmp(head, "epoch\t", 6) == 0) {
        *kind = HISTORY;
        return 0;
    }
    if (memchr(head, '\t', n) && strlen(head) == n) {
        *kind = GAP;
        return 0;
    }
    if (kind_of_stream(path, kind, e) < 0)
        return -1;
    if (in && lseek(STDIN_FILENO, 0, SEEK_SET) != 0)
        return err_sys(e, "standard input");
    return 0;
}

static const char *file_at(char **files, int n, int i)
{
    return n > 0 ? files[i] : NULL;
}

static int inputs(int n)
{
    return n > 0 ? n : 1;
}

static int draw_time(struct options *o, char **files, int n, struct canvas *c,
                     struct err *e)
{
    struct over_time t;
    int rc = 0;

    over_time_init(&t, o->allow_truncated);
    for (int i = 0; i < inputs(n) && rc == 0; i++)
        rc = over_time_add(&t, file_at(files, n, i), e);
    if (rc == 0)
        rc = over_time_draw(&t, c, e);
    o->rows = (int64_t)t.rows;
    over_time_release(&t);
    return rc;
}

static int draw_predictions(struct options *o, char **files, int n,
                            struct canvas *c, struct err *e)
{
    int (*draw)(const struct picked *, struct canvas *, struct err *) =
        o->kind == SCATTER  ? draw_scatter
        : o->kind == ERRORS ? draw_errors
                            : draw_coverage;
    struct picked p;
    int rc = 0;

    picked_init(&p, o->by, PART_OF[o->part], (uint64_t)o->common.seed,
                o->allow_truncated);
    for (int i = 0; i < inputs(n) && rc == 0; i++)
        rc = picked_add(&p, file_at(files, n, i), e);
    if (rc == 0)
        rc = draw(&p, c, e);
    o->rows = (int64_t)(p.seen + p.unmeasured);
    picked_release(&p);
    return rc;
}

static int draw_space(struct options *o, char **files, int n, struct canvas *c,
                      struct err *e)
{
    struct space s;
    int rc = 0;

    space_init(&s, o->features, (uint64_t)o->common.seed, o->allow_truncated);
    for (int i = 0; i < inputs(n) && rc == 0; i++)
        rc = space_add(&s, file_at(files, n, i), e);
    if (rc == 0)
        rc = space_draw(&s, c, e);
    o->rows = (int64_t)(s.known.seen + s.other.seen);
    space_release(&s);
    return rc;
}

static int draw_table(struct options *o, char **files, int n, struct canvas *c,
                      struct err *e)
{
    const char *path = file_at(files, n, 0);
    struct scores s = {0};
    char head[16];
    int rc;

    if (n > 1)
        return err_set(e, ERR_USAGE, "one table a picture");
    rc = is_checkpoint(head, peek(path, head, sizeof head))
             ? scores_of_checkpoint(&s, path, e)
             : scores_read(&s, path, e);
    if (rc == 0)
        rc = o->kind == HISTORY ? draw_history(&s, c, e)
                                : draw_gap(&s, o->figure, c, e);
    o->rows = (int64_t)s.n;
    scores_release(&s);
    return rc;
}

static int draw(struct options *o, char **files, int n, struct canvas *c,
                struct err *e)
{
    switch (o->kind) {
    case TIME:
        return draw_time(o, files, n, c, e);
    case SPACE:
        return draw_space(o, files, n, c, e);
    case HISTORY:
    case GAP:
        return draw_table(o, files, n, c, e);
    default:
        return draw_predictions(o, files, n, c, e);
    }
}

/* "WIDTHxHEIGHT" */
static void take_size(struct options *o)
{
    char rest;

    if (!o->size)
        return;
    if (strlen(o->size) > 20 ||
        sscanf(o->size, "%dx%d%c", &o->width, &o->height, &rest) != 2 ||
        o->width < CANVAS_MIN || o->width > CANVAS_MAX ||
        o->height < CANVAS_MIN || o->height > CANVAS_MAX)
        cli_usage_error("--size: '%s' is no size; write 800x600, each %d to %d",
                        o->size, CANVAS_MIN, CANVAS_MAX);
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcasecmp(text + n - m, end) == 0;
}

/* As --format says, or else the name of the file. */
static void take_format(struct options *o)
{
    const char *to = o->common.output;

    if (o->format >= 0)
        return;
    o->format = CANVAS_SVG;
    if (output_is_stdout(to) || ends_in(to, ".svg"))
        return;
    if (ends_in(to, ".png"))
        o->format = CANVAS_PNG;
    else if (ends_in(to, ".gnuplot") || ends_in(to, ".gp"))
        o->format = CANVAS_GNUPLOT;
    else
        cli_usage_error("-o %s: end it in .png or .svg, or ask for a --format",
                        to);
}

static int run(struct options *o, struct cli *cli, char **files, int n,
               struct err *e)
{
    struct canvas c;
    enum kind kind;
    int rc = 0;

    if (config_file_options(o->common.config, cli, e) < 0)
        return -1;
    take_size(o);
    take_format(o);
    if (output_check(o->common.output, o->common.config, files, n, e) < 0)
        return -1;
    if (o->kind == AUTO) {
        if (guess(file_at(files, n, 0), &kind, e) < 0)
            return -1;
        o->kind = (int)kind;
    }
    canvas_open(&c, (enum canvas_format)o->format, o->width, o->height,
                o->title);
    rc = draw(o, files, n, &c, e);
    if (rc == 0)
        rc = canvas_draw(&c, o->common.output, e);
    canvas_close(&c);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = OPTIONS_INIT;
    struct opt opts[] = {
        {OPT_CHOICE, 0, "kind", &o.kind, "KIND",
         "time|scatter|errors|coverage|history|gap|space", 0, 0, KINDS, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "png, svg, gnuplot (default: by the name of -o)", 0, 0, FORMATS, 0},
        {OPT_STRING, 0, "size", &o.size, "WxH", "pixels, such as 800x600", 0, 0,
         0, 0},
        {OPT_STRING, 0, "title", &o.title, "TEXT", "instead of its own", 0, 0,
         0, 0},
        {OPT_STRING, 0, "by", &o.by, "LABEL",
         "groups of predictions (default workload)", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "part", &o.part, "PART",
         "of predictions: auto, train, valid, test", 0, 0, PARTS, 0},
        {OPT_STRING, 0, "features", &o.features, "A,B",
         "axes of space (default: principal components)", 0, 0, 0, 0},
        {OPT_STRING, 0, "figure", &o.figure, "FIGURE",
         "of gap: r2 (default), mae_w, ...", 0, 0, "r2|mae_w|rmse_w", 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "draw what a truncated stream holds", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {
        .name = "rapl-plot",
        .usage = "[OPTIONS] [FILE...]",
        .about =
            "Draw a recording, predictions, a training or scores, by gnuplot.",
        .examples = EXAMPLES,
        .opts = opts};
    struct err e;
    int first = cli_parse(&cli, argc, argv, &o.common);

    if (run(&o, &cli, argv + first, argc - first, &e) < 0)
        die(&e);
    return cli_finish(0, o.rows, -1);
}
