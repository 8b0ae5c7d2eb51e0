#ifndef ESTIMATOR_KIND_H
#define ESTIMATOR_KIND_H

#include "common/estimator/fit.h"

/*
 * A kind of model: all that differs between kinds.  What is NULL is not there.
 */
struct estimator_kind {
    const char *name;  /* of `kind:` in the model's file */
    bool wants_groups; /* is fitted to a dataset with_groups */
    bool own_interval; /* says how sure it is; else conformal intervals do */

    /* Of a model's file with the map `model` the settings of this kind. */
    int (*read)(struct plan *p, const struct node *root, struct err *e);
    void (*to_labels)(const struct plan *p, struct labels *ls);

    /* Make m, which has spec, targets, description and input, one to be
     * trained, with fit() unless that is done in epochs. */
    int (*build)(struct estimator *m, const struct plan *plan,
                 const struct dataset *ds, struct err *e);
    int (*fit)(struct estimator *m, struct fitting *f, struct err *e);

    /* Make such an m one to predict, out of a checkpoint. */
    int (*load)(struct estimator *m, const struct checkpoint *c, struct err *e);

    void (*begin)(struct estimator *m, const struct labels *meta);

    /* m->y (N, K), and what else it says of each window. */
    void (*predict)(struct estimator *m, const struct window_set *set);
    void (*put)(const struct estimator *m, size_t i, bool known,
                struct prediction *p); /* NULL: m->y, m->intervals */

    /* As operators, from an input `windows` to an output a target. */
    int (*export)(const struct estimator *m, struct opgraph *g, struct err *e);
};

extern const struct estimator_kind kind_network, kind_physical, kind_gbdt;

/* Of the map `model`; absent, it is a network.  -1 with file and line. */
int estimator_kind_find(const struct estimator_kind **kind,
                        const struct node *model, struct err *e);

#endif
