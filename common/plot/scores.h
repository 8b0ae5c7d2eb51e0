#ifndef PLOT_SCORES_H
#define PLOT_SCORES_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/base/labels.h"
#include "formats/history.h"

/*
 * A table of text with one line of names and columns between tabs, as
 * rapl-score and rapl-train write: what is drawn of it is looked up by name.
 * Start with {0}.
 */
enum { SCORES_ROWS = 100000, SCORES_COLUMNS = 1000, SCORES_CELLS = 2000000 };

struct scores {
    struct strings columns;
    struct strings cells; /* (n, columns.n) */
    size_t n;
};

/* Read it (NULL or "-": standard input).  -1 with e filled: the line. */
int scores_read(struct scores *s, const char *path, struct err *e);

/* The training history of a checkpoint, as such a table. */
int scores_of_checkpoint(struct scores *s, const char *path, struct err *e);
void scores_release(struct scores *s);

/* The cell of a row; NULL where there is no such column. */
const char *scores_cell(const struct scores *s, size_t row, const char *column);

/* As a number; NaN where there is none. */
double scores_number(const struct scores *s, size_t row, const char *column);

#endif
