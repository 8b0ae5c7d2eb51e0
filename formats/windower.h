#ifndef FORMATS_WINDOWER_H
#define FORMATS_WINDOWER_H

#include "common/math/split.h"
#include "formats/window.h"

/*
 * From sample streams to a window stream: derives the features and labels of
 * each segment, marks where a row does not follow, and gives each window its
 * part.  What rapl-window does, less its options.
 */
struct windower_options {
    struct window_spec spec; /* interval_ns 0: as recorded; target as
                                common/math/derive.h takes it */
    bool target_optional;    /* an absent target is none, not an error */
    struct split split;
    uint64_t skip_rows; /* of the start of each run */
    int64_t skip_ns;
    double transient_cpus; /* > 0: a window over which busy_cpus changes by no
                              more is not in the test part */
    bool allow_truncated;
    char *provenance; /* the line for the headers */
};

struct windower_stats {
    uint64_t n_in, n_out;  /* rows */
    uint64_t n_runs;       /* segments */
    uint64_t n_windows;    /* that fit between gaps */
    uint64_t n_gaps;       /* between rows of a run */
    uint64_t n_unlabelled; /* rows */
    uint64_t n_part[4];    /* rows by enum part */
};

/*
 * Read the n files (0: standard input), write to out.  A split that needs all
 * runs first keeps what was derived in an unnamed file in $TMPDIR; otherwise
 * memory and delay do not depend on the input, and out is flushed whenever the
 * input would wait.  After an error out holds whole rows; abandon it.
 * Returns 0, or -1 with e filled: the file, the run and what is wrong.
 */
int windower_run(const struct windower_options *o, char **files, int n,
                 struct stream_writer *out, struct windower_stats *stats,
                 struct err *e);

#endif
