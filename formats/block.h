#ifndef FORMATS_BLOCK_H
#define FORMATS_BLOCK_H

#include "common/base/channel.h"
#include "common/base/err.h"
#include "common/base/pack.h"

/*
 * How a column of a block is written: an encoding, a length, bytes.  Counters
 * become differences in variable-length integers, which is where the few bytes
 * a sample come from; doc/format-stream.md has the details.
 */
enum encoding {
    ENCODE_RAW = 0,      /* n values, little-endian */
    ENCODE_DELTA = 1,    /* n zigzag varints, each the step from the last */
    ENCODE_STEP = 2,     /* times: a unit, then steps between steps */
    ENCODE_CONSTANT = 3, /* one value */
};

/* Append a column of n >= 1 values of that type. */
void block_put_column(struct buf *b, enum channel_type type, const void *values,
                      size_t n);
void block_put_times(struct buf *b, const int64_t *t_ns, size_t n);

/*
 * Read a column of n values into `values` (NULL: pass over it).  -1 where the
 * bytes do not make n values.
 */
int block_get_column(struct cursor *c, enum channel_type type, void *values,
                     size_t n, struct err *e);
int block_get_times(struct cursor *c, int64_t *t_ns, size_t n, struct err *e);

#endif
