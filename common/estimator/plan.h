#ifndef ESTIMATOR_PLAN_H
#define ESTIMATOR_PLAN_H

#include "common/gbdt/gbdt.h"
#include "common/nn/recipe.h"

/*
 * What a model's file asks for, whatever the kind of model:
 *
 *     family: physical
 *     model: {kind: physical}    # absent: a network, common/nn/recipe.h
 *     training: {method: em}
 *
 *     family: gbdt
 *     model: {kind: gbdt, columns: [last, mean]}    #
 * common/gbdt/gbdt_columns.h training: {method: boost, trees: 500}         #
 * common/gbdt/gbdt.h
 */
struct plan {
    const struct estimator_kind *kind;
    struct recipe recipe; /* of a network; of others family, model and the
                             scaling, which is none */
    unsigned columns;     /* gbdt */
    struct gbdt_options boost;
};

/* Read all of it; an unknown key or a wrong value is an error with its line. */
int plan_read(struct plan *p, const struct node *root, struct err *e);

/* The settings of training, as "training.method" = "em", ... */
void plan_to_labels(const struct plan *p, struct labels *ls);

/* For kinds with one method: `training` asks for it, or for none. */
int plan_read_method(const struct node *root, const char *method,
                     struct err *e);

/* Is it fitted at once, not in epochs? */
bool plan_is_closed(const struct plan *p);

#endif
