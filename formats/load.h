#ifndef FORMATS_LOAD_H
#define FORMATS_LOAD_H

#include "formats/rowset.h"

/*
 * The share of the CPUs that was busy in each row, 0..1, from whichever
 * feature tells it (busy_share, busy_pct, busy_cpus with the label `cpus`,
 * idle_pct); NaN where none does.
 *
 * Returns (T), to be freed by the caller.
 */
float *load_share(const struct rowset *set, const struct labelled *rows);

#endif
