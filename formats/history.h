#ifndef FORMATS_HISTORY_H
#define FORMATS_HISTORY_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/base/labels.h"
#include "formats/checkpoint.h"

/*
 * How a training went, an epoch a row.  A checkpoint carries it as a tensor
 * (epochs, columns) of F64; `rapl-train --history` writes it as a table:
 *
 *     epoch  train_loss  valid_loss  valid_mae_w  lr
 *
 * and behind these for each further power domain, say dram, valid_mae_w.dram.
 *
 * Start with {0}, and add the domains before the first row; history_release()
 * it.
 */
enum {
    HISTORY_TRAIN_LOSS,
    HISTORY_VALID_LOSS,
    HISTORY_VALID_MAE_W,
    HISTORY_LR,
    HISTORY_COLUMNS, /* and one a further domain */
};

struct history {
    struct strings domains; /* beside the first target */
    double *cell;           /* (n, columns) NaN: not known */
    size_t n, cap;          /* cap: cells */
};

size_t history_columns(const struct history *h);

/* row (columns) is copied. */
void history_add(struct history *h, const double *row);

/*
 * Write all of it to `path`, over what was there: JSON lines if its name ends
 * in .jsonl, else TSV.  -1 with e filled.
 */
int history_write(const struct history *h, const char *path, struct err *e);

/* As a tensor of a checkpoint, which borrows it; and back, ERR_DATA. */
void history_to_checkpoint(const struct history *h, struct checkpoint *c);
int history_from_checkpoint(struct history *h, const struct checkpoint *c,
                            struct err *e);

void history_release(struct history *h);

#endif
