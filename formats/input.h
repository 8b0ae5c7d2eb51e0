#ifndef FORMATS_INPUT_H
#define FORMATS_INPUT_H

#include "common/math/scale.h"
#include "common/math/support.h"
#include "formats/checkpoint.h"
#include "formats/dataset.h"

/*
 * What a model knows of its inputs and of its target, fitted on the training
 * part: how they are scaled, and what inputs were seen (common/math/support.h).
 * A checkpoint holds it as scale.offset, scale.factor, support.NAME, and where
 * the target is scaled target.offset and target.factor.  Older ones have
 * support.min and support.max alone.  Each of several targets has a scale of
 * its own, fitted to where it is known.
 *
 * Start with {0}; input_release() it.
 */
struct input {
    struct scale scale;
    struct scale target; /* (K) none: watts as they are */
    bool clip;           /* cut scaled inputs to 0..1 */
    struct support support;
};

/* Fit to the training windows, and scale all of ds in place. */
int input_fit(struct input *in, const struct scaling *s, struct dataset *ds,
              struct err *e);

/* The tensors of a checkpoint, which borrows them; and back, ERR_DATA. */
void input_to_checkpoint(const struct input *in, struct checkpoint *c);
int input_from_checkpoint(struct input *in, const struct scaling *s, size_t D,
                          size_t K, const struct checkpoint *c, struct err *e);

void input_release(struct input *in);

#endif
