#ifndef FORMATS_DATASET_H
#define FORMATS_DATASET_H

#include "common/math/embed.h"
#include "formats/window.h"

/*
 * Window streams in memory, for training: each row once, and the rows at
 * which the windows of each part end.  A window belongs to the part of its
 * last row; one without a label, or of PART_NONE, belongs to none.  Streams
 * without a split are all PART_TRAIN.
 *
 * 4 (D + 2) + 2 bytes a row: 5.8 M rows of 4 features take 150 MB.
 *
 * Start with {0}; dataset_release() it.
 */
struct dataset {
    struct window_spec spec; /* of all segments */
    size_t T, D;
    float *x;                     /* (T, D) */
    float *label;                 /* (T) W, NaN: none */
    uint16_t *machine;            /* (T) which of `machines` a row is from */
    uint32_t *end[PART_TEST + 1]; /* by part */
    size_t n[PART_TEST + 1];      /* windows there */
    bool allow_truncated;         /* a cut stream is a warning */
    size_t cap_x, cap_label, cap_machine, cap_end[PART_TEST + 1];
    size_t n_segments;
    uint16_t machine_now; /* of the segment that is being read */
    struct strings workloads, cpu_models; /* distinct labels, a few at most */
    struct strings machines; /* all labels `machine`, in order of appearance;
                                "" stands for segments that have none */
};

/*
 * Append all rows of the stream at `path` (NULL or "-": standard input).
 * Segments must agree on how windows are made, and on target and split.
 * Returns 0 or -1 with e filled.
 */
int dataset_add(struct dataset *ds, const char *path, struct err *e);

/* The windows of a part, a view. */
struct window_set dataset_part(const struct dataset *ds, enum part part);

/*
 * What the data were: rows, segments, windows of each part, workloads, CPU
 * models and machines, and a SHA-256 over features, labels, parts and machines
 * (where there are several), as "data.*" labels.
 */
void dataset_describe(const struct dataset *ds, struct labels *meta);

void dataset_release(struct dataset *ds);

#endif
