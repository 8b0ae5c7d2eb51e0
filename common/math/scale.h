#ifndef MATH_SCALE_H
#define MATH_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Scaling of columns, (x - offset) * factor, fitted to one part of the data
 * and stored with the model.  A feature has one range for all its delays, so
 * samples are scaled once each and windows are laid over scaled samples.
 */
enum scale_kind {
    SCALE_NONE,   /* offset 0, factor 1 */
    SCALE_MINMAX, /* the range that was seen to 0..1; inputs are clipped */
    SCALE_ZSCORE, /* mean 0, standard deviation 1 */
};

/* What a model wants scaled. */
struct scaling {
    enum scale_kind inputs;
    bool clip; /* SCALE_MINMAX: cut inputs to 0..1 */
    enum scale_kind target;
};

struct scale {
    enum scale_kind kind;
    size_t D;
    float *offset, *factor; /* (D) each, owned */
};

/* "none", "minmax", "zscore"; -1 with ERR_DATA if it is none of them. */
int scale_kind_parse(const char *name, enum scale_kind *kind, struct err *e);

/* The scale that changes nothing; scale_release() frees it. */
void scale_init(struct scale *s, enum scale_kind kind, size_t D);
void scale_release(struct scale *s);

/*
 * Fit to rows of x; a column that does not vary becomes 0 (offset its value,
 * factor 1: what differs from it later is seen as a difference in its unit).
 *
 * x    (T, D)  finite
 * use  (T)     rows with 0 are left out; NULL: take all
 * Returns 0, or -1 with ERR_DATA if no row is left or one is not finite.
 */
int scale_fit(struct scale *s, const float *x, size_t T, const uint8_t *use,
              struct err *e);

/* Scale (n, D) in place; `clip` cuts to 0..1 (SCALE_MINMAX only). */
void scale_apply(const struct scale *s, float *x, size_t n, bool clip);

/* Undo it: x / factor + offset. */
void scale_invert(const struct scale *s, float *x, size_t n);

#endif
