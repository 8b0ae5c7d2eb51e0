#ifndef MATH_FEATURE_H
#define MATH_FEATURE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * What a model sees of a machine: only what a guest can see too.  One table,
 * feature.def, drives the parser of the feature list, rapl-window
 * --list-features and the manual page.
 */

/* What features are computed from: a channel each. */
enum signal_id {
#define SIGNAL(id, channel, counter, per_count, gauge, per_gauge) SIG_##id,
#include "common/math/feature.def"
    N_SIGNALS,
    SIG_N_CPUS = N_SIGNALS, /* the machine's size: metadata, no channel */
};

_Static_assert(SIG_N_CPUS < 64, "a feature's needs are bits of 64");

struct signal {
    const char *channel;
    const char *counter_unit; /* NULL: never a counter */
    double counter_scale;     /* signal = step a second x this */
    const char *gauge_unit;   /* NULL: never a gauge */
    double gauge_scale;       /* signal = value x this */
};

extern const struct signal signal_table[N_SIGNALS];

/* The signals of n rows; NULL where a feature neither needs nor takes one. */
struct signals {
    const double *at[N_SIGNALS];
    double n_cpus;
};

struct feature {
    const char *name, *unit;
    const char *formula; /* for people */
    uint64_t needs;      /* signals, 1 << SIG_...: an error where absent */
    uint64_t takes;      /* used where recorded, 0 where not */
    /* out (n): the feature, row by row. */
    void (*compute)(const struct signals *s, size_t n, float *out);
};

extern const struct feature feature_table[];
extern const size_t feature_table_n;

/* Named lists of features. */
struct feature_set {
    const char *name, *what;
    const char *list; /* names between commas */
};

extern const struct feature_set feature_sets[];
extern const size_t feature_sets_n;

/* The names of all features and sets, each with a bar behind it. */
extern const char feature_names[];

const struct feature *feature_find(const char *name);

/*
 * Parse names of features and sets between commas; append them to `names`.
 * Returns 0, or -1 with e filled (ERR_USAGE): an unknown name (with those
 * near it), a name twice, or what only bare metal shows.
 */
int features_parse(struct strings *names, const char *list, struct err *e);

/* What a feature needs, as words between spaces, into out. */
void feature_needs_text(const struct feature *f, char *out, size_t size);

#endif
