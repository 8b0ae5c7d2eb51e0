#ifndef FORMATS_GRID_H
#define FORMATS_GRID_H

#include "common/base/err.h"

/*
 * A small table that is kept until it is complete, and then written for
 * people, in columns as wide as they must be, or for programs, through
 * formats/text.h.
 *
 *     g = grid_new("check,value,limit");
 *     grid_string(g, "jitter");
 *     grid_number(g, .47, 2);
 *     grid_number(g, NAN, 2);          an empty cell
 *     grid_note(g, "time is in ms");   below the table, for people only
 *     grid_write(g, path, GRID_TEXT, e);
 *     grid_free(g);
 */
enum grid_format { GRID_TEXT, GRID_TSV, GRID_JSON, GRID_MD };

struct grid;

/* Columns by commas. */
struct grid *grid_new(const char *columns);

/* The next cell; rows fill up by themselves.  The text is copied; NULL: none.
 * Decimals are for all but JSON, which is not rounded. */
void grid_string(struct grid *g, const char *text);
void grid_number(struct grid *g, double v, int decimals);

/* A line of words. */
void grid_note(struct grid *g, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Write all of it to path (NULL or "-": standard output). */
int grid_write(const struct grid *g, const char *path, enum grid_format format,
               struct err *e);

void grid_free(struct grid *g);

#endif
