#ifndef MATH_LABELLED_H
#define MATH_LABELLED_H

#include <stddef.h>
#include <stdint.h>

/*
 * Rows of features with the watts that were measured with them, and where
 * each comes from: what the estimators of rapl-stat look at.  A view; nothing
 * is owned.
 *
 * T rows, D features.  A file is one recording: its rows stand together, in
 * order of time.  A group is what is held out as a whole (a workload).
 */
struct labelled {
    size_t T, D, n_files, n_groups;
    const float *x;        /* (T, D) finite */
    const float *y;        /* (T) W, finite */
    const int64_t *t_ns;   /* (T) */
    const uint32_t *file;  /* (T) 0..n_files-1, ascending */
    const uint32_t *group; /* (n_files) 0..n_groups-1: the group of a file */
    const uint32_t *begin; /* (n_files + 1) a file's first row; then T */
};

/* The group of a row. */
static inline uint32_t labelled_group(const struct labelled *l, size_t row)
{
    return l->group[l->file[row]];
}

#endif
