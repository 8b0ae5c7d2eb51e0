#ifndef NN_WORKSPACE_H
#define NN_WORKSPACE_H

#include "common/nn/model.h"

/*
 * Room to run some rows through a model: the values between the layers, their
 * scratch, and for training the gradients of the values.  Nothing is allocated
 * while rows run.
 */
struct workspace {
    const struct model *model;
    size_t rows; /* at most */
    bool training;
    float *input;   /* (rows, n_in), for the caller to fill */
    float **value;  /* a layer's output (rows, n_out); one that works in place
                       shares that of the layer before, but never the input */
    char **scratch; /* a layer's */
    float **slope;  /* (rows, widest), training only; slope[0] takes the
                       gradient of the output */
    float *const *packed;   /* a layer's packed parameters or NULL; or NULL */
    double **sums, **total; /* (l->sums) of a layer that looks at the batch */
    double branch_loss;     /* of all branches in the last forward pass; see
                               branch_eval() */

    const float *x; /* what the model reads: as a rule, input */
    bool *across;   /* does a layer's output lie across?  See layer.h */
    bool *shares;   /* does a layer work in place? */
    bool *alone;    /* is it told of all rows at once?  See span.h */
    size_t *span;   /* the first layer of those that rows pass some at a time
                       on the way back */
    bool *inside;   /* is a layer's output read in its span alone?  Then in
                       prediction value has room for the rows at hand alone */
    float **near;   /* (rows, widest) gradients of such, of the rows at hand */
    int *slot;      /* of slope or near, for a layer's output; -1: none */
    bool *sloped;   /* is something there already?  And when a span began? */
    size_t n_slopes[2]; /* of slope, and one more to add from; of near */
    char *memory;
};

struct workspace *workspace_new(const struct model *m, size_t rows,
                                bool training);
void workspace_free(struct workspace *w);

/*
 * Run x (p->n, n_in), which may be w->input and is not changed; returns the
 * output (p->n, n_out), borrowed.  What p says of a layer is set here.  In
 * training the branches run as well, and these rows are the whole batch.
 */
float *workspace_forward(struct workspace *w, struct pass *p, const float *x);

/*
 * After workspace_forward() on w->input: from slope[0] (p->n, n_out) to the
 * gradient of the parameters, written to grad, which is laid out as
 * model->params up to its buffers.
 */
void workspace_backward(struct workspace *w, struct pass *p, float *grad);

/*
 * The same in parts, for a batch in training whose rows lie in n workspaces:
 * for each part from 0 to n_cuts, forward_part() on w->input of each workspace
 * and then, but for the last part, combine(); for each part from n_cuts down
 * to 0, backward_part() in each and then, but for part 0, combine() of the part
 * before.  combine() adds up in the order of the workspaces.
 */
void workspace_forward_part(struct workspace *w, struct pass *p, size_t part);
void workspace_backward_part(struct workspace *w, struct pass *p, size_t part,
                             float *grad);
void workspace_combine(struct workspace *const *w, size_t n, size_t part);

/* The output of the last forward pass, and the gradient that it takes. */
float *workspace_output(const struct workspace *w);

/*
 * Run w->input again as part of the batch whose totals w has.  Returns the
 * first layer that gives a value which is not finite, LAYER_INPUT for the
 * input, n_layers if all are.
 */
int workspace_find_bad(struct workspace *w, struct pass *p);

#endif
