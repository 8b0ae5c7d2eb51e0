#ifndef FORMATS_ROWSET_H
#define FORMATS_ROWSET_H

#include <stdbool.h>

#include "common/math/labelled.h"
#include "formats/stream.h"

/*
 * Labelled rows of sample or window streams in memory, with the recordings
 * that they come from.  Features of sample streams are derived here, as
 * rapl-window does; window streams bring theirs.  Rows without a label are
 * counted and left out.
 *
 *     struct rowset set = {.group_key = "workload"};
 *     rowset_add(&set, path, e);      for each input
 *     rowset_view(&set, &view, e);
 *     rowset_release(&set);
 */

/* A segment, as it was recorded. */
struct recording {
    struct labels meta;
    bool complete; /* its end record was read */
    uint64_t rows; /* of the stream, before anything is derived */
    int64_t nominal_ns, first_ns, last_ns;
    uint64_t late;    /* steps over one and a half nominal intervals */
    uint64_t missing; /* rows that would fit into those */
    uint64_t gaps, resets, clock_steps; /* marks */
    uint64_t negative;     /* watts below 0, which no feature stream shows */
    uint64_t steps;        /* that are not late; of those: */
    double mean_s, m2_s;   /* mean, sum of squared deviations */
    double energy_off_pct; /* formats/joules.h */
};

struct rowset {
    /* to be filled in before the first rowset_add(); borrowed */
    const char *features;  /* of sample streams: a list; NULL: of the set
                              `guest` what the first segment has */
    const char *target;    /* of sample streams: "auto", "package", a zone */
    const char *group_key; /* the label that is held out together */
    bool allow_truncated;
    bool keep_unlabelled; /* rows without watts too: y is NaN */

    struct strings names; /* D features */
    size_t T, D;
    float *x;       /* (T, D) */
    float *y;       /* (T) W */
    int64_t *t_ns;  /* (T) */
    uint32_t *file; /* (T) */
    uint32_t *group, *begin;
    size_t n_files, unlabelled;
    size_t n_empty;   /* segments without a row, once there is a view */
    size_t n_refused; /* the caller's: files that could not be added */
    struct recording *recording; /* (n_files) */
    struct strings groups;       /* values of group_key */
    size_t cap_x, cap_y, cap_t, cap_file, cap_recording; /* private */
};

/*
 * Append the rows of a stream (NULL or "-": standard input).  Returns 0, or -1
 * with e filled: the file and what is wrong; segments must agree on features.
 */
int rowset_add(struct rowset *set, const char *path, struct err *e);

/*
 * The rows for the estimators; segments without rows are gone.  ERR_DATA where
 * there is no row with a label, or a segment lacks the label group_key.
 * Borrowed until rowset_release().
 */
int rowset_view(struct rowset *set, struct labelled *view, struct err *e);

/*
 * Number the values of another label of the files, in order of appearance; a
 * file without the label has a value of its own.  key NULL: the identity of a
 * run, its labels machine, workload and run together.
 *
 * id (n_files)  out
 * Returns how many values there are.
 */
size_t rowset_number(const struct rowset *set, const char *key, uint32_t *id);

void rowset_release(struct rowset *set);

#endif
