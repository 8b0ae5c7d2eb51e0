#ifndef FORMATS_WINDOWER_PARTS_H
#define FORMATS_WINDOWER_PARTS_H

#include "common/math/derive.h"
#include "formats/windower.h"

/*
 * What windower.c (samples to rows) and windower_split.c (rows to parts, once
 * all runs are known) share; for nobody else.
 */
struct windower {
    const struct windower_options *o;
    struct windower_stats *stats;
    struct stream_writer *out;
    struct split_run *runs; /* all segments so far */
    size_t n_runs, cap_runs;
    uint64_t *cells; // (D + MAX_TARGETS + 2)

    /* the segment that is being derived */
    struct derive *derive;
    size_t K;              /* its targets */
    struct strings wanted; /* features: the specification's, and busy_cpus */
    size_t busy_at;        /* where that is */
    float *busy;           /* (span) and what it was in the last rows */
    uint64_t run_hash;
    uint64_t index;  /* samples so far */
    int64_t from_ns; /* rows before this are skipped */
    bool broken;     /* the next row does not follow from the last one */
    bool marked;     /* and the output says so already */
    uint64_t length; /* rows since the last gap */
};

/* The part of a window over which the load changed little, or did not. */
static inline uint8_t windower_part(uint8_t part, bool steady)
{
    return steady && part == PART_TEST ? PART_NONE : part;
}

/*
 * Samples to rows in w->out; parts only where no run need be known.  Else what
 * stands there is whether the window is steady.
 */
int windower_derive(struct windower *w, char **files, int n, struct err *e);

/* The same through a spool, with the parts of w->o->split. */
int windower_split(struct windower *w, char **files, int n, struct err *e);

#endif
