#ifndef FORMATS_MEASURED_H
#define FORMATS_MEASURED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/digest.h"
#include "formats/window.h"

/*
 * Rows of window streams with measured watts, in memory: what a model is
 * calibrated by.  Rows without watts are counted and left out, and so are those
 * of the part `test`, on which somebody is going to score.
 *
 *     struct measured m = {.like = &spec};
 *     measured_add(&m, path, e);      for each input
 *     measured_release(&m);
 */
struct measured {
    /* to be filled in before the first measured_add(); borrowed */
    const struct window_spec *like; /* what the model is fed */
    int64_t first_ns;               /* of each segment so long; 0: all of it */
    bool allow_truncated;

    size_t n;
    float *busy, *watts;   /* (n) busy CPUs, W of the first target */
    uint32_t *kind;        /* (n) which of kinds */
    struct strings kinds;  /* of work: values of the label workload */
    size_t n_read;         /* rows, with those left out */
    size_t n_unlabelled;   /* left out: no watts */
    size_t n_test;         /* left out: part test */
    double n_cpus;         /* logical CPUs of the machine; 0: not told */
    char *cpu_model;       /* its processor; NULL: not told */
    struct strings origin; /* provenance of the first segment */
    size_t cap_busy, cap_watts, cap_kind; /* private */
};

/*
 * Append the rows of a stream (NULL or "-": standard input).  Returns 0, or -1
 * with e filled: windows of another kind than `like` or without busy_cpus,
 * another number of CPUs or another processor than before.
 */
int measured_add(struct measured *m, const char *path, struct err *e);

/* SHA-256 of the rows: which they are. */
void measured_digest(const struct measured *m, char out[DIGEST_HEX + 1]);

/*
 * Make rows of `span` rows each, their means; what is left over is dropped, and
 * so is what kind they are of.
 */
void measured_coarsen(struct measured *m, size_t span);

void measured_release(struct measured *m);

#endif
