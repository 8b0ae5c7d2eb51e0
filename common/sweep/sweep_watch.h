#ifndef SWEEP_SWEEP_WATCH_H
#define SWEEP_SWEEP_WATCH_H

#include "common/base/progress.h"
#include "common/probe/probe.h"
#include "common/sweep/sweep_go.h"

/*
 * What is shown on a terminal while a sweep goes: which run of how many, what
 * it does now, watts if there are any, and what time is left.  Shows nothing
 * where standard error is no terminal.
 */
struct sweep_watch {
    struct sweep_go *go;
    struct progress progress;
    struct probe probe;
    bool sees;           /* there are watts to show */
    uint64_t *now, *was; /* a cell a channel */
    int64_t now_ns, was_ns;
    const struct sweep_run *run; /* that is shown, since */
    int64_t run_ns;
};

/* Let sweep_go() tell us, until sweep_watch_end(). */
void sweep_watch_begin(struct sweep_watch *w, struct sweep_go *g,
                       const struct roots *roots);
void sweep_watch_end(struct sweep_watch *w);

#endif
