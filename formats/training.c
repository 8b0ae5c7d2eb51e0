#include "formats/training.h"

#include <string.h>
#include <unistd.h>

#include "common/base/version.h"

#define SETTING "training."
#define STATE "train." /* tensors and keys that only going on needs */

void training_release(struct training *t)
{
    labels_release(&t->identity);
    labels_release(&t->valid);
    labels_release(&t->test);
    labels_release(&t->fitted);
    labels_release(&t->state);
    history_release(&t->history);
}

int training_write(const struct training *t, const struct tensors *tensors,
                   const struct input *input, const char *split, bool slim,
                   const char *path, struct err *e)
{
    struct checkpoint c = {0};
    int rc;

    labels_set(&c.meta, CHECKPOINT_FORMAT, CHECKPOINT_FORMAT_1);
    labels_set(&c.meta, "program", "rapl-train " RAPL_VERSION);
    labels_merge(&c.meta, &t->identity, "");
    labels_setf(&c.meta, CHECKPOINT_TRAINED_ON, "%s train", split);
    labels_merge(&c.meta, &t->valid, "");
    labels_merge(&c.meta, &t->fitted, "");
    labels_merge(&c.meta, &t->test, "");
    input_to_checkpoint(input, &c);
    checkpoint_add_all(&c, tensors, slim ? STATE : NULL);
    if (t->bytes_name)
        checkpoint_add(&c, t->bytes_name, CHECKPOINT_U8, 1, &t->n_bytes,
                       t->bytes);
    if (t->state.n && !slim) {
        labels_merge(&c.meta, &t->state, "");
        history_to_checkpoint(&t->history, &c);
    }
    rc = checkpoint_write(&c, path, e);
    checkpoint_release(&c);
    return rc;
}

/* Is the value at key what it was? */
static int check_key(const char *key, const struct labels *was,
                     const struct labels *now, struct err *e)
{
    const char *a = labels_get_or(was, key, ""),
               *b = labels_get_or(now, key, "");

    if (strcmp(key, SETTING "epochs") == 0 || strcmp(a, b) == 0)
        return 0;
    return err_set(e, ERR_DATA,
                   "cannot resume: %s was '%.60s' and is now '%.60s'; train "
                   "without --resume",
                   key, a, b);
}

/* All that is now, and each setting that was and may be gone. */
static int check_same(const struct labels *was, const struct labels *now,
                      struct err *e)
{
    for (size_t i = 0; i < now->n; i++)
        if (check_key(now->at[i].key, was, now, e) < 0)
            return -1;
    for (size_t i = 0; i < was->n; i++)
        if (strncmp(was->at[i].key, SETTING, strlen(SETTING)) == 0 &&
            check_key(was->at[i].key, was, now, e) < 0)
            return -1;
    return 0;
}

static int restore(struct training *t, const struct checkpoint *c,
                   const struct tensors *tensors, struct err *e)
{
    if (check_same(&c->meta, &t->identity, e) < 0)
        return -1;
    if (history_from_checkpoint(&t->history, c, e) < 0 ||
        checkpoint_copy_all(c, tensors, e) < 0)
        return err_prefix(e, "cannot resume (was it written with --slim?)");
    labels_merge(&t->valid, &c->meta, "score.valid.");
    labels_merge(&t->valid, &c->meta, "interval.");
    labels_merge(&t->state, &c->meta, STATE);
    return 0;
}

int training_resume(struct training *t, const struct tensors *tensors,
                    const char *path, struct err *e)
{
    struct checkpoint c;
    int rc;

    if (access(path, F_OK) != 0)
        return 0;
    if (checkpoint_read(&c, path, e) < 0)
        return -1;
    rc = restore(t, &c, tensors, e);
    checkpoint_release(&c);
    return rc < 0 ? err_prefix(e, "%s", path) : 1;
}
