#ifndef SWEEP_NEXT_FILE_H
#define SWEEP_NEXT_FILE_H

#include "common/sweep/sweep_plan.h"

/*
 * A sweep of n runs of another, in that order, as a file that sweep_file_open()
 * reads: each run a part of its own.  Returns 0, or -1 with e filled
 * (ERR_SYSTEM: it cannot be written; ERR_USAGE: over SWEEP_MAX_PARTS runs).
 *
 * path  NULL or "-": standard output
 */
int next_file_write(const char *path, const struct sweep_spec *s,
                    const struct sweep_run *const *run, size_t n,
                    struct err *e);

#endif
