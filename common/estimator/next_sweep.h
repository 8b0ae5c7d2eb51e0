#ifndef ESTIMATOR_NEXT_SWEEP_H
#define ESTIMATOR_NEXT_SWEEP_H

#include <stdbool.h>

#include "common/base/labels.h"
#include "formats/grid.h"

/*
 * The runs of a sweep that a model would learn most from, as a table or as a
 * sweep of their own: what `stress-sweep next` does.
 */
struct next_request {
    const char *model; /* a checkpoint */
    const char *sweep; /* its file, or the folder of one that was begun */
    const struct strings *set; /* settings that go before those of the file */
    unsigned cpus;             /* that the file is planned for */
    char *const *data; /* recordings, folders of them; none: the folder's */
    int n_data;
    size_t n;
    int threads;
    const char *output;
    bool yaml;
    enum grid_format format;
};

/* Returns 0, or -1 with e filled. */
int next_of_sweep(const struct next_request *q, struct err *e);

#endif
