#ifndef MATH_BOOTSTRAP_H
#define MATH_BOOTSTRAP_H

#include "common/math/metric.h"

/* Share of the draws between the two ends of an interval. */
#define BOOTSTRAP_COVERAGE 0.95

#define BOOTSTRAP_UNITS 5

/*
 * How far pooled figures would wander had other runs been recorded: the
 * percentile bootstrap (Efron, 1979) over units, whose rows stay together.
 * The same seed gives the same bits.
 *
 * a     (n)  a metric a unit
 * b     (n)  of the same units, or NULL: then the figures are those of a less
 *            those of b, both of the same draw
 * draws      > 0; the time is n x draws merges
 * low, high (METRIC_FIGURES)  caller's; NaN where fewer than
 *            BOOTSTRAP_UNITS units know the figure: so few runs drawn from
 *            themselves say nothing of others
 */
void bootstrap(const struct metric *a, const struct metric *b, size_t n,
               size_t draws, uint64_t seed, double *low, double *high);

#endif
