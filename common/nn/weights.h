#ifndef NN_WEIGHTS_H
#define NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/labels.h"
#include "common/base/node.h"
#include "common/math/embed.h"

/*
 * How much targets and windows count in the loss, keys of the map `training`:
 *
 *     domain_weights: {package-0: 1, dram: 0.5}  # 1 unless named
 *     class_weights: {label: workload, balance: true}
 *     class_weights: {label: workload, weights: {idle: 3, cpu: 0.5}}
 *
 * A class is a value of a label of the recordings.  `balance` makes all that
 * are in the training part count the same, whatever their number of windows;
 * `weights` says how much a window of each counts, 1 unless named.  Weights of
 * windows are brought to a mean of 1 over the training part.  They are for
 * training alone: validation and scores take all windows the same.
 *
 * What must be known of the data is asked for once it is.
 */
struct weights {
    const struct node *domains;  /* borrowed, as is all else; NULL: none */
    const struct node *classes;  /* NULL: none */
    const char *label;           /* of the classes */
    const struct node *by_value; /* NULL: balance */
};

/* Read both keys; -1 names file and line. */
int weights_read(struct weights *w, const struct node *training, struct err *e);

/* The weight of each target, to out (targets.n). */
int weights_of_targets(const struct weights *w, const struct strings *targets,
                       double *out, struct err *e);

/*
 * The weight of a window of each class, to out (classes.n).
 *
 * classes  values of the label, "" for recordings without it
 * train    the training part, with classes
 */
int weights_of_classes(const struct weights *w, const struct strings *classes,
                       const struct window_set *train, float *out,
                       struct err *e);

/* As "training.domain_weights", "training.class_weights", where given. */
void weights_to_labels(const struct weights *w, struct labels *ls);

#endif
