#ifndef SWEEP_SWEEP_STATE_H
#define SWEEP_SWEEP_STATE_H

#include "common/sweep/sweep_dir.h"

/* How far a sweep is, by its journal and its recordings. */
struct run_state {
    bool good, given_up, left_out;
    bool begun;        /* and no end of it is known */
    unsigned attempts; /* that ended, or that the machine did not survive */
};

struct sweep_state {
    struct run_state *run; /* one a run, by its number less one */
    size_t n, n_good, n_given_up, n_left_out;
    size_t n_bad;     /* attempts that went wrong */
    size_t damaged;   /* lines of the journal */
    char *last_event; /* "run", "stop", ...; NULL: none */
};

/*
 * Read the journal.  A run is good if the journal says so and its recording is
 * there.  Returns 0, or -1 with e filled; to be released in either case.
 */
int sweep_state_read(struct sweep_state *s, const struct sweep_dir *d,
                     const struct sweep_plan *p, struct err *e);
void sweep_state_release(struct sweep_state *s);

/* Is there nothing more to do for it? */
bool run_state_done(const struct run_state *r);

/* What the rest takes. */
int64_t sweep_state_left_ns(const struct sweep_state *s,
                            const struct sweep_plan *p);

#endif
