#ifndef NN_WORKSPACE_H
#define NN_WORKSPACE_H

#include "common/nn/model.h"

/*
 * Room for one thread to run some rows through a model: the values between
 * the layers, their scratch, and for training the gradients of the values.
 * Nothing is allocated while rows run.
 */
struct workspace {
    const struct model *model;
    size_t rows;          /* at most */
    float *input;         /* (rows, n_in), for the caller to fill */
    float **value;        /* a layer's output (rows, n_out); one that works in
                             place shares that of the layer before, but never
                             the input */
    char **scratch;       /* a layer's */
    float *slope[2];      /* (rows, widest), training only; slope[0] takes the
                             gradient of the output */
    float *const *packed; /* a layer's packed parameters or NULL; or NULL */
    struct workspace **branch; /* training: of a branch's layers, or NULL */
    double branch_loss;        /* of all branches in the last forward pass; see
                                  branch_eval() */
    char *memory;
};

struct workspace *workspace_new(const struct model *m, size_t rows,
                                bool training);
void workspace_free(struct workspace *w);

/*
 * Run x (p->n, n_in), which may be w->input and is not changed; returns the
 * output (p->n, n_out), borrowed.  p's scratch and packed are set here.  In
 * training the branches run as well.
 */
float *workspace_forward(struct workspace *w, struct pass *p, const float *x);

/*
 * After workspace_forward() on w->input: from slope[0] (p->n, n_out) to the
 * gradient of the parameters, written to grad, which is laid out as
 * model->params.
 */
void workspace_backward(struct workspace *w, struct pass *p, float *grad);

#endif
