#include "formats/csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "common/math/decimal.h"

enum {
    MAX_COLUMNS = 4096,
    IGNORED = -1, /* what a column is, if not the index of a channel */
    TIME = -2,
};

struct csv_reader {
    struct csv_parser parser;
    struct lines *lines;
    const struct csv_map *map;
    struct strings names; /* of the columns */
    int *what;            /* (names.n) channel, TIME or IGNORED */
    uint64_t *cells;      /* (channels.n) */
    int64_t t_ns;
    size_t n;       /* fields of this row so far */
    bool row_ended; /* libcsv has called back */
    bool bad;       /* why is set */
    char why[192];
};

static void refuse(struct csv_reader *r, const char *what, const char *text,
                   size_t len, const char *problem)
{
    char shown[32], name[64];

    if (r->bad)
        return;
    printable(shown, sizeof shown, text, len);
    printable(name, sizeof name, what, strlen(what));
    snprintf(r->why, sizeof r->why, "%s: '%s' %s", name, shown, problem);
    r->bad = true;
}

static void take_cell(struct csv_reader *r, size_t c, const char *s, size_t len)
{
    const struct csv_column *col = &r->map->column[c];
    char range[80];
    int64_t count;
    double v;

    if (!decimal_parse(s, s + len, &v)) {
        refuse(r, col->column, s, len, "is no number");
    } else if (v < col->min || v > col->max) {
        snprintf(range, sizeof range, "is not in %g..%g", col->min, col->max);
        refuse(r, col->column, s, len, range);
    } else if (!isfinite(v * col->factor)) {
        refuse(r, col->column, s, len, "is too large");
    } else if (r->map->channels.at[c].kind == CHANNEL_GAUGE) {
        r->cells[c] = bits_of_f64(v * col->factor);
    } else if (decimal_scaled(s, s + len, 0, &count) && count >= 0) {
        r->cells[c] = (uint64_t)count;
    } else {
        refuse(r, col->column, s, len, "is no count in 63 bits");
    }
}

/* libcsv's callback for a field. */
static void on_field(void *text, size_t len, void *arg)
{
    struct csv_reader *r = arg;
    const struct csv_map *map = r->map;
    size_t i = r->n++;

    if (i >= r->names.n || r->what[i] == IGNORED)
        return;
    if (r->what[i] >= 0)
        take_cell(r, (size_t)r->what[i], text, len);
    else if (!decimal_scaled(text, (char *)text + len, map->time_scale,
                             &r->t_ns))
        refuse(r, map->time_column, text, len, "is no time");
}

/* libcsv's callback for the field of the first line: a name. */
static void on_name(void *text, size_t len, void *arg)
{
    struct csv_reader *r = arg;
    char *name;

    if (r->n++ >= MAX_COLUMNS)
        return;
    name = xstrndup(text ? text : "", len);
    strings_add(&r->names, name);
    free(name);
}

static void on_row(int end, void *arg)
{
    struct csv_reader *r = arg;

    (void)end;
    r->row_ended = true;
}

static void start_parser(struct csv_reader *r)
{
    csv_init(&r->parser, CSV_STRICT | CSV_STRICT_FINI);
    csv_set_delim(&r->parser, (unsigned char)r->map->delimiter);
}

/* After what could not be parsed, begin afresh with the next line. */
static void give_up_row(struct csv_reader *r, const char *why)
{
    csv_free(&r->parser);
    start_parser(r);
    snprintf(r->why, sizeof r->why, "%s", why);
    r->bad = r->row_ended = true;
}

/*
 * Read lines until a row has ended, which is more than one line where a quoted
 * field holds a newline.  Returns 1, 0 at the end, -1 on error.
 */
static int parse_row(struct csv_reader *r,
                     void (*field)(void *, size_t, void *), uint64_t *line,
                     struct err *e)
{
    size_t size = 0, len;
    char *text;
    int rc;

    r->n = 0;
    r->row_ended = r->bad = false;
    while (!r->row_ended) {
        rc = lines_next(r->lines, &text, &len, e);
        if (rc < 0)
            return -1;
        if (rc == 0 && csv_fini(&r->parser, field, on_row, r) != 0)
            give_up_row(r, "the file ends within quotes");
        if (rc == 0)
            return r->row_ended;
        if (size == 0)
            *line = lines_number(r->lines);
        size += len + 1;
        if (lines_cut(r->lines) || size > LINES_MAX)
            give_up_row(r, "longer than 1 MiB; an open quote?");
        else if (csv_parse(&r->parser, text, len + 1, field, on_row, r) !=
                 len + 1)
            give_up_row(r, "a quote in the wrong place");
        else if (!r->row_ended && r->n == 0 && len == 0)
            size = 0; /* an empty line is no row */
    }
    return 1;
}

static int find_column(const struct csv_reader *r, const char *name, int line,
                       struct err *e)
{
    int found = strings_find(&r->names, name);

    if (found >= 0)
        return found;
    err_set(e, ERR_DATA, "%s: no column '%s', which %s", lines_name(r->lines),
            name, r->map->file);
    if (line)
        snprintf(e->msg + strlen(e->msg), sizeof e->msg - strlen(e->msg),
                 ":%d names", line);
    else
        snprintf(e->msg + strlen(e->msg), sizeof e->msg - strlen(e->msg),
                 " needs");
    return -1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_names(const struct csv_reader *r, struct err *e)
{
    char **names = xcalloc(r->names.n, sizeof *names);
    char shown[64];
    int rc = 0;

    if (r->names.n)
        memcpy(names, r->names.at, r->names.n * sizeof *names);
    qsort(names, r->names.n, sizeof *names, by_name);
    for (size_t i = 1; i < r->names.n && rc == 0; i++) {
        if (strcmp(names[i - 1], names[i]) != 0)
            continue;
        printable(shown, sizeof shown, names[i], strlen(names[i]));
        rc = err_set(e, ERR_DATA, "%s:1: two columns are named '%s'",
                     lines_name(r->lines), shown);
    }
    free(names);
    return rc;
}

static int assign_columns(struct csv_reader *r, struct err *e)
{
    const struct csv_map *map = r->map;
    int i;

    r->what = xcalloc(r->names.n, sizeof *r->what);
    for (size_t k = 0; k < r->names.n; k++)
        r->what[k] = IGNORED;
    i = find_column(r, map->time_column, 0, e);
    if (i < 0)
        return -1;
    r->what[i] = TIME;
    for (size_t c = 0; c < map->channels.n; c++) {
        i = find_column(r, map->column[c].column, map->column[c].line, e);
        if (i < 0)
            return -1;
        r->what[i] = (int)c;
    }
    return 0;
}

int csv_open(struct csv_reader **out, struct lines *l,
             const struct csv_map *map, struct err *e)
{
    struct csv_reader *r = *out = xcalloc(1, sizeof *r);
    uint64_t line;
    int rc;

    r->lines = l;
    r->map = map;
    r->cells = xcalloc(map->channels.n, sizeof *r->cells);
    start_parser(r);
    rc = parse_row(r, on_name, &line, e);
    if (rc == 0)
        return 0;
    if (rc > 0 && (r->bad || r->n > MAX_COLUMNS))
        rc = err_set(e, ERR_DATA, "%s:%llu: no line of column names: %s",
                     lines_name(l), (unsigned long long)line,
                     r->bad ? r->why : "more than 4096");
    if (rc > 0 && check_names(r, e) == 0 && assign_columns(r, e) == 0)
        return 0;
    csv_close(r);
    *out = NULL;
    return -1;
}

int csv_next(struct csv_reader *r, struct log_row *row, struct err *e)
{
    int rc = parse_row(r, on_field, &row->line, e);

    if (rc <= 0)
        return rc;
    if (r->n != r->names.n && !r->bad) {
        snprintf(r->why, sizeof r->why, "%zu fields, %zu columns", r->n,
                 r->names.n);
        r->bad = true;
    }
    row->t_ns = r->t_ns;
    row->cells = r->cells;
    row->why = r->bad ? r->why : NULL;
    return 1;
}

void csv_close(struct csv_reader *r)
{
    if (!r)
        return;
    csv_free(&r->parser);
    strings_release(&r->names);
    free(r->what);
    free(r->cells);
    free(r);
}
