#ifndef TESTS_UNIT_NN_H
#define TESTS_UNIT_NN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nn/model.h"
#include "formats/config.h"

/* What the tests of layers and of training share. */

#define V3                                           \
    "layers:\n"                                      \
    "- {type: dense, name: enc.0, out: 512}\n"       \
    "- {type: relu}\n- {type: dropout, rate: 0.3}\n" \
    "- {type: dense, name: enc.3, out: 128}\n"       \
    "- {type: relu}\n- {type: dropout, rate: 0.3}\n" \
    "- {type: dense, name: enc.6, out: 64}\n"        \
    "- {type: dense, name: head.0, out: 128}\n"      \
    "- {type: relu}\n- {type: dropout, rate: 0.3}\n" \
    "- {type: dense, name: head.3, out: 64}\n"       \
    "- {type: relu}\n- {type: dropout, rate: 0.3}\n" \
    "- {type: dense, name: head.6, out: 1}\n"

/* Build a model from YAML; NULL with e filled where that fails. */
static inline struct model *model_of(const char *yaml, size_t n_features,
                                     size_t delays, struct err *e)
{
    struct node *root = NULL;
    struct model *m = NULL;

    if (config_parse(&root, "m.yaml", yaml, strlen(yaml), e) == 0)
        model_new(&m, root, n_features, delays, e);
    node_free(root);
    return m;
}

/* The same with its branches, for training on so many machines. */
static inline struct model *trained_model_of(const char *yaml,
                                             size_t n_features, size_t delays,
                                             size_t n_machines, struct err *e)
{
    struct node *root = NULL;
    struct model *m = NULL;

    if (config_parse(&root, "m.yaml", yaml, strlen(yaml), e) == 0)
        model_new_trained(&m, root, n_features, delays, n_machines, e);
    node_free(root);
    return m;
}

#endif
