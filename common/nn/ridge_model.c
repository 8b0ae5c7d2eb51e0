#include "common/nn/ridge_model.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/ridge.h"

static bool is_linear(const struct model *m)
{
    return m->n_layers == 1 && m->n_out == 1 && m->tensors.n == 2 &&
           tensor_count(&m->tensors.at[0]) == m->n_in;
}

int ridge_model_fit(struct model *m, struct predictor *predictor,
                    struct pool *pool, const struct window_set *train,
                    const struct window_set *valid, const double *lambda,
                    size_t n, struct assessment *best, double *chosen,
                    struct err *e)
{
    const struct loss_type *mse = loss_type_find("mse");
    size_t size = m->size * sizeof *m->params;
    struct assessment a;
    struct ridge *r;
    float *kept;
    int rc = 0;

    if (!is_linear(m) || window_set_targets(train) > 1)
        return err_set(e, ERR_DATA,
                       "method ridge wants a model of one dense layer, out: 1, "
                       "and windows of one target");
    kept = xmalloc(size);
    r = ridge_new(train, pool);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = ridge_solve(r, lambda[i], m->tensors.at[0].data,
                         m->tensors.at[1].data, e);
        if (rc == 0)
            assess(&a, predictor, mse, NULL, valid);
        if (rc == 0 && (i == 0 || a.loss < best->loss)) {
            *best = a;
            *chosen = lambda[i];
            memcpy(kept, m->params, size);
        }
    }
    if (rc == 0)
        memcpy(m->params, kept, size);
    ridge_free(r);
    free(kept);
    return rc;
}
