#ifndef MATH_SPLIT_H
#define MATH_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * Which windows train a model, which choose its settings, which test it.
 * Parts are the codes of `enum part` in formats/window.h: 0 none, 1 train, 2
 * valid, 3 test.  All of it depends on the seed and on what the runs are
 * called and hold, never on the order in which they come.
 */
enum split_kind {
    SPLIT_NONE,    /* no parts */
    SPLIT_SHUFFLE, /* every window at random: neighbours leak */
    SPLIT_RUN,     /* whole runs */
    SPLIT_GROUP,   /* whole groups of runs with the same values of labels */
    SPLIT_LEAVE,   /* one such group is the test; what shares no value with
                      it is for train and valid, the rest for no part */
    SPLIT_TIME,    /* each run in order, a window's span purged at borders */
};

struct split {
    enum split_kind kind;
    struct strings key;   /* SPLIT_GROUP, SPLIT_LEAVE: the labels */
    struct strings value; /* SPLIT_LEAVE: their values in the test part,
                             "io" or several, "io|cpu" */
    double ratio[3];      /* train, valid, test; sum 1 */
    uint64_t seed;
};

/*
 * Parse "none", "shuffle", "run", "group:KEY,...", "leave:KEY=VALUE,..."
 * (VALUE|VALUE for several) or
 * "time", and ratios such as "80,10,10".  Returns 0, or -1 with e filled
 * (ERR_USAGE).
 */
int split_parse(struct split *s, const char *text, const char *ratios,
                uint64_t seed, struct err *e);
void split_release(struct split *s);

/* Must all runs be known before the first part is? */
bool split_needs_all(const struct split *s);

/* Is a value one of those to leave out, "io|cpu"? */
bool split_leaves(const char *left_out, const char *value);

/* A segment of the input, as far as a split cares. */
struct split_run {
    char *run;     /* the identity of the run: machine, workload, run */
    char *value;   /* of the keys, a line each; NULL where there are none */
    uint64_t rows; /* that it gives */
    uint8_t part;  /* out */
};

/*
 * Choose the part of n whole runs: SPLIT_RUN, SPLIT_GROUP, SPLIT_LEAVE; runs
 * of the same name (or value) stay together.  In a random order each group
 * goes to the part that misses most rows, and no part with a ratio stays empty
 * where there are groups enough.  Returns 0, or -1 with e filled (ERR_DATA)
 * where no run has a value to leave out; the message lists those that occur.
 */
int split_runs(const struct split *s, struct split_run *runs, size_t n,
               struct err *e);

/* SPLIT_SHUFFLE: the part of row `row` of the run of that name. */
uint8_t split_shuffle(const struct split *s, uint64_t run_hash, uint64_t row);
uint64_t split_hash(const char *run);

/*
 * SPLIT_TIME: the part of row `row` of a run of n_rows, for windows that span
 * `span` rows: 0 for the first span rows after a border, so that no two parts
 * share a sample.
 */
uint8_t split_time(const struct split *s, uint64_t n_rows, uint64_t row,
                   uint64_t span);

#endif
