#ifndef NN_ASSESS_H
#define NN_ASSESS_H

#include "common/base/labels.h"
#include "common/math/metric.h"
#include "common/math/scale.h"
#include "common/nn/loss.h"
#include "common/nn/model.h"

/* Below it a percentage error says nothing. */
#define ASSESS_MAPE_FLOOR_W 1.0

/* How good a model is at one target, on windows whose labels are known. */
struct assessment {
    size_t n;    /* windows; where there are none the figures are NaN */
    double loss; /* mean, of all targets; NaN where there is no window */
    double mae_w, r2;
    double low_w[INTERVALS], high_w[INTERVALS]; /* see conformal.h */
    struct metric metric;
};

/*
 * Predict the set, which has labels, with the model as it is.  a (K) takes
 * what came of each target.  target: how the labels are scaled, NULL if they
 * are watts; the loss is as in training, but that all rows count the same.
 */
void assess(struct assessment *a, struct predictor *p,
            const struct loss_type *loss, const struct scale *target,
            const struct window_set *set);

/*
 * The same of what any other kind of model predicts.
 *
 * y (N, K)  its predictions, scaled as labels are; W on return
 */
void assess_predictions(struct assessment *a, float *y,
                        const struct loss_type *loss,
                        const struct scale *target,
                        const struct window_set *set);

/*
 * a (targets.n) as "score.PART.mae_w" = "2.25", ..., for all figures that are
 * known; those of targets after the first, say dram, as
 * "score.PART.mae_w.dram".
 */
void assessment_scores(const struct assessment *a,
                       const struct strings *targets, const char *part,
                       struct labels *ls);

/*
 * W to add to a prediction, as "interval.low_w", "interval.high_w" (90 %) and
 * "interval.low50_w", ..., "interval.high80_w"; of targets after the first as
 * "interval.low_w.dram".
 */
void assessment_interval(const struct assessment *a,
                         const struct strings *targets, struct labels *ls);

#endif
