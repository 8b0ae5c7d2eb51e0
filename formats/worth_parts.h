#ifndef FORMATS_WORTH_PARTS_H
#define FORMATS_WORTH_PARTS_H

#include "common/math/health.h"
#include "formats/worth.h"

/*
 * What worth_judge.c and worth_tables.c share; for nobody else.
 */
#define WORTH_IDLE_SHARE .02 /* busy at most so much of the CPUs: idle */
#define WORTH_SETTLE_S 600.  /* idle so long on end: settled */

struct health_options worth_health_options(const struct recording *r,
                                           const struct worth_options *o);

/* Standard deviation of the steps that are not late, of the nominal interval;
 * NaN of fewer than two. */
double worth_jitter_pct(const struct recording *r);

#endif
