#ifndef SWEEP_SWEEP_GO_H
#define SWEEP_SWEEP_GO_H

#include "common/sweep/run_once.h"
#include "common/sweep/stressng.h"
#include "common/sweep/sweep_state.h"

/* All runs of a sweep that are not done yet, one after another. */
enum { SWEEP_MOST_GIVEN_UP = 3 }; /* in a row: then something else is wrong */

struct sweep_go {
    struct run_context context;
    const struct sweep_plan *plan;
    const struct abilities *abilities;
    struct sweep_state state;
    bool retry;         /* what was given up or left out is to do again */
    size_t now;         /* which run of the plan is at work */
    int64_t most_bytes; /* of a recording so far */
};

/*
 * Go on where the journal ends.  Returns 0 when all is done, or when we were
 * asked to stop; ERR_VERDICT if runs were given up; -1 with e filled
 * (ERR_SYSTEM): the disk is full, the journal cannot be written, several runs
 * in a row went wrong.
 */
int sweep_go(struct sweep_go *g, struct err *e);

/* What is to be said of the start: pid, versions.  0, or -1 with e filled. */
int sweep_go_begin(struct sweep_go *g, const struct labels *facts,
                   struct err *e);

void sweep_go_release(struct sweep_go *g);

#endif
