#include "formats/history.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/text.h"

#define TENSOR "train.history"

_Static_assert(sizeof(struct history_row) == HISTORY_COLUMNS * sizeof(double),
               "a row is a row of the tensor");

void history_add(struct history *h, struct history_row row)
{
    h->row = xgrow(h->row, h->n, &h->cap, sizeof *h->row);
    h->row[h->n++] = row;
}

void history_release(struct history *h)
{
    free(h->row);
    memset(h, 0, sizeof *h);
}

void history_to_checkpoint(const struct history *h, struct checkpoint *c)
{
    size_t shape[] = {h->n, HISTORY_COLUMNS};

    checkpoint_add(c, TENSOR, CHECKPOINT_F64, 2, shape, h->row);
}

int history_from_checkpoint(struct history *h, const struct checkpoint *c,
                            struct err *e)
{
    const struct checkpoint_tensor *t = checkpoint_find(c, TENSOR);

    if (!t || t->dtype != CHECKPOINT_F64 || t->n_dims != 2 ||
        t->shape[1] != HISTORY_COLUMNS)
        return err_set(e, ERR_DATA, "no history of a training ('" TENSOR "')");
    for (size_t i = 0; i < t->shape[0]; i++)
        history_add(h, ((const struct history_row *)t->data)[i]);
    return 0;
}

int history_write(const struct history *h, const char *path, struct err *e)
{
    struct text_writer *w = NULL;
    struct err ignored;
    int rc = text_writer_open(&w, path, TEXT_TSV, e);

    if (rc < 0)
        return -1;
    text_column(w, "epoch");
    text_column(w, "train_loss");
    text_column(w, "valid_loss");
    text_column(w, "valid_mae_w");
    text_column(w, "lr");
    for (size_t i = 0; i < h->n && rc == 0; i++) {
        text_u64(w, i + 1);
        text_real(w, h->row[i].train_loss);
        text_real(w, h->row[i].valid_loss);
        text_real(w, h->row[i].valid_mae_w);
        text_real(w, h->row[i].lr);
        rc = text_row(w, e);
    }
    return text_writer_close(w, rc < 0 ? &ignored : e) < 0 ? -1 : rc;
}
