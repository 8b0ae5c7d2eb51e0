#ifndef NN_DROPOUT_H
#define NN_DROPOUT_H

#include "common/nn/layer.h"

/*
 * Which values are dropped, for layers that do it themselves: a value is, where
 * its bits are under the limit; the others are multiplied by the scale.
 */
#define DROPOUT_DRAW 64 /* values drawn at a time */

/* The key of one row of a pass. */
uint64_t dropout_key(const struct layer *l, const struct pass *p, size_t row);

/* The bits of values at..at+63 of the row; at is a multiple of 4. */
void dropout_draw(uint64_t key, size_t at, uint16_t bits[DROPOUT_DRAW]);

/* Of l->rate. */
uint16_t dropout_limit(const struct layer *l);
float dropout_scale(const struct layer *l);

#endif
