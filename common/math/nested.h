#ifndef MATH_NESTED_H
#define MATH_NESTED_H

#include "common/math/metric.h"

/*
 * Choosing among models without looking at the group that scores the choice.
 *
 * score  (M, G, G)  at m, g, h: how model m does on group h, as far as the
 *                   choice for group g may know: not trained on h, and for a
 *                   choice that nothing of g touches not trained on g either.
 *                   What is at g, g is not looked at.
 * by                a figure with a better side
 * choice (G)        for each group the model that is best over the rows of all
 *                   other groups; the first of equals.  G >= 2, M >= 1.
 */
void nested_choose(const struct metric *const *score, size_t M, size_t G,
                   const struct metric_figure *by, size_t *choice);

/* Is x better than y?  NaN is worse than everything. */
bool metric_figure_better(const struct metric_figure *by, double x, double y);

#endif
