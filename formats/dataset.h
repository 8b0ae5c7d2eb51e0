#ifndef FORMATS_DATASET_H
#define FORMATS_DATASET_H

#include "common/math/embed.h"
#include "formats/window.h"

/*
 * Window streams in memory, for training: each row once, and the rows at
 * which the windows of each part end.  A window belongs to the part of its
 * last row; one without a label, or of PART_NONE, belongs to none.  Of several
 * targets one label is enough: the others are NaN.  Streams without a split
 * are all PART_TRAIN.
 *
 * 4 (D + K) + 2 bytes a row, 2 more with classes, 8 with groups: 5.8 M rows of
 * 4 features take 130 MB.
 *
 * Start with {0}, machine_key, class_key and with_groups; dataset_release() it.
 */

/* For each row the value of a label of its segment, by number. */
struct row_label {
    struct strings values; /* in order of appearance; "" stands for segments
                              that have none */
    uint16_t *at;          /* (T) which of them */
    size_t cap;
    uint16_t now; /* of the segment that is being read */
};

/*
 * What rows have in common, where with_groups asks for it.  A recording is a
 * run of one workload in one session on one machine, and a segment without a
 * run is one of its own; a session is what is labelled so on one machine, and
 * without that label each recording is one.
 */
enum dataset_group {
    GROUP_WORKLOAD,
    GROUP_SESSION,
    GROUP_RECORDING,
    GROUP_CPUS, /* how many the machine has, as META_CPUS says it */
    GROUPS
};

struct dataset {
    struct window_spec spec; /* of all segments */
    size_t T, D, K;
    float *x;                 /* (T, D) */
    float *label;             /* (T, K) W, NaN: none */
    struct row_label machine; /* by machine_key */
    const char *machine_key;  /* a label of the segments; NULL: `machine` */
    struct row_label class;   /* by class_key */
    const char *class_key;    /* a label of the segments; NULL: none */
    bool with_groups;
    struct row_label group[GROUPS];
    uint32_t *end[PART_TEST + 1]; /* by part */
    size_t n[PART_TEST + 1];      /* windows there */
    struct {
        char *text; /* as asked for; NULL: all windows */
        double part[PART_TEST + 1];
    } sample;
    bool allow_truncated; /* a cut stream is a warning */
    size_t cap_x, cap_label, cap_end[PART_TEST + 1];
    size_t n_segments;
    struct strings workloads, cpu_models; /* distinct labels, a few at most */
};

/*
 * Append all rows of the stream at `path` (NULL or "-": standard input).
 * Segments must agree on how windows are made, and on target and split.
 * Returns 0 or -1 with e filled.
 */
int dataset_add(struct dataset *ds, const char *path, struct err *e);

/*
 * Ask for a share of the windows: "10%" of the training part, "10%,25%" and
 * of the validation part, "10%,25%,25%" and of the test part; more than 0 %.
 * Returns 0 or -1 with e filled (ERR_USAGE).
 */
int dataset_sample_parse(struct dataset *ds, const char *text, struct err *e);

/*
 * Keep the share asked for, drawn once by the seed, in the order they are in:
 * of n windows n times the share, rounded, but one at least.  For when all is
 * read.
 */
void dataset_sample(struct dataset *ds, uint64_t seed);

/* The windows of a part, a view; class_weight is the caller's to set. */
struct window_set dataset_part(const struct dataset *ds, enum part part);

/*
 * What the data were: rows, segments, windows of each part and the share of
 * them that was asked for, workloads, CPU models and machines, and a SHA-256
 * over features, labels, parts, machines (where there are several), classes and
 * groups, as "data.*" labels.
 */
void dataset_describe(const struct dataset *ds, struct labels *meta);

void dataset_release(struct dataset *ds);

#endif
