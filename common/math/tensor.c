#include "common/math/tensor.h"

#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

size_t tensor_count(const struct tensor *t)
{
    size_t n = 1;

    for (int i = 0; i < t->n_dims; i++)
        n *= t->dim[i];
    return n;
}

size_t tensors_count(const struct tensors *ts)
{
    size_t n = 0;

    for (size_t i = 0; i < ts->n; i++)
        n += ts->at[i].buffer ? 0 : tensor_count(&ts->at[i]);
    return n;
}

struct tensor *tensors_add(struct tensors *ts, const char *name, int n_dims,
                           const size_t *dim, float *data)
{
    struct tensor *t;

    ts->at = xgrow(ts->at, ts->n, &ts->cap, sizeof *ts->at);
    t = &ts->at[ts->n++];
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "%s", name);
    t->n_dims = n_dims;
    memcpy(t->dim, dim, (size_t)n_dims * sizeof *dim);
    t->data = data;
    return t;
}

const struct tensor *tensors_find(const struct tensors *ts, const char *name)
{
    for (size_t i = 0; i < ts->n; i++)
        if (strcmp(ts->at[i].name, name) == 0)
            return &ts->at[i];
    return NULL;
}

int tensors_check_finite(const struct tensors *ts, struct err *e)
{
    for (size_t i = 0; i < ts->n; i++)
        for (size_t j = 0; j < tensor_count(&ts->at[i]); j++)
            if (!isfinite(ts->at[i].data[j]))
                return err_set(e, ERR_DATA,
                               "tensor '%s' holds what is no finite number",
                               ts->at[i].name);
    return 0;
}

void tensors_release(struct tensors *ts)
{
    free(ts->at);
    memset(ts, 0, sizeof *ts);
}
