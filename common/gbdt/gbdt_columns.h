#ifndef GBDT_GBDT_COLUMNS_H
#define GBDT_GBDT_COLUMNS_H

#include "common/base/err.h"
#include "common/base/node.h"
#include "common/math/embed.h"

/*
 * What trees see of a window: a row of columns made of its D features and d
 * delays.  Trees split one column at a time, so a mean or a step that matters
 * must be a column of its own.  The kinds, in the order of the row:
 *
 *   last    the newest sample                                          D
 *   window  all samples, as embed() lays them out                      D d
 *   mean    means over the newest 2, 4, 8, ... samples and over all    D each
 *   step    the newest sample less the one before                      D
 *   spread  the standard deviation of all samples                      D
 *   range   the least of all samples, and the greatest               2 D
 *
 * `last` is inside `window`, and a window of one sample has none of what
 * follows: what says nothing of its own is left out.
 */
enum gbdt_column_kind {
    GBDT_LAST = 1,
    GBDT_WINDOW = 2,
    GBDT_MEAN = 4,
    GBDT_STEP = 8,
    GBDT_SPREAD = 16,
    GBDT_RANGE = 32,
};

/*
 * Read the list `columns` of the map `model`, of kinds by name; absent, *kinds
 * keeps its value.  Returns 0, or -1 with e filled (ERR_DATA, file and line).
 */
int gbdt_columns_read(unsigned *kinds, const struct node *model, struct err *e);

/* Kinds less those that say nothing of their own for so many delays. */
unsigned gbdt_columns_distinct(unsigned kinds, size_t delays);

/* Samples of the k-th mean, from 0; 0 behind the last, which is over all. */
size_t gbdt_columns_mean(size_t k, size_t delays);

/* Columns that a row of these kinds has. */
size_t gbdt_columns_count(unsigned kinds, size_t D, size_t delays);

/*
 * The rows of windows at..at+n-1 of a set, to out (n, gbdt_columns_count()).
 * Cannot fail; may be called by several threads at once.
 */
void gbdt_columns_fill(unsigned kinds, const struct window_set *set, size_t at,
                       size_t n, float *out);

#endif
