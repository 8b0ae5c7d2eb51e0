#ifndef SWEEP_SWEEP_ENERGY_H
#define SWEEP_SWEEP_ENERGY_H

#include "common/probe/source.h"
#include "common/sweep/sweep_spec.h"

/*
 * What the runs of a sweep will have for watts on this machine, asked before
 * the first of them: "powercap: package-0, package-0/dram", or "none: " and
 * why; on the heap.
 */
char *sweep_energy_find(const struct sweep_spec *s, const struct roots *roots);

/* Is there what the sweep requires?  Otherwise -1 with e filled (ERR_SYSTEM).
 */
int sweep_energy_check(const struct sweep_spec *s, const struct roots *roots,
                       struct err *e);

#endif
