#ifndef NN_ASSESS_H
#define NN_ASSESS_H

#include "common/base/labels.h"
#include "common/math/metric.h"
#include "common/math/scale.h"
#include "common/nn/loss.h"
#include "common/nn/model.h"

/* Below it a percentage error says nothing. */
#define ASSESS_MAPE_FLOOR_W 1.0

/* How good a model is on windows whose labels are known. */
struct assessment {
    size_t n;    /* windows */
    double loss; /* mean; NaN where n is 0, as are mae_w, low_w, high_w */
    double mae_w, r2;
    double low_w[INTERVALS], high_w[INTERVALS]; /* see conformal.h */
    struct metric metric;
};

/*
 * Predict the set, which has labels, with the model as it is.  target: how the
 * labels are scaled, NULL if they are watts; the loss is as in training.
 */
void assess(struct assessment *a, struct predictor *p,
            const struct loss_type *loss, const struct scale *target,
            const struct window_set *set);

/* As "score.PART.mae_w" = "2.25", ..., for all figures that are known. */
void assessment_scores(const struct assessment *a, const char *part,
                       struct labels *ls);

/*
 * W to add to a prediction, as "interval.low_w", "interval.high_w" (90 %) and
 * "interval.low50_w", ..., "interval.high80_w".
 */
void assessment_interval(const struct assessment *a, struct labels *ls);

#endif
