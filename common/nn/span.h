#ifndef NN_SPAN_H
#define NN_SPAN_H

#include "common/nn/model.h"

/*
 * A span is a run of neighbouring layers that are all by_rows, or one layer:
 * rows do better to go through all of it a few at a time, while what lies
 * between the layers is in the cache.  What it is follows from the model alone,
 * and so do the bits of what is summed.
 */

/* The span of layers that begins with i ends here, at the latest at `end`. */
size_t span_end(const struct model *m, size_t i, size_t end);

/* Rows of the span i to before end to run at a time; there may be fewer. */
size_t span_rows(const struct model *m, size_t i, size_t end);

/* The layers of a part on the way back (see workspace.h): from the one behind a
 * cut to before here, which is behind the next cut. */
size_t part_first(const struct model *m, size_t part);
size_t part_end(const struct model *m, size_t part);

/* The first layer of each layer's span on the way back, (layers). */
void span_starts(const struct model *m, size_t *start);

#endif
