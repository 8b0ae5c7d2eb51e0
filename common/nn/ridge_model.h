#ifndef NN_RIDGE_MODEL_H
#define NN_RIDGE_MODEL_H

#include "common/nn/assess.h"

/*
 * Fit a model of one dense layer with one output by ridge regression, with
 * that penalty of lambda (n) that leaves the least mean squared error on the
 * validation windows; without such windows, with the first.
 *
 * predictor  of that model
 * best       what the model so fitted does on the validation windows
 * chosen     its lambda
 * Returns 0, or -1 with ERR_DATA: another kind of model, or as ridge_solve().
 */
int ridge_model_fit(struct model *m, struct predictor *predictor,
                    struct pool *pool, const struct window_set *train,
                    const struct window_set *valid, const double *lambda,
                    size_t n, struct assessment *best, double *chosen,
                    struct err *e);

#endif
