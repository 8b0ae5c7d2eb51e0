#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "common/nn/model.h"

/*
 * Append the layers of a description to m, whose `in` is set: what stands for
 * several is taken apart, names and numbers of what each reads are found, and
 * everything of m is set but what concerns its parameters.  -1 with file and
 * line (ERR_DATA); m is then good for model_free() alone.
 */
int graph_build(struct model *m, const struct node *list,
                const struct model_use *use, struct err *e);

/* ERR_DATA unless list, a key of parent, is a list of layers. */
int graph_check_list(const struct node *parent, const struct node *list,
                     struct err *e);

#endif
