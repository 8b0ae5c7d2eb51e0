#ifndef ESTIMATOR_KIND_H
#define ESTIMATOR_KIND_H

#include "common/estimator/fit.h"

/*
 * A kind of model.  What is NULL is not there.
 */
struct estimator_kind {
    const char *name;    /* of `kind:` in the model's file */
    const char *method;  /* of `training: {method: ...}`; NULL: several */
    float support_low;   /* as in struct estimator */
    bool several;        /* can have several targets */
    bool wants_groups;   /* the dataset must tell recordings apart */

    /* Keys of the maps `model` and `training` (NULL: not there). */
    int (*read)(struct plan *p, const struct node *root, struct err *e);
    void (*to_labels)(const struct plan *p, struct labels *ls);

    /* The part of a checkpoint that is of this kind; spec, targets,
     * description and input are there. */
    int (*load)(struct estimator *m, const struct checkpoint *c, struct err *e);
    void (*begin)(struct estimator *m, const struct labels *meta);

    /* y (N, K), and what else it says */
    void (*predict)(struct estimator *m, const struct window_set *set);
    void (*put)(const struct estimator *m, size_t i, bool known,
                struct prediction *p);

    int (*build)(struct estimator *m, const struct plan *plan,
                 const struct dataset *ds, struct err *e);
    int (*fit)(struct estimator *m, const struct fitting *f, struct err *e);
};

extern const struct estimator_kind kind_network, kind_physical, kind_gbdt;

/* Of the map `model`; absent, it is a network.  -1 with file and line. */
int estimator_kind_find(const struct estimator_kind **kind,
                        const struct node *model, struct err *e);

#endif
