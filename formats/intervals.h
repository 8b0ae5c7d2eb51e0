#ifndef FORMATS_INTERVALS_H
#define FORMATS_INTERVALS_H

#include "common/math/interval.h"
#include "formats/prediction.h"
#include "formats/checkpoint.h"

/* How far measured power lies from a prediction: W to add to it.  NaN: not
 * known. */
struct intervals {
    double low[INTERVALS], high[INTERVALS];
};

/*
 * What a checkpoint says of each target, to out (targets.n): the keys
 * "interval.low50_w", "interval.high50_w", ..., without a number those of 90 %,
 * and of targets after the first with their name, "interval.low_w.dram".  What
 * it does not say, as older ones do of 50 and 80 %, is NaN.  -1 with e filled
 * (ERR_DATA) for what is no interval.
 */
int intervals_from_checkpoint(struct intervals *out,
                              const struct strings *targets,
                              const struct checkpoint *c, struct err *e);

/*
 * Put the watts of each target (K) into a prediction, the first as its power,
 * and the intervals around them (NULL: nothing is known of them).
 */
void intervals_predict(struct prediction *p, const float *watts, size_t K,
                       const struct intervals *around);

#endif
