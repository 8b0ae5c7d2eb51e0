#ifndef SWEEP_RECORDING_CHECK_H
#define SWEEP_RECORDING_CHECK_H

#include <stdint.h>

#include "common/base/err.h"

/* What is in the recording of a run. */
struct recording {
    uint64_t rows, missed;                       /* ticks that were not taken */
    int64_t first_ns, last_ns, begin_ns, end_ns; /* of the rows; of the load */
    uint64_t gaps, resets, clock_steps;
};

#define NOTE_BEGINS "load begins"
#define NOTE_ENDS "load ends"

/*
 * Read all of it, checksums and all.  Returns 0 if it is complete and says when
 * the load began and ended, else -1 with e filled.
 */
int recording_check(struct recording *r, const char *path, struct err *e);

#endif
