#ifndef SWEEP_RUN_ONCE_H
#define SWEEP_RUN_ONCE_H

#include "common/sweep/load_steps.h"
#include "common/sweep/recording_check.h"
#include "common/sweep/surroundings.h"
#include "common/sweep/sweep_dir.h"

/* One try of one run: cool down, record, put under load, see what came of it.
 */
enum outcome { RUN_GOOD, RUN_BAD, RUN_STOPPED };

struct run_context {
    const struct sweep_spec *spec;
    const struct sweep_dir *dir;
    const char *proc, *sys; /* rapl-sample's; NULL: the machine's own */
    const char *sampler;    /* the program rapl-sample */
    const char *stress_ng;  /* its version */
    /* Called about once a second; may be NULL. */
    void (*tell)(void *arg, const struct sweep_run *r, const char *phase);
    void *tell_arg;
};

struct run_result {
    enum outcome outcome;
    char why[600]; /* where it is not good: a line */
    struct recording recording;
    int64_t bytes;
    int64_t load_ns;          /* from the begin of the load to its end */
    struct happened happened; /* meanwhile; none of it makes a run bad */
    size_t leftovers;         /* programs that its load left behind, killed */
};

/*
 * order: its place, from 1.  A good run leaves runs/NAME.rapl; of another the
 * recording, if any, stays as runs/NAME.rapl.part.
 */
void run_once(struct run_result *out, const struct run_context *c,
              const struct sweep_run *r, size_t order, unsigned attempt);

/* End what a sweep of that folder left behind when it was killed. */
size_t run_clean_up(const struct sweep_dir *d);

#endif
