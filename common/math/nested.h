#ifndef MATH_NESTED_H
#define MATH_NESTED_H

#include "common/math/metric.h"

/*
 * Choosing among models without looking at the group that scores the choice.
 *
 * score  (M, G)  of model m on group g, which it was not trained on
 * by             a figure with a better side
 */

/*
 * choice (G)  for each group the model that is best over the rows of all
 *             other groups; the first of equals.  G >= 2, M >= 1.
 */
void nested_choose(const struct metric *score, size_t M, size_t G,
                   const struct metric_figure *by, size_t *choice);

/* Is x better than y?  NaN is worse than everything. */
bool metric_figure_better(const struct metric_figure *by, double x, double y);

#endif
