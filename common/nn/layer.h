#ifndef NN_LAYER_H
#define NN_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/node.h"
#include "common/base/rng.h"
#include "common/math/tensor.h"

/*
 * One step of a model.  A kind of layer is a file common/nn/NAME.c with one
 * struct layer_type; layer.c lists them.  Layers hold no data of a batch: many
 * threads run the same layer, each on its own rows.
 *
 * A row of input or output is (channels, length): a window is D channels of d
 * values each; a dense layer sees channels * length values and gives
 * (n_out, 1).
 */
struct shape {
    size_t channels, length;
};

/*
 * The values of many rows may lie across, the rows side by side: (n_in, n),
 * which is (channels, length, n), not (n, n_in).  So do their gradients.  What
 * a layer can do with such values:
 */
enum across_use {
    ACROSS_NEVER, /* nothing */
    ACROSS_READS, /* it takes them, and gives rows */
    ACROSS_KEEPS, /* it gives what it takes */
    ACROSS_GIVES, /* it takes either and rather gives them; it can give rows
                     where it takes rows */
};

struct layer;
struct opgraph;     /* common/math/opgraph.h */
struct branch_loss; /* common/nn/branch.h */

/* What a pass over some rows of a batch is told. */
struct pass {
    size_t n;      /* rows */
    bool training; /* dropout is on; backward follows */
    uint64_t seed; /* with step and row: the key of every random choice, */
    uint64_t step; /*   so that it does not depend on threads */
    size_t row;    /* number of the first row within its batch */
    size_t batch; /* training: rows of the batch, over which losses are means */
    const uint16_t *machine; /* training: (n) which machine a row is of */
    double *loss;            /* training: what branches add theirs to */

    size_t done, left; /* rows that by_rows layers were run for before these
                          and will be next: gradients of parameters, and what is
                          gathered, add up over them, from done == 0 on */

    /* Of the layer at hand: */
    bool across_in, across; /* x, and y, lie across: see enum across_use */
    void *scratch;          /* kept from forward to backward */
    const float *packed;    /* pack() of its parameters, or NULL */
    const float *const *x;  /* all it reads; forward's x is x[0] */
    size_t source;          /* backward: which of them dx is for */
    double *sums;        /* gather()'s and gather_back()'s of these rows ... */
    const double *total; /* ... and summed over the whole batch */
};

struct layer_type {
    const char *name;        /* `type` in a model's description */
    const char *const *keys; /* settings it takes, NULL at the end */

    /*
     * forward may be called with y == x, and backward with dx == dy.  Such a
     * layer only cuts values to zero or scales them by a positive factor:
     * backward of the one before sees what is left of its output.
     */
    bool in_place;
    bool in_place_predicting; /* ... forward alone, in prediction */

    /* It does no better with many rows at a time than with a few; it may be
     * told of the rows of a pass a few at a time, as pass.done and pass.left
     * say.  It takes either scratch or room. */
    bool by_rows;

    /* It reads several values (`from: [a, b]`), as pass.x; backward is called
     * for one after the other. */
    bool joins;

    /*
     * Read the settings; given l->in set l->out and l->scratch, and declare
     * parameters with layer_param().
     */
    int (*setup)(struct layer *l, const struct node *settings, struct err *e);

    /*
     * For a layer whose values at a step of its output, (channels, length),
     * follow from `kernel` steps of what it reads, `dilation` apart, and are
     * the same whatever the length: given those two, the padding at both ends,
     * in and from[], set out, scratch and room.  setup() calls it as well.
     * Neighbouring windows can share what such a layer does
     * (common/nn/slide.h).  NULL: it is another kind.
     */
    void (*fit)(struct layer *l);

    /*
     * In prediction it scales and shifts each channel: by what?  Both
     * (channels).  NULL: it does more than that.
     */
    void (*affine)(const struct layer *l, double *scale, double *shift);

    /* What it gives is the product with its first parameter (channels, ...)
     * plus its second (channels): such factors can be put into them. */
    bool linear;

    /*
     * For a layer that looks at the whole batch in training, NULL for others:
     * sums over the rows at hand, to pass.sums.  Where forward and backward
     * run, pass.total has the sums over all rows (l->sums values, double).
     * track() is called after each step of training: move the buffers.
     */
    void (*gather)(const struct layer *l, const struct pass *p, const float *x);
    void (*gather_back)(const struct layer *l, const struct pass *p,
                        const float *x, const float *dy);
    void (*track)(const struct layer *l, const double *total);

    /* Draw initial parameters.  NULL: there are none. */
    void (*init)(const struct layer *l, struct rng *rng);

    /*
     * Put parameters that are to serve many rows into the form in which
     * forward takes them fastest.  NULL: there is none.
     */
    void (*pack)(const struct layer *l, float *packed);

    /* x (n, in) to y (n, out). */
    void (*forward)(const struct layer *l, const struct pass *p, const float *x,
                    float *y);

    /*
     * dy (n, out) to dx (n, in), unless dx is NULL; and the gradient of each
     * parameter, summed over the rows, written over grad[i] (NULL for a
     * buffer).
     */
    void (*backward)(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad);

    /*
     * Append to g what forward does in prediction, reading the values x, as
     * many as it reads; returns the name of y, which is x[0] where the layer
     * does nothing then (common/nn/export.h says how a value is laid out).
     * NULL: it cannot be exported.
     */
    const char *(*export)(const struct layer *l, struct opgraph *g,
                          const char *const *x);
};

#define LAYER_PARAMS 8
#define LAYER_FROM 16
#define LAYER_INPUT (-1)

/* What a layer reads. */
struct source {
    int at; /* the layer whose output, in the model; LAYER_INPUT: the window */
    struct shape shape;
};

struct layer {
    const struct layer_type *type;
    char name[TENSOR_NAME]; /* of its parameters: "enc.0" */
    int64_t index;          /* keys the random choices */
    size_t n_from;
    struct source from[LAYER_FROM];
    struct shape in, out; /* in: from[0].shape */
    size_t n_in, n_out;   /* values a row */
    size_t scratch;       /* bytes a row ... */
    size_t room;          /* ... and bytes for all rows together, behind */
    size_t packed;        /* floats that pack() takes; 0: none */
    size_t sums;          /* doubles that gather() and gather_back() sum */
    int n_params;
    struct tensor param[LAYER_PARAMS]; /* named "enc.0.weight"; data is set
                                          once the whole model is known */
    enum across_use across;
    bool aside;  /* in a branch: run in training alone */
    bool fused;  /* a relu and the dropout that alone reads it: see there */
    bool learns; /* it or one before it has parameters that are learned */
    double rate; /* dropout, attention: share that is zeroed */
    size_t kernel, dilation;     /* conv1d, unfold; kernel: maxpool too */
    size_t padding, padding_end; /* conv1d: zeros before and behind; equal in
                                    training */
    size_t heads;                /* attention */
    double lambda;               /* reverse: see there */
    size_t n_machines;           /* training: machines in the data; else 0 */
    size_t n_targets; /* values that the model predicts; 0: not told */
    const struct branch_loss
        *branch;   /* the end of a branch; NULL: it is none */
    double weight; /* of the branch's loss */
};

/* The type of that name, or NULL. */
const struct layer_type *layer_type_find(const char *name);

/* All names, separated by ", ", for messages. */
const char *layer_type_names(void);

/* Declare a parameter, named NAME-OF-LAYER.name. */
void layer_param(struct layer *l, const char *name, int n_dims,
                 const size_t *dim);

/* The same for a vector that is stored with them and not learned. */
void layer_buffer(struct layer *l, const char *name, size_t n);

/* The setting `out`: a number up to `most`, or that of the machines in the data
 * or of the targets.  *out keeps its value where there is none. */
int layer_read_out(const struct layer *l, const struct node *settings,
                   int64_t most, int64_t *out, struct err *e);

#endif
