#ifndef SWEEP_RUN_LABELS_H
#define SWEEP_RUN_LABELS_H

#include "common/sweep/run_once.h"

/*
 * rapl-sample's words for a run: what to record, and as labels all that there
 * is to say of its load.  doc: stress-sweep(1).
 */
void run_sampler_words(struct strings *argv, const struct run_context *c,
                       const struct sweep_run *r, const char *output,
                       size_t order, unsigned attempt);

#endif
