#ifndef FORMATS_PLAIN_H
#define FORMATS_PLAIN_H

#include "common/base/pool.h"
#include "common/math/additive.h"
#include "common/math/labelled.h"

/*
 * The plain model that the tables of worth.h score: 16 bins a feature
 * (common/math/bins.h, additive.h), and what is held out together.
 */
enum {
    PLAIN_BINS = 16,
    PLAIN_RUN_FOLDS = 10, /* that whole recordings are held out in */
    PLAIN_MAX_FOLDS = 64, /* groups beyond that are held out together */
};

struct plain {
    const struct labelled *rows; /* borrowed */
    struct pool *pool;
    uint8_t *code;     /* (T, D) */
    uint16_t *n_codes; /* (D) */
};

void plain_init(struct plain *p, const struct labelled *rows,
                struct pool *pool);
void plain_release(struct plain *p);

/*
 * A model for which the files with the same number (modulo `folds`) are held
 * out together.
 *
 * of_file (n_files)  NULL: each file has its own number
 * fold    (T)        caller's; stays until additive_free()
 */
struct additive *plain_model(const struct plain *p, const uint32_t *of_file,
                             uint32_t folds, uint32_t *fold);

/* The score of one such model; use as in additive_held_out(). */
int plain_score(const struct plain *p, const uint32_t *of_file, uint32_t folds,
                const bool *use, struct additive_score *score, struct err *e);

#endif
