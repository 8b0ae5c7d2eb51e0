#ifndef SWEEP_SWEEP_TABLES_H
#define SWEEP_SWEEP_TABLES_H

#include "common/sweep/stressng.h"
#include "common/sweep/sweep_file.h"
#include "common/sweep/sweep_state.h"
#include "formats/grid.h"

/* A sweep as tables, which the caller frees.  What it is, and what of it can be
 * done here, with which energy; */
struct grid *sweep_table_plan(const struct sweep_file *f,
                              const struct abilities *a, const char *energy);

/* a row a run, in their order; */
struct grid *sweep_table_runs(const struct sweep_plan *p);

/* how far it is.  holder: the process at work, 0 for none. */
struct grid *sweep_table_status(const struct sweep_file *f,
                                const struct sweep_state *s, pid_t holder);

/* "35 h 26 min", on the heap. */
char *sweep_time_text(int64_t ns);

#endif
