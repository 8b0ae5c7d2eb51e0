#ifndef GBDT_GBDT_H
#define GBDT_GBDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"
#include "common/base/node.h"

/*
 * Boosted regression trees: watts as a sum over many small decision trees.
 *
 * XGBoost's library grows them, and is asked for when gbdt_train() is called:
 * a program needs it neither to be built nor to start.  What it makes is kept
 * as its own bytes (Universal Binary JSON, which any XGBoost reads), and read
 * and walked here, so that predicting needs no library, and bytes of a file
 * are checked by us alone.
 *
 * N rows, F columns.
 */
enum gbdt_loss {
    GBDT_MSE,   /* half the squared error */
    GBDT_HUBER, /* pseudo-Huber: beyond huber_delta watts it grows as MAE does
                 */
};

struct gbdt_options {
    int64_t trees; /* at most */
    int64_t depth;
    int64_t bins; /* of a column's values, between which trees may split */
    int64_t stop_patience;   /* stop after so many trees that do not help on the
                                validation rows; 0: never */
    double eta;              /* what a tree's verdict is multiplied with */
    double subsample;        /* share of the rows that a tree sees */
    double column_sample;    /* share of the columns that a tree sees */
    double min_child_weight; /* rows that a leaf stands for, at least; with
                                huber, rows far from their label count less */
    double lambda;           /* L2 on the leaves */
    double huber_delta;      /* W */
    enum gbdt_loss loss;
    uint64_t seed;
};

void gbdt_options_init(struct gbdt_options *o);

/*
 * Read keys of the map `training`: trees, depth, bins, stop_patience, eta,
 * subsample, column_sample, min_child_weight, lambda, loss (mse, huber),
 * huber_delta.  Absent ones keep their value; unknown ones are left to the
 * caller, who knows his own too: gbdt_option_keys ends with NULL.
 * Returns 0, or -1 with e filled (ERR_DATA, file and line).
 */
int gbdt_options_read(struct gbdt_options *o, const struct node *training,
                      struct err *e);
extern const char *const gbdt_option_keys[];

/* The settings, as "training.trees" = "1000", ... */
void gbdt_options_to_labels(const struct gbdt_options *o, struct labels *ls);

/*
 * Rows to learn from.  The matrix need not exist: rows are asked for some at
 * a time, three times over, always in order.
 *
 * label  (N) watts; borrowed
 * fill   write rows at..at+n-1 to out (n, F); a NaN is a value that is missing
 */
struct gbdt_rows {
    size_t N, F;
    const float *label;
    void (*fill)(void *arg, size_t at, size_t n, float *out);
    void *arg;
};

/* How it stands after a tree. */
struct gbdt_round {
    int64_t tree;                  /* from 1 */
    double train_loss, valid_loss; /* mean; valid: NaN without such rows */
    int64_t best; /* the tree after which it was least; without: the last */
};

/* Called after each tree; true ends the training there. */
typedef bool gbdt_watch(void *arg, const struct gbdt_round *r);

/* A trained forest. */
struct gbdt;

/*
 * Grow trees on the rows of `train`, and keep as many as do best on `valid`
 * (NULL or no rows: all of them).  The same rows and seed give the same
 * bytes for any number of threads.  Memory: a byte for each value while
 * bins <= 256, and about fifty for each row.
 *
 * watch  NULL: nobody watches
 * Returns a forest for gbdt_free(), or NULL with e filled: ERR_SYSTEM where
 * XGBoost is not installed or too old, ERR_DATA for no rows, a label that is
 * not finite, or a loss that becomes so.
 */
struct gbdt *gbdt_train(const struct gbdt_options *o,
                        const struct gbdt_rows *train,
                        const struct gbdt_rows *valid, int threads,
                        gbdt_watch *watch, void *arg, struct err *e);

/* The version of the library that is here, "1.7.4", into version.  Returns 0,
 * or -1 with e filled (ERR_SYSTEM) where there is none to use. */
int gbdt_library(char *version, size_t size, struct err *e);

/*
 * The forest in these bytes, which are copied.  Returns NULL with e filled
 * (ERR_DATA) for what is no regression forest of XGBoost, or a damaged one:
 * any bytes are safe to ask about.
 */
struct gbdt *gbdt_from_bytes(const void *bytes, size_t n, struct err *e);

/* Those bytes: what a checkpoint keeps.  Borrowed until gbdt_free(). */
const void *gbdt_bytes(const struct gbdt *g, size_t *n);

size_t gbdt_columns(const struct gbdt *g); /* F */
size_t gbdt_trees(const struct gbdt *g);

/*
 * Predict n rows.  Cannot fail, and may be called by several threads at once.
 *
 * x    (n, F)  row-major; NaN is a value that is missing
 * out  (n)     watts
 */
void gbdt_predict(const struct gbdt *g, const float *x, size_t n, float *out);

void gbdt_free(struct gbdt *g); /* NULL is legal */

#endif
