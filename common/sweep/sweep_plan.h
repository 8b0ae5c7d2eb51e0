#ifndef SWEEP_SWEEP_PLAN_H
#define SWEEP_SWEEP_PLAN_H

#include "common/sweep/sweep_spec.h"

/* One run, known before anything is started. */
struct sweep_run {
    unsigned number;               /* from 1, as written */
    const struct sweep_part *part; /* borrowed from the sweep */
    char *name;                    /* run_I_of_TOTAL-cpuA-sysB: its recording */
    char *workload;    /* what it does: "cpu+vm", "idle", "sine", "compress" */
    unsigned *workers; /* one a stressor of the part */
    uint64_t seed;     /* of its pattern */
};

struct sweep_plan {
    struct sweep_run *run; /* in the order in which they are done */
    size_t n;
    int64_t total_ns;
};

/* All runs.  Returns 0, or -1 with e filled (ERR_DATA: too many). */
int sweep_plan_make(struct sweep_plan *p, const struct sweep_spec *s,
                    struct err *e);
void sweep_plan_release(struct sweep_plan *p);

/* Is there no load in it? */
bool sweep_run_is_idle(const struct sweep_run *r);

/* From the begin of its recording to the end, and with what comes before. */
int64_t sweep_run_recorded_ns(const struct sweep_run *r);
int64_t sweep_run_total_ns(const struct sweep_run *r);

/* What its recording will need, roughly and rather too much. */
int64_t sweep_run_bytes(const struct sweep_run *r, const struct sweep_spec *s);

#endif
