#include "formats/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/support.h"

static void init(struct input *in, const struct scaling *s, size_t D, size_t K)
{
    scale_init(&in->scale, s->inputs, D);
    scale_init(&in->target, s->target, K);
    in->clip = s->clip;
    in->min = xcalloc(D, sizeof *in->min);
    in->max = xcalloc(D, sizeof *in->max);
}

void input_release(struct input *in)
{
    scale_release(&in->scale);
    scale_release(&in->target);
    free(in->min);
    free(in->max);
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
    int rc;

    init(in, s, ds->D, ds->K);
    embed_mark(&train, use);
    support_fit(ds->x, ds->T, ds->D, use, in->min, in->max);
    rc = scale_fit(&in->scale, ds->x, ds->T, use, e);
    if (rc == 0)
        scale_apply(&in->scale, ds->x, ds->T, in->clip);
    if (rc == 0)
        rc = fit_targets(in, ds, &train, e);
    free(use);
    return rc;
}

/* The arrays, by name. */
struct entry {
    const char *name;
    size_t n;
    float *data;
};

enum { N_ENTRIES = 6 };

/* Returns how many there are. */
static int list(const struct input *in, struct entry out[N_ENTRIES])
{
    size_t D = in->scale.D, K = in->target.D;

    out[0] = (struct entry){"scale.offset", D, in->scale.offset};
    out[1] = (struct entry){"scale.factor", D, in->scale.factor};
    out[2] = (struct entry){"support.min", D, in->min};
    out[3] = (struct entry){"support.max", D, in->max};
    out[4] = (struct entry){"target.offset", K, in->target.offset};
    out[5] = (struct entry){"target.factor", K, in->target.factor};
    return in->target.kind == SCALE_NONE ? 4 : 6;
}

void input_to_checkpoint(const struct input *in, struct checkpoint *c)
{
    struct entry entry[N_ENTRIES];
    int n = list(in, entry);

    for (int i = 0; i < n; i++)
        checkpoint_add(c, entry[i].name, CHECKPOINT_F32, 1, &entry[i].n,
                       entry[i].data);
}

int input_from_checkpoint(struct input *in, const struct scaling *s, size_t D,
                          size_t K, const struct checkpoint *c, struct err *e)
{
    struct entry entry[N_ENTRIES];
    int n;

    init(in, s, D, K);
    n = list(in, entry);
    for (int i = 0; i < n; i++)
        if (checkpoint_copy(c, entry[i].name, CHECKPOINT_F32, entry[i].n,
                            entry[i].data, e) < 0)
            return -1;
    for (int i = 0; i < n; i++)
        for (size_t j = 0; j < entry[i].n; j++)
            if (!isfinite(entry[i].data[j]))
                return err_set(e, ERR_DATA,
                               "tensor '%s' holds what is no finite number",
                               entry[i].name);
    return 0;
}
