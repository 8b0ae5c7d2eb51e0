#include "formats/history.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/text.h"

#define TENSOR "train.history"

static const char *const titles[HISTORY_COLUMNS] = {
    [HISTORY_TRAIN_LOSS] = "train_loss",
    [HISTORY_VALID_LOSS] = "valid_loss",
    [HISTORY_VALID_MAE_W] = "valid_mae_w",
    [HISTORY_LR] = "lr",
};

size_t history_columns(const struct history *h)
{
    return HISTORY_COLUMNS + h->domains.n;
}

void history_add(struct history *h, const double *row)
{
    size_t C = history_columns(h);

    if ((h->n + 1) * C > h->cap) {
        h->cap = 2 * (h->n + 1) * C;
        h->cell = xreallocarray(h->cell, h->cap, sizeof *h->cell);
    }
    memcpy(h->cell + h->n++ * C, row, C * sizeof *row);
}

void history_release(struct history *h)
{
    strings_release(&h->domains);
    free(h->cell);
    memset(h, 0, sizeof *h);
}

void history_to_checkpoint(const struct history *h, struct checkpoint *c)
{
    size_t shape[] = {h->n, history_columns(h)};

    checkpoint_add(c, TENSOR, CHECKPOINT_F64, 2, shape, h->cell);
}

int history_from_checkpoint(struct history *h, const struct checkpoint *c,
                            struct err *e)
{
    const struct checkpoint_tensor *t = checkpoint_find(c, TENSOR);
    size_t C = history_columns(h);

    if (!t || t->dtype != CHECKPOINT_F64 || t->n_dims != 2 || t->shape[1] != C)
        return err_set(e, ERR_DATA, "no history of a training ('" TENSOR "')");
    for (size_t i = 0; i < t->shape[0]; i++)
        history_add(h, (const double *)t->data + i * C);
    return 0;
}

static void add_titles(const struct history *h, struct text_writer *w)
{
    text_column(w, "epoch");
    for (size_t j = 0; j < HISTORY_COLUMNS; j++)
        text_column(w, titles[j]);
    for (size_t k = 0; k < h->domains.n; k++) {
        char *title =
            xasprintf("%s.%s", titles[HISTORY_VALID_MAE_W], h->domains.at[k]);

        text_column(w, title);
        free(title);
    }
}

static enum text_format format_of(const char *path)
{
    static const char suffix[] = ".jsonl";
    size_t n = strlen(path), m = sizeof suffix - 1;

    return n > m && strcmp(path + n - m, suffix) == 0 ? TEXT_JSONL : TEXT_TSV;
}

int history_write(const struct history *h, const char *path, struct err *e)
{
    size_t C = history_columns(h);
    struct text_writer *w = NULL;
    struct err ignored;
    int rc = text_writer_open(&w, path, format_of(path), e);

    if (rc < 0)
        return -1;
    add_titles(h, w);
    for (size_t i = 0; i < h->n && rc == 0; i++) {
        text_u64(w, i + 1);
        for (size_t j = 0; j < C; j++)
            text_real(w, h->cell[i * C + j]);
        rc = text_row(w, e);
    }
    return text_writer_close(w, rc < 0 ? &ignored : e) < 0 ? -1 : rc;
}
