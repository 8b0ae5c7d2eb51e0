#ifndef PLOT_PICKED_H
#define PLOT_PICKED_H

#include "common/base/labels.h"
#include "common/base/rng.h"
#include "common/math/metric.h"
#include "formats/prediction.h"

/*
 * Predictions with measured watts: the figures of all of them, and of them
 * PICKED_MAX at most, any as likely as another, to draw.  Groups are the values
 * of a label; beyond PICKED_GROUPS the others are one, "(others)".
 *
 *     struct picked p;
 *     picked_init(&p, "workload", PART_NONE, seed, allow_truncated);
 *     picked_add(&p, path, &e);           for each input
 *     picked_release(&p);
 */
enum { PICKED_MAX = 100000, PICKED_GROUPS = 64 };

struct picked_row {
    float predicted_w, measured_w, support;
    uint32_t group;
};

struct picked {
    const char *by;
    enum part part; /* PART_NONE: test where there are parts, else all */
    bool allow_truncated;
    struct picked_row *row; /* (n) */
    size_t n, cap;
    struct strings groups;
    struct metric *of_group; /* (PICKED_GROUPS + 1) */
    struct metric all;
    uint64_t seen, unmeasured;
    struct strings models, splits, trained_on; /* that differ */
    struct rng rng;
};

void picked_init(struct picked *p, const char *by, enum part part,
                 uint64_t seed, bool allow_truncated);
void picked_release(struct picked *p);

/* Returns 0, or -1 with e filled. */
int picked_add(struct picked *p, const char *path, struct err *e);

/* "v3, trained on shuffle train, split shuffle; 4,390 rows measured, ..." */
void picked_caption(const struct picked *p, bool drawn, char *out, size_t size);

#endif
