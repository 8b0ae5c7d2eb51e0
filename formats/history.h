#ifndef FORMATS_HISTORY_H
#define FORMATS_HISTORY_H

#include <stddef.h>

#include "common/base/err.h"
#include "formats/checkpoint.h"

/*
 * How a training went, an epoch a row.  A checkpoint carries it as a tensor
 * (epochs, HISTORY_COLUMNS) of F64; `rapl-train --history` writes it as TSV:
 *
 *     epoch  train_loss  valid_loss  valid_mae_w  lr
 *
 * Start with {0}; history_release() it.
 */
enum { HISTORY_COLUMNS = 4 };

struct history_row {
    double train_loss, valid_loss, valid_mae_w, lr; /* NaN: not known */
};

struct history {
    struct history_row *row;
    size_t n, cap;
};

void history_add(struct history *h, struct history_row row);

/* Write all of it to `path`, over what was there.  -1 with e filled. */
int history_write(const struct history *h, const char *path, struct err *e);

/* As a tensor of a checkpoint, which borrows it; and back, ERR_DATA. */
void history_to_checkpoint(const struct history *h, struct checkpoint *c);
int history_from_checkpoint(struct history *h, const struct checkpoint *c,
                            struct err *e);

void history_release(struct history *h);

#endif
