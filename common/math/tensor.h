#ifndef MATH_TENSOR_H
#define MATH_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/*
 * A table that names the arrays of a model or of its training: what the
 * optimiser, the checkpoint and the gradient test all walk.
 */
#define TENSOR_DIMS 4
#define TENSOR_NAME 96

struct tensor {
    char name[TENSOR_NAME]; /* "enc.0.weight" */
    int n_dims;
    size_t dim[TENSOR_DIMS]; /* row-major, as PyTorch has them */
    float *data;             /* borrowed from the model or trainer */
    bool
        buffer; /* kept beside the parameters and not learned: a running mean */
};

/* Start with {0}. */
struct tensors {
    struct tensor *at;
    size_t n, cap;
};

/* Values in a tensor. */
size_t tensor_count(const struct tensor *t);

/* Values in all of them but buffers: the number of parameters of a model. */
size_t tensors_count(const struct tensors *ts);

/*
 * Append one (n_dims <= TENSOR_DIMS).  Returns it, borrowed until the next.
 * A name that does not fit is cut.
 */
struct tensor *tensors_add(struct tensors *ts, const char *name, int n_dims,
                           const size_t *dim, float *data);

/* The tensor of that name, or NULL. */
const struct tensor *tensors_find(const struct tensors *ts, const char *name);

/* ERR_DATA, naming the tensor, where a value is NaN or infinite. */
int tensors_check_finite(const struct tensors *ts, struct err *e);

/* Free the table, not what it points to. */
void tensors_release(struct tensors *ts);

#endif
