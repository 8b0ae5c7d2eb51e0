#ifndef ESTIMATOR_FIT_H
#define ESTIMATOR_FIT_H

#include "common/estimator/estimator.h"
#include "common/estimator/plan.h"
#include "common/nn/assess.h"

/*
 * Fitting models that need no epochs: a ridge, a physical model, trees.
 *
 * data    what input_fit() has scaled; a physical model wants its groups
 * watch   after each tree; NULL: nobody
 * fitted  takes the numbers that were found and belong into a checkpoint
 * what    takes what was found, for people: "ridge, lambda 1"
 */
struct fitting {
    const struct plan *plan;
    const struct dataset *data;
    gbdt_watch *watch;
    void *arg;
    struct labels *fitted;
    char what[96];
};

/*
 * Make m, of which input is fitted already, a model to be trained on these
 * data.  -1 with ERR_DATA for data that such a model cannot be of.
 */
int estimator_build(struct estimator *m, const struct plan *plan,
                    const struct dataset *ds, struct pool *pool, struct err *e);

/* Fit m to the training part; -1 with e filled. */
int estimator_fit(struct estimator *m, struct fitting *f, struct err *e);

/* How good m is on these windows; a (K), as assess(). */
void estimator_assess(struct estimator *m, const struct loss_type *loss,
                      const struct window_set *set, struct assessment *a);

/* Tensors of m for a checkpoint, and bytes that are one tensor more (n 0: there
 * are none); both borrowed. */
const struct tensors *estimator_tensors(const struct estimator *m);
const void *estimator_bytes(const struct estimator *m, const char **name,
                            size_t *n);

#endif
