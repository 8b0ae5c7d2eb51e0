#ifndef SWEEP_SWEEP_FILE_H
#define SWEEP_SWEEP_FILE_H

#include "common/sweep/sweep_plan.h"

/* A sweep, from its file to its runs.  Start with {0}. */
struct sweep_file {
    struct node *root;
    struct sweep_spec spec;
    struct sweep_plan plan;
};

/*
 * Read the file, let `set` ("times.run=3s") go before what it says, and plan
 * for `cpus` CPUs.  Returns 0, or -1 with e filled; sweep_file_close() in
 * either case.
 */
int sweep_file_open(struct sweep_file *f, const char *path,
                    const struct strings *set, unsigned cpus, struct err *e);
void sweep_file_close(struct sweep_file *f);

#endif
