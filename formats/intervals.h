#ifndef FORMATS_INTERVALS_H
#define FORMATS_INTERVALS_H

#include "common/math/interval.h"
#include "formats/checkpoint.h"

/*
 * What a checkpoint says of how far measured power lies from a prediction: W
 * to add to it, low and high (INTERVALS), from the keys "interval.low50_w",
 * "interval.high50_w", ..., and without a number those of 90 %.  NaN where it
 * says nothing, as older ones do of 50 and 80 %.  -1 with e filled (ERR_DATA)
 * for what is no interval.
 */
int intervals_from_checkpoint(double low[INTERVALS], double high[INTERVALS],
                              const struct checkpoint *c, struct err *e);

#endif
