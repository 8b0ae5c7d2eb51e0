#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "common/base/pool.h"
#include "common/math/embed.h"
#include "common/nn/layer.h"

/*
 * A model is a graph of layers, described by a list.  A layer reads what the
 * one before it in the list gives, the first the window:
 *
 *     layers:
 *       - {type: dense, name: enc.0, out: 512}
 *       - {type: relu}
 *       - {type: dropout, rate: 0.3}
 *
 * or what `from` names, an earlier layer or `input`, the window.  These read
 * several values:
 *
 *       - {type: add, from: [enc.0, enc.3]}
 *       - {type: concat, from: [a, b, input]}       # channels, one by one
 *
 * And these stand for layers and a join:
 *
 *       - {type: residual, name: block, layers: [...]}  # x + layers(x)
 *       - {type: parallel, name: scales,                # concat of what each
 *          paths: [{type: conv1d, ...}, [...]]}         # gives: one or a list
 *       - {type: branch, ...}                           # common/nn/branch.h
 *
 * `name` is what a layer's parameters are called by ("enc.0.weight"); its place
 * in the list, from 0, if there is none.  Those inside of another one are
 * called by its name, a point, and their own: "scales.0.weight",
 * "block.0.weight".  Inside of a residual or parallel without a name, those
 * with one have it alone: "attn.in_proj_weight".
 *
 * The graph is flat: layers in the order in which they run, each with the
 * numbers of those that it reads.  All parameters lie in one allocation, with
 * the buffers behind those that are learned; a table names both, in the order
 * of the description.
 */
struct model {
    struct layer *layer;
    size_t n_layers, layer_cap;
    int output;    /* the layer whose output is the model's */
    size_t *cut;   /* the layers with gather(), in order: where a pass */
    size_t n_cuts; /*   over a batch waits for all its rows */
    struct shape in;
    size_t n_in, n_out;     /* values a row */
    float *params;          /* all parameters, each 64-byte aligned */
    size_t size;            /* floats that are learned, with the padding ... */
    size_t size_all;        /* ... and with the buffers, which follow */
    struct tensors tensors; /* what they are; tensors_count() of it is the
                               number of parameters */
};

/*
 * Build a model for windows of D features and d delays from its description
 * (the map that holds `layers`; other keys are left to the caller).  The
 * parameters are 0.  Returns -1 with file and line (ERR_DATA).
 */
int model_new(struct model **m, const struct node *description, size_t D,
              size_t delays, struct err *e);

/*
 * The same for a model that is to be trained, on windows of n_machines
 * machines: its branches (common/nn/branch.h) have their layers, which
 * model_new() leaves out.
 */
int model_new_trained(struct model **m, const struct node *description,
                      size_t D, size_t delays, size_t n_machines,
                      struct err *e);

/* What a model is built for. */
struct model_use {
    size_t D, delays;  /* windows of D features and d delays */
    size_t n_targets;  /* `out: targets`, and what must come out of the last
                          layer; 0: not told, and not checked */
    size_t n_machines; /* trained: machines in the data */
    bool trained;      /* with its branches */
};

/* The same for any use. */
int model_build(struct model **m, const struct node *description,
                const struct model_use *use, struct err *e);

/* Draw initial parameters as PyTorch does by default. */
void model_init(struct model *m, uint64_t seed);

/*
 * The name of a branch that has nothing to learn, for all windows are of one
 * machine; NULL: there is none.
 */
const char *model_idle_branch(const struct model *m);

void model_free(struct model *m);

/*
 * Prediction, dropout off.  A predictor owns the room that it takes, for as
 * many threads as its pool has; it reads the parameters when called.
 */
struct predictor;

/* pool NULL: the caller's thread alone.  Both are borrowed. */
struct predictor *predictor_new(const struct model *m, struct pool *pool);
void predictor_free(struct predictor *p);

/*
 * The parameters stay as they are now: what is made of them for prediction is
 * made once and not in each call.
 */
void predictor_fix(struct predictor *p);

/* x (n, n_in) to y (n, n_out).  One row is the quick path of live use. */
void predict_rows(struct predictor *p, const float *x, size_t n, float *y);

/*
 * All N windows of the set to y (N, n_out), never laid out all at once.  What
 * windows share that end tau rows apart is computed once (common/nn/slide.h),
 * so that they agree with predict_rows() within rounding.
 */
void predict_windows(struct predictor *p, const struct window_set *set,
                     float *y);

#endif
