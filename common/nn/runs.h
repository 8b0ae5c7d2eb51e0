#ifndef NN_RUNS_H
#define NN_RUNS_H

#include <stdint.h>

#include "common/math/embed.h"

/*
 * Windows of a set in runs that end at rows tau, tau, ... apart: at tau 4 four
 * runs lie within each other in a recording.  What is left over is on its own.
 */
struct run {
    const uint32_t *at; /* (n) which windows of the set */
    size_t n;
};

struct runs {
    struct run *run;
    size_t n;
    uint32_t *alone; /* (n_alone) windows in none */
    size_t n_alone;
    uint32_t *order; /* what the runs point to */
};

/* Runs of at least `least` and at most `most` windows. */
void runs_find(struct runs *r, const struct window_set *set, size_t least,
               size_t most);
void runs_release(struct runs *r);

#endif
