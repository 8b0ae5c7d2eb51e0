#ifndef MATH_ADDITIVE_H
#define MATH_ADDITIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/pool.h"

/*
 * Scores of a plain model on rows that it was not trained on, with and without
 * some of its features: y = mean + sum over features of a step function of
 * each (ridge regression on the bins of common/math/bins.h).  It is cheap: one
 * pass over the rows serves every choice of features and every fold.
 *
 * code    (T, D)   bins
 * n_codes (D)      bins of each feature
 * y       (T)      W
 * fold    (T)      0..n_folds-1: what is held out together
 */
struct additive;

struct additive *additive_new(const uint8_t *code, const uint16_t *n_codes,
                              const float *y, const uint32_t *fold, size_t T,
                              size_t D, size_t n_folds, struct pool *pool);
void additive_free(struct additive *a);

/* Of a model that was trained on all other folds, pooled over all rows. */
struct additive_score {
    double mse; /* W^2 */
    double r2;  /* against the mean of all rows */
};

/*
 * Hold out each fold in turn.  use (D): features that the model may see; NULL:
 * all.  Returns 0, or -1 with ERR_DATA: fewer than two folds have rows.
 */
int additive_held_out(const struct additive *a, const bool *use,
                      struct additive_score *out, struct err *e);

#endif
