#ifndef FORMATS_SCORE_COMMON_H
#define FORMATS_SCORE_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Rows that every model predicted, split by split.  Models that look back
 * further, or were asked for fewer windows, have other rows; side by side they
 * are to be judged by the same ones.
 *
 * First all rows are noted, then score_common_close() keeps what all models of
 * a split have.  Memory: eight bytes a row that was noted.
 *
 * A row is a moment of a run: the same one in the files of two models, and the
 * same one again where several draws of a split tested it.
 */
struct score_common;

struct score_common *score_common_new(void);

/* model and split: as the tables name them; run: a hash of who ran what. */
void score_common_note(struct score_common *c, const char *model,
                       const char *split, uint64_t run, int64_t t_ns);

/* All were noted.  -1 with e filled (ERR_DATA) where the models of a split have
 * no row in common. */
int score_common_close(struct score_common *c, struct err *e);

/* After that: do all models of the split have the row? */
bool score_common_has(const struct score_common *c, const char *split,
                      uint64_t run, int64_t t_ns);

void score_common_free(struct score_common *c); /* NULL is legal */

#endif
