#include "formats/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

static void init(struct input *in, const struct scaling *s, size_t D, size_t K)
{
    scale_init(&in->scale, s->inputs, D);
    scale_init(&in->target, s->target, K);
    in->clip = s->clip;
    support_init(&in->support, D);
}

void input_release(struct input *in)
{
    scale_release(&in->scale);
    scale_release(&in->target);
    support_release(&in->support);
    memset(in, 0, sizeof *in);
}

/* One target: the labels that are known, of the rows where windows end. */
static int fit_target(struct scale *all, size_t k, const struct dataset *ds,
                      const struct window_set *train, struct err *e)
{
    float *label = xcalloc(train->N, sizeof *label);
    struct scale one;
    size_t n = 0;
    int rc;

    scale_init(&one, all->kind, 1);
    for (size_t i = 0; i < train->N; i++) {
        label[n] = ds->label[train->end[i] * ds->K + k];
        n += !isnan(label[n]);
    }
    rc = scale_fit(&one, label, n, NULL, e);
    all->offset[k] = one.offset[0];
    all->factor[k] = one.factor[0];
    scale_release(&one);
    free(label);
    return rc < 0 ? err_prefix(e, "target %zu of %s", k + 1, ds->spec.target)
                  : 0;
}

static int fit_targets(struct input *in, struct dataset *ds,
                       const struct window_set *train, struct err *e)
{
    if (in->target.kind == SCALE_NONE)
        return 0;
    for (size_t k = 0; k < ds->K; k++)
        if (fit_target(&in->target, k, ds, train, e) < 0)
            return -1;
    scale_apply(&in->target, ds->label, ds->T, false);
    return 0;
}

int input_fit(struct input *in, const struct scaling *s, struct dataset *ds,
              struct err *e)
{
    struct window_set train = dataset_part(ds, PART_TRAIN);
    uint8_t *use = xcalloc(ds->T, 1);
    uint32_t *rows = xcalloc(ds->T, sizeof *rows);
    size_t n = 0;
    int rc;

    init(in, s, ds->D, ds->K);
    embed_mark(&train, use);
    for (size_t t = 0; t < ds->T; t++)
        if (use[t])
            rows[n++] = (uint32_t)t;
    support_fit(&in->support, ds->x, rows, n);
    rc = scale_fit(&in->scale, ds->x, ds->T, use, e);
    if (rc == 0)
        scale_apply(&in->scale, ds->x, ds->T, in->clip);
    if (rc == 0)
        rc = fit_targets(in, ds, &train, e);
    free(rows);
    free(use);
    return rc;
}

/* The arrays, by name; (rows, n), or (n) where rows is 0. */
struct entry {
    const char *name;
    size_t rows, n;
    float *data;
};

enum { N_ENTRIES = 10 };

/* What every checkpoint has, and what those of today have beside it.  Returns
 * how many there are. */
static int list(const struct input *in, struct entry out[N_ENTRIES])
{
    const struct support *s = &in->support;
    size_t D = in->scale.D, K = in->target.D;
    int n = 0;

    out[n++] = (struct entry){"scale.offset", 0, D, in->scale.offset};
    out[n++] = (struct entry){"scale.factor", 0, D, in->scale.factor};
    out[n++] = (struct entry){"support.min", 0, D, s->min};
    out[n++] = (struct entry){"support.max", 0, D, s->max};
    if (in->target.kind != SCALE_NONE) {
        out[n++] = (struct entry){"target.offset", 0, K, in->target.offset};
        out[n++] = (struct entry){"target.factor", 0, K, in->target.factor};
    }
    if (s->K == 0)
        return n;
    out[n++] = (struct entry){"support.mean", 0, D, s->mean};
    out[n++] = (struct entry){"support.factor", 0, D, s->factor};
    out[n++] = (struct entry){"support.rows", D, s->K, s->rows};
    out[n++] = (struct entry){"support.far", 0, 1, s->far};
    return n;
}

void input_to_checkpoint(const struct input *in, struct checkpoint *c)
{
    struct entry entry[N_ENTRIES];
    int n = list(in, entry);

    for (int i = 0; i < n; i++) {
        const size_t shape[2] = {entry[i].rows, entry[i].n};

        checkpoint_add(c, entry[i].name, CHECKPOINT_F32, entry[i].rows ? 2 : 1,
                       entry[i].rows ? shape : shape + 1, entry[i].data);
    }
}

/* Does a checkpoint keep rows for support?  Older ones do not. */
static int read_support_rows(struct support *s, const struct checkpoint *c,
                             struct err *e)
{
    const struct checkpoint_tensor *t = checkpoint_find(c, "support.rows");

    if (!t)
        return 0;
    if (t->n_dims != 2 || t->shape[0] != s->D || t->shape[1] != SUPPORT_ROWS)
        return err_set(e, ERR_DATA,
                       "tensor 'support.rows' has another shape than (%zu, %d)",
                       s->D, SUPPORT_ROWS);
    s->K = SUPPORT_ROWS;
    return 0;
}

static int check_finite(const struct entry *entry, struct err *e)
{
    for (size_t j = 0; j < entry->n * (entry->rows ? entry->rows : 1); j++)
        if (!isfinite(entry->data[j]))
            return err_set(e, ERR_DATA,
                           "tensor '%s' holds what is no finite number",
                           entry->name);
    return 0;
}

int input_from_checkpoint(struct input *in, const struct scaling *s, size_t D,
                          size_t K, const struct checkpoint *c, struct err *e)
{
    struct entry entry[N_ENTRIES];
    int n;

    init(in, s, D, K);
    if (read_support_rows(&in->support, c, e) < 0)
        return -1;
    n = list(in, entry);
    for (int i = 0; i < n; i++)
        if (checkpoint_copy(c, entry[i].name, CHECKPOINT_F32,
                            entry[i].n * (entry[i].rows ? entry[i].rows : 1),
                            entry[i].data, e) < 0 ||
            check_finite(&entry[i], e) < 0)
            return -1;
    return in->support.K == 0 || in->support.far[0] > 0
               ? 0
               : err_set(e, ERR_DATA, "tensor 'support.far' is not above 0");
}
