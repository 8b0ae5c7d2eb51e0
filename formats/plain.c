#include "formats/plain.h"

#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/bins.h"

void plain_init(struct plain *p, const struct labelled *rows, struct pool *pool)
{
    p->rows = rows;
    p->pool = pool;
    p->code = xreallocarray(NULL, rows->T, rows->D);
    p->n_codes = xcalloc(rows->D, sizeof *p->n_codes);
    bins_code(rows->x, rows->T, rows->D, PLAIN_BINS, p->code, p->n_codes);
}

void plain_release(struct plain *p)
{
    free(p->code);
    free(p->n_codes);
}

struct additive *plain_model(const struct plain *p, const uint32_t *of_file,
                             uint32_t folds, uint32_t *fold)
{
    const struct labelled *l = p->rows;

    for (size_t i = 0; i < l->T; i++)
        fold[i] = (of_file ? of_file[l->file[i]] : l->file[i]) % folds;
    return additive_new(p->code, p->n_codes, l->y, fold, l->T, l->D, folds,
                        p->pool);
}

int plain_score(const struct plain *p, const uint32_t *of_file, uint32_t folds,
                const bool *use, struct additive_score *score, struct err *e)
{
    uint32_t *fold = xreallocarray(NULL, p->rows->T, sizeof *fold);
    struct additive *a = plain_model(p, of_file, folds, fold);
    int rc = additive_held_out(a, use, score, e);

    additive_free(a);
    free(fold);
    return rc;
}
