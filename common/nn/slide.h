#ifndef NN_SLIDE_H
#define NN_SLIDE_H

#include "common/nn/model.h"

/*
 * What neighbouring windows share.  Windows that end at rows of a trace one
 * after the other hold the same values, moved by one step; and so do the
 * values between the first layers of a model, where these slide (fit() in
 * common/nn/layer.h).  For a run of n such windows these layers compute
 *
 *   the middle   once for each step of the trace: a row of length + n - 1
 *                steps, without padding;
 *   the edges    for each window: only the steps at its start and its end that
 *                the padding reaches.  One row, in which the n values of a step
 *                lie side by side, so that taps are n times as far apart.
 *
 * Then the windows are laid out, and the rest of the model runs on them as on
 * any rows.
 *
 * Which layers are worth it follows from their weights and edges: the last one
 * is where the least is left to multiply.
 */
struct slide;
struct slide_space; /* what a thread needs to run one */

/*
 * For a model as it predicts (common/nn/fold.h), which is borrowed.  NULL where
 * nothing is gained.
 */
struct slide *slide_new(const struct model *m);
void slide_free(struct slide *s);

/* Windows in a run. */
size_t slide_run(const struct slide *s);

/* The layer of the model that is the last to be shared. */
size_t slide_last(const struct slide *s);

/* What is behind it, as a model whose input is what that layer gives. */
const struct model *slide_rest(const struct slide *s);

struct slide_space *slide_space_new(const struct slide *s);
void slide_space_free(struct slide_space *space);

/*
 * The windows of the set that end at rows `end`, end + tau, ..., slide_run() of
 * them, to rows (slide_run(), n_in of the rest).  Where fewer are there (n),
 * what the others hold is not told.
 */
void slide_rows(const struct slide *s, struct slide_space *space,
                const struct window_set *set, size_t end, size_t n,
                float *rows);

#endif
