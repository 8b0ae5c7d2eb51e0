#ifndef ESTIMATOR_ASK_H
#define ESTIMATOR_ASK_H

#include "common/estimator/estimator.h"

/* What a model says of a machine at which nothing changes. */
struct answer {
    float power_w;
    float width_w; /* of its 90 % interval; NaN: it has none */
    float support; /* 0..1 */
};

/*
 * Ask for n windows, all of whose rows are x (n, D), the model's features as
 * they are.  The model must know the machine: estimator_begin().
 */
void estimator_ask(struct estimator *m, const float *x, size_t n,
                   struct answer *out);

#endif
