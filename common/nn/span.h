#ifndef NN_SPAN_H
#define NN_SPAN_H

#include "common/nn/model.h"

/*
 * A span is a run of neighbouring layers, or one that is `alone`, for it is not
 * by_rows or has to do with values that lie across (common/nn/layer.h):
 * rows do better to go through all of it a few at a time, while what lies
 * between the layers is in the cache.  What it is follows from the model alone,
 * and so do the bits of what is summed.
 */

/* The span of layers that begins with i ends here, at the latest at `end`. */
size_t span_end(const bool *alone, size_t i, size_t end);

/* Rows of the span i to before end to run at a time; there may be fewer. */
size_t span_rows(const struct model *m, size_t i, size_t end);

/* The layers of a part on the way back (see workspace.h): from the one behind a
 * cut to before here, which is behind the next cut. */
size_t part_first(const struct model *m, size_t part);
size_t part_end(const struct model *m, size_t part);

/* The first layer of each layer's span on the way back, (layers). */
void span_starts(const struct model *m, const bool *alone, size_t *start);

/*
 * Whose values lie across, (layers), but for a few rows: from a layer that
 * rather gives them so to those that take them; where one reader does not, rows
 * remain.  And: does the first value that layer i reads?
 */
void span_across(const struct model *m, bool *across);
bool span_reads_across(const struct model *m, const bool *across, size_t i);

/* Which layers are told of all rows at once. */
void span_alone(const struct model *m, const bool *across, bool *alone);

/* Which layers work in place: on what no other one reads, so not on the
 * model's input and output. */
void span_shares(const struct model *m, bool training, bool *shares);

/*
 * Is a value read in the span alone that wrote it?  Then only that of the rows
 * at hand is kept: in training its gradient, in prediction itself.  Layers in
 * place (shares) have one with the layer before.
 */
void span_inside(const struct model *m, const bool *alone, const size_t *start,
                 const bool *shares, bool *inside);

#endif
