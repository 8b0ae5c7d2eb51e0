#include "formats/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/support.h"

static void init(struct input *in, const struct scaling *s, size_t D)
{
    scale_init(&in->scale, s->inputs, D);
    scale_init(&in->target, s->target, 1);
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

/* The label is that of the row where a window ends. */
static int fit_target(struct input *in, struct dataset *ds,
                      const struct window_set *train, uint8_t *use,
                      struct err *e)
{
    if (in->target.kind == SCALE_NONE)
        return 0;
    memset(use, 0, ds->T);
    for (size_t i = 0; i < train->N; i++)
        use[train->end[i]] = 1;
    if (scale_fit(&in->target, ds->label, ds->T, use, e) < 0)
        return err_prefix(e, "power");
    scale_apply(&in->target, ds->label, ds->T, false);
    return 0;
}

int input_fit(struct input *in, const struct scaling *s, struct dataset *ds,
              struct err *e)
{
    struct window_set train = dataset_part(ds, PART_TRAIN);
    uint8_t *use = xcalloc(ds->T, 1);
    int rc;

    init(in, s, ds->D);
    embed_mark(&train, use);
    support_fit(ds->x, ds->T, ds->D, use, in->min, in->max);
    rc = scale_fit(&in->scale, ds->x, ds->T, use, e);
    if (rc == 0)
        scale_apply(&in->scale, ds->x, ds->T, in->clip);
    if (rc == 0)
        rc = fit_target(in, ds, &train, use, e);
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
    size_t D = in->scale.D;

    out[0] = (struct entry){"scale.offset", D, in->scale.offset};
    out[1] = (struct entry){"scale.factor", D, in->scale.factor};
    out[2] = (struct entry){"support.min", D, in->min};
    out[3] = (struct entry){"support.max", D, in->max};
    out[4] = (struct entry){"target.offset", 1, in->target.offset};
    out[5] = (struct entry){"target.factor", 1, in->target.factor};
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
                          const struct checkpoint *c, struct err *e)
{
    struct entry entry[N_ENTRIES];
    int n;

    init(in, s, D);
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
