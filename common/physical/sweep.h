#ifndef PHYSICAL_SWEEP_H
#define PHYSICAL_SWEEP_H

#include "common/physical/physical.h"

/*
 * Rows of a session with measured watts, of one kind of work or of several.
 */
struct sweep {
    size_t n;
    const float *busy, *watts; /* (n) busy CPUs, W, in order of time */
    const uint32_t *kind;      /* (n) of work: 0, 1, ... */
    size_t n_kinds;
};

/*
 * physical_calibrate() by each kind of work in turn: how one differs from the
 * work to come says nothing of how another does, so that kinds together tell of
 * the machine what none of them does alone.
 *
 * most  rows that are used, in equal parts from each kind and load (thin.h);
 *       at least one of each kind
 * Returns 0 and *used rows, or -1 with ERR_DATA and p unchanged.
 */
int sweep_calibrate(struct physical *p, const struct sweep *rows, size_t most,
                    size_t *used, struct err *e);

#endif
