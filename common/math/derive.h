#ifndef MATH_DERIVE_H
#define MATH_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/channel.h"
#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * From the readings of a machine to features and a label: the one derivation
 * that training and live use share.  One `struct derive` serves one segment.
 *
 * A row's rates are those between the reading before it and itself.  Readings
 * at a faster step are first summed up (counters) or averaged over time
 * (gauges) to the interval that is asked for; the bins are laid from the first
 * reading after a gap, and each ends with the reading nearest to its end.
 */
struct derive_options {
    const struct channels *channels; /* of the samples */
    const struct strings *features;  /* names, all known */
    double n_cpus;                   /* 0: unknown */
    int64_t recorded_ns;             /* nominal interval of the samples */
    int64_t interval_ns;             /* asked for */
    const char *target;   /* "package", "auto", "none", a zone; or several,
                             between commas, at most MAX_TARGETS */
    bool target_optional; /* a zone that is absent is no target */
    const char *missing;  /* zones, between commas, that the machine has and
                             that were not recorded; NULL: unknown */
};

struct derive;

/*
 * Resolve features and target against the channels.  -1 with e filled
 * (ERR_DATA): a channel or the number of CPUs is missing, a unit is not what
 * it should be, the interval cannot be made.  The options' pointers are not
 * kept.
 */
int derive_new(struct derive **d, const struct derive_options *o,
               struct err *e);
void derive_free(struct derive *d);

/* Is this channel needed? */
bool derive_wants(const struct derive *d, size_t channel);

/* "package", a zone, several between commas, or "none"; borrowed. */
const char *derive_target(const struct derive *d);

enum row_state {
    ROW_FOLLOWS = 0, /* continues the row before it */
    ROW_FRESH = 1,   /* a row, but nothing before it belongs to it */
    ROW_BAD = 2,     /* no row: no reading to compare with; a reset; not
                        finite */
};

struct derived {
    size_t n;
    const int64_t *t_ns;         /* (n) */
    const uint8_t *state;        /* (n) enum row_state */
    const float *const *x;       /* [D] columns (n) */
    const float *const *label_w; /* [K] columns (n), one a target (one of NaN
                                    where there is none); NaN: none */
    const double *dt_s;          /* (n) */
};

/*
 * Derive n rows, whose times are in 0..2^62; column[c] holds channel c by its
 * type (see formats/stream.h). Out is borrowed until the next call.  A row that
 * comes over two nominal intervals after the one before starts afresh.
 */
void derive_rows(struct derive *d, size_t n, const int64_t *t_ns,
                 const void *const *column, struct derived *out);

/* What comes next does not follow from what was. */
void derive_break(struct derive *d);

#endif
