#include "formats/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/support.h"

static void init(struct input *in, enum scale_kind kind, bool clip, size_t D)
{
    scale_init(&in->scale, kind, D);
    in->clip = clip;
    in->min = xcalloc(D, sizeof *in->min);
    in->max = xcalloc(D, sizeof *in->max);
}

void input_release(struct input *in)
{
    scale_release(&in->scale);
    free(in->min);
    free(in->max);
    memset(in, 0, sizeof *in);
}

int input_fit(struct input *in, enum scale_kind kind, bool clip,
              struct dataset *ds, struct err *e)
{
    struct window_set train = dataset_part(ds, PART_TRAIN);
    uint8_t *use = xcalloc(ds->T, 1);
    int rc;

    init(in, kind, clip, ds->D);
    embed_mark(&train, use);
    support_fit(ds->x, ds->T, ds->D, use, in->min, in->max);
    rc = scale_fit(&in->scale, ds->x, ds->T, use, e);
    if (rc == 0)
        scale_apply(&in->scale, ds->x, ds->T, clip);
    free(use);
    return rc;
}

/* The arrays, by name. */
struct entry {
    const char *name;
    float *data;
};

enum { N_ENTRIES = 4 };

static void list(const struct input *in, struct entry out[N_ENTRIES])
{
    out[0] = (struct entry){"scale.offset", in->scale.offset};
    out[1] = (struct entry){"scale.factor", in->scale.factor};
    out[2] = (struct entry){"support.min", in->min};
    out[3] = (struct entry){"support.max", in->max};
}

void input_to_checkpoint(const struct input *in, struct checkpoint *c)
{
    struct entry entry[N_ENTRIES];

    list(in, entry);
    for (int i = 0; i < N_ENTRIES; i++)
        checkpoint_add(c, entry[i].name, CHECKPOINT_F32, 1, &in->scale.D,
                       entry[i].data);
}

int input_from_checkpoint(struct input *in, enum scale_kind kind, bool clip,
                          size_t D, const struct checkpoint *c, struct err *e)
{
    struct entry entry[N_ENTRIES];

    init(in, kind, clip, D);
    list(in, entry);
    for (int i = 0; i < N_ENTRIES; i++)
        if (checkpoint_copy(c, entry[i].name, CHECKPOINT_F32, D, entry[i].data,
                            e) < 0)
            return -1;
    for (int i = 0; i < N_ENTRIES; i++)
        for (size_t d = 0; d < D; d++)
            if (!isfinite(entry[i].data[d]))
                return err_set(e, ERR_DATA,
                               "tensor '%s' holds what is no finite number",
                               entry[i].name);
    return 0;
}
