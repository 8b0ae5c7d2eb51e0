#ifndef RECORDER_FILES_H
#define RECORDER_FILES_H

#include <stdbool.h>

#include "formats/stream.h"

/*
 * Where a recording goes: one stream, or one file after another, each of them
 * complete.
 */
struct files_plan {
    const char *path; /* as -o says it */
    int level;        /* of zstd, 0: the default */
    /* When to begin another file; neither: never. */
    int64_t every_ns;
    uint64_t size;
};

struct files {
    struct files_plan plan;
    struct stream_writer *out;
    char *name;               /* of the file under way */
    unsigned n;               /* files so far */
    unsigned numbers;         /* the last number that a name was given */
    int64_t start_ns, due_ns; /* CLOCK_MONOTONIC */
};

/* "1h" or "100MB" (kB, MB, GB, KiB, MiB, GiB): 0, or -1 with e filled. */
int files_parse_rotation(struct files_plan *plan, const char *text,
                         struct err *e);

/*
 * The name of file `number`, on the heap.  A pattern with "%" goes through
 * strftime, in UTC, and the number is added from the second of a name on;
 * else files are numbered: "a.rapl" gives "a-0001.rapl".  NULL with e filled
 * (ERR_USAGE) where nothing comes of the pattern.
 */
char *files_name(const char *pattern, int64_t real_ns, unsigned number,
                 struct err *e);

/* Open the first.  Returns 0, or -1 with e filled. */
int files_open(struct files *f, const struct files_plan *plan, struct err *e);

/* The first row has that time: files that end by time are counted from it. */
void files_start(struct files *f, int64_t mono_ns);

/* Is it time for another file? */
bool files_due(const struct files *f, int64_t mono_ns);

/*
 * Open the next file, under a name that nothing has, and close the one before
 * it.  f->out is then the new one, without a header.  Where none can be opened
 * the old one goes on: -1 with e filled.
 */
int files_next(struct files *f, int64_t mono_ns, struct err *e);

/* End what is open and close it.  Returns 0, or -1 with e filled. */
int files_close(struct files *f, struct err *e);

#endif
