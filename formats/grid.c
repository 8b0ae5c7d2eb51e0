#include "formats/grid.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/labels.h"
#include "common/base/xalloc.h"
#include "formats/output.h"
#include "formats/text.h"

enum { NUMBER = 64 }; /* bytes of a number as text */

struct cell {
    char *text; /* NULL: a number */
    double v;   /* NaN: none */
    int decimals;
};

struct grid {
    struct strings columns, notes;
    struct cell *at;
    size_t n, cap;
};

struct grid *grid_new(const char *columns)
{
    struct grid *g = xcalloc(1, sizeof *g);

    strings_split(&g->columns, columns, ',');
    return g;
}

void grid_free(struct grid *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].text);
    free(g->at);
    strings_release(&g->columns);
    strings_release(&g->notes);
    free(g);
}

static void add(struct grid *g, struct cell cell)
{
    g->at = xgrow(g->at, g->n, &g->cap, sizeof *g->at);
    g->at[g->n++] = cell;
}

void grid_string(struct grid *g, const char *text)
{
    add(g, (struct cell){.text = text ? xstrdup(text) : NULL, .v = NAN});
}

void grid_number(struct grid *g, double v, int decimals)
{
    add(g, (struct cell){.v = v, .decimals = decimals});
}

void grid_note(struct grid *g, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    strings_add(&g->notes, text);
    free(text);
}

/* ---- for people ---- */

static const char *show(const struct cell *c, char out[NUMBER])
{
    if (c->text)
        return c->text;
    out[0] = '\0';
    if (isfinite(c->v))
        snprintf(out, NUMBER, "%.*f", c->decimals, c->v);
    return out;
}

/* A column of numbers stands at the right of its width. */
static bool is_numeric(const struct grid *g, size_t column)
{
    for (size_t i = column; i < g->n; i += g->columns.n)
        if (g->at[i].text)
            return false;
    return true;
}

static size_t width_of(const struct grid *g, size_t column)
{
    size_t width = strlen(g->columns.at[column]);
    char number[NUMBER];

    for (size_t i = column; i < g->n; i += g->columns.n) {
        size_t n = strlen(show(&g->at[i], number));

        width = n > width ? n : width;
    }
    return width;
}

static void put_cell(FILE *f, const struct grid *g, size_t column,
                     const char *text)
{
    const char *between = column ? "  " : "";
    int width = (int)width_of(g, column);

    if (is_numeric(g, column))
        fprintf(f, "%s%*s", between, width, text);
    else if (column + 1 < g->columns.n)
        fprintf(f, "%s%-*s", between, width, text);
    else
        fprintf(f, "%s%s\n", between, text);
    if (is_numeric(g, column) && column + 1 == g->columns.n)
        fputc('\n', f);
}

static int write_text(const struct grid *g, const char *path, struct err *e)
{
    FILE *f = stdout;
    char number[NUMBER];
    bool failed;

    if (!output_is_stdout(path)) {
        int fd = output_open(path, e);

        f = fd < 0 ? NULL : fdopen(fd, "w");
        if (!f)
            return fd < 0 ? -1 : err_sys(e, "%s", path);
    }
    for (size_t c = 0; c < g->columns.n; c++)
        put_cell(f, g, c, g->columns.at[c]);
    for (size_t i = 0; i < g->n; i++)
        put_cell(f, g, i % g->columns.n, show(&g->at[i], number));
    for (size_t i = 0; i < g->notes.n; i++)
        fprintf(f, "%s%s\n", i ? "" : "\n", g->notes.at[i]);
    failed = fflush(f) != 0;
    if (f != stdout)
        failed |= fclose(f) != 0;
    return failed ? err_sys(e, "%s", f == stdout ? "standard output" : path)
                  : 0;
}

/* ---- for programs ---- */

static void put_value(struct text_writer *w, const struct cell *c, bool exact)
{
    if (c->text || isnan(c->v))
        text_string(w, c->text);
    else if (exact)
        text_real(w, c->v);
    else
        text_fixed(w, c->v, c->decimals);
}

static int write_rows(const struct grid *g, const char *path,
                      enum text_format format, struct err *e)
{
    struct text_writer *w = NULL;
    int rc = text_writer_open(&w, path, format, e);

    if (rc < 0)
        return -1;
    for (size_t c = 0; c < g->columns.n; c++)
        text_column(w, g->columns.at[c]);
    for (size_t i = 0; i < g->n && rc == 0; i++) {
        put_value(w, &g->at[i], format == TEXT_JSON);
        if (i % g->columns.n == g->columns.n - 1)
            rc = text_row(w, e);
    }
    if (rc < 0) {
        text_writer_close(w, &(struct err){0});
        return -1;
    }
    return text_writer_close(w, e);
}

int grid_write(const struct grid *g, const char *path, enum grid_format format,
               struct err *e)
{
    static const enum text_format as[] = {
        [GRID_TSV] = TEXT_TSV, [GRID_JSON] = TEXT_JSON, [GRID_MD] = TEXT_MD};

    assert(g->n % g->columns.n == 0);
    return format == GRID_TEXT ? write_text(g, path, e)
                               : write_rows(g, path, as[format], e);
}
