#ifndef FORMATS_WORTH_PARTS_H
#define FORMATS_WORTH_PARTS_H

#include "common/math/health.h"
#include "formats/worth.h"

/*
 * What worth_judge.c, worth_cover.c and worth_tables.c share; for nobody else.
 */
#define WORTH_IDLE_SHARE .02 /* busy at most so much of the CPUs: idle */
#define WORTH_SETTLE_S 600.  /* idle so long on end: settled */
#define WORTH_PAUSE_S 5.     /* idle shorter than that is a pause */

/* The table of worth_judge(), a row a check. */
struct worth_table {
    struct grid *g;
    const struct strings *require;
    struct strings *failed;
    bool *known; // (require) that some check had its name
};

void worth_put(struct worth_table *t, const char *name, double value,
               int decimals, const char *worst, const char *what);

/* What of the load, the kinds of work and of idleness, the features and the
 * watts is covered.  busy (T): share of the CPUs. */
void worth_put_cover(struct worth_table *t, const struct rowset *set,
                     const struct labelled *rows, const float *busy);

struct health_options worth_health_options(const struct recording *r,
                                           const struct worth_options *o);

/* Standard deviation of the steps that are not late, of the nominal interval;
 * NaN of fewer than two. */
double worth_jitter_pct(const struct recording *r);

#endif
