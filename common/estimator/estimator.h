#ifndef ESTIMATOR_ESTIMATOR_H
#define ESTIMATOR_ESTIMATOR_H

#include "common/base/pool.h"
#include "common/gbdt/gbdt.h"
#include "common/math/opgraph.h"
#include "common/nn/model.h"
#include "common/physical/physical.h"
#include "formats/input.h"
#include "formats/intervals.h"

/*
 * A model of any kind, as a checkpoint holds it, ready to predict: what the
 * programs that read a model share.  The kinds (kind.h) are
 *
 *   network   layers over windows; ridge regression is one of a single layer
 *   physical  a curve over busy CPUs with random effects; says what of the
 *             power is idle, and how sure it is of each prediction
 *   gbdt      boosted trees over columns made of a window
 *
 * Start with {0}; estimator_release() it.
 */
struct estimator {
    const struct estimator_kind *kind;
    struct window_spec spec;  /* what it must be fed */
    struct strings targets;   /* K */
    struct node *description; /* the model's file, as the checkpoint has it */
    struct input input;
    struct intervals intervals[MAX_TARGETS]; /* conformal; not of physical */
    float support_low; /* a prediction with less support has too little */

    /* of the kind that it is */
    struct model *model;
    struct physical physical; /* of the machine that it was fitted to */
    struct gbdt *forest;
    unsigned columns; /* of the forest, enum gbdt_column_kind */

    /* the caller's: feed a network its windows newest first, to show what that
     * costs */
    bool reverse;

    /* private */
    struct pool *pool; /* borrowed; NULL: the caller's thread alone */
    struct predictor *predictor;
    float *row;                       /* room for one window, or for columns */
    float *y;                         /* (cap, K) W */
    struct physical_prediction *said; /* (cap) */
    size_t cap;
    struct physical here; /* resized to the machine of the segment */
    double quantile[INTERVALS];
    bool resize_said;
    float *store; /* what a physical model's tensors point into */
    struct tensors stored;
};

/*
 * Take the model out of a checkpoint, which was read from `file` and stays
 * the caller's; pool as above.  -1 with ERR_DATA, which names what is missing,
 * of the wrong shape or not finite; m is then only to be released.
 */
int estimator_load(struct estimator *m, const struct checkpoint *c,
                   const char *file, struct pool *pool, struct err *e);

/*
 * The windows to come are of this machine (metadata of a segment).  A physical
 * model is taken to its number of CPUs (META_CPUS) as physical_resize() says,
 * with a warning, once.  That is another matter than formats/cpu_check.h: a
 * guest with fewer CPUs of the same processor is what resizing is for, and the
 * intervals say how unsure it is; of another processor nothing is known.
 * Networks and trees see the size of the machine in their features or not at
 * all.
 */
void estimator_begin(struct estimator *m, const struct labels *meta);

/*
 * Predict all N windows of the set, as scaled by m->input.  For
 * estimator_put() and estimator_watts(), until the next call.  A single window
 * is the quick path of live use: no thread is woken.
 */
void estimator_predict(struct estimator *m, const struct window_set *set);

/* W of each target of all these windows (N, K), borrowed. */
const float *estimator_watts(const struct estimator *m);

/*
 * Put what was said of window i into a prediction: power, intervals, domains,
 * and of a physical model idle and support; what the kind does not tell is left
 * as it is.  Time, part, measured watts are the caller's.
 *
 * known  the processor is one that the model knows; else there is no support
 *        and no interval
 */
void estimator_put(const struct estimator *m, size_t i, bool known,
                   struct prediction *p);

/* What its predictions tell beyond the least. */
void estimator_form(const struct estimator *m, struct prediction_form *form);

/*
 * Append a model that was loaded to g: an input `windows` (N, D * delays), raw,
 * feature by feature, oldest first, and an output (N, 1) of watts for each
 * target, by its name; of a physical model those of the machine that it was
 * fitted to.  -1 with ERR_DATA where a layer cannot be exported.
 */
int estimator_export(const struct estimator *m, struct opgraph *g,
                     struct err *e);

#define GBDT_TENSOR "gbdt.trees" /* U8: the forest, as gbdt_bytes() */

/*
 * A physical model out of a checkpoint, -1 with ERR_DATA; and into one: labels
 * are set, tensors are added or replaced.  store (PHYSICAL_STORE) is the
 * caller's, and must stay until c is written.
 */
int physical_from_checkpoint(struct physical *p, const struct checkpoint *c,
                             struct err *e);
void physical_to_checkpoint(const struct physical *p, float *store,
                            struct checkpoint *c);

void estimator_release(struct estimator *m);

#endif
