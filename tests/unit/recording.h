#ifndef TESTS_UNIT_RECORDING_H
#define TESTS_UNIT_RECORDING_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/math/derive.h"
#include "common/math/feature.h"

enum { MAX_CHANNELS = 64, N = 2000 };

static struct err e;

/* A recording in memory: N rows of each channel, u64 or f64. */
struct recording {
    struct channels channels;
    const void *column[MAX_CHANNELS];
    int64_t t_ns[N], interval_ns;
    const char *missing; /* zones that were not recorded */
    size_t n;
};

static inline void *add(struct recording *r, const char *name, const char *unit,
                        enum channel_kind kind, enum channel_type type,
                        uint64_t wrap)
{
    size_t c = channels_add(&r->channels, name, unit, type, kind, wrap);
    void *column = calloc(N, 8);

    r->column[c] = column;
    return column;
}

static inline uint64_t *add_counter(struct recording *r, const char *name,
                                    const char *unit, uint64_t wrap)
{
    return add(r, name, unit, CHANNEL_COUNTER, CHANNEL_U64, wrap);
}

static inline double *add_gauge(struct recording *r, const char *name,
                                const char *unit)
{
    return add(r, name, unit, CHANNEL_GAUGE, CHANNEL_F64, 0);
}

static inline void start(struct recording *r, size_t n, int64_t interval_ns)
{
    memset(r, 0, sizeof *r);
    r->n = n;
    r->interval_ns = interval_ns;
    for (size_t i = 0; i < N; i++)
        r->t_ns[i] = 1000 * NS_PER_S + (int64_t)i * interval_ns;
}

static inline void finish(struct recording *r)
{
    for (size_t c = 0; c < r->channels.n; c++)
        free((void *)r->column[c]);
    channels_release(&r->channels);
}

static inline struct derive *try_open(const struct recording *r,
                                      const char *features, const char *target,
                                      int64_t interval_ns)
{
    struct strings names = {0};
    struct derive_options o = {.channels = &r->channels,
                               .features = &names,
                               .n_cpus = 4,
                               .recorded_ns = r->interval_ns,
                               .interval_ns = interval_ns,
                               .target = target,
                               .missing = r->missing};
    struct derive *d = NULL;
    int rc;

    assert_int_equal(features_parse(&names, features, &e), 0);
    rc = derive_new(&d, &o, &e);
    assert_int_equal(rc == 0, d != NULL);
    strings_release(&names);
    return d;
}

static inline struct derive *open_derive(const struct recording *r,
                                         const char *features,
                                         const char *target)
{
    struct derive *d = try_open(r, features, target, r->interval_ns);

    if (!d)
        fail_msg("%s", e.msg);
    return d;
}

static inline void derive_all(struct derive *d, const struct recording *r,
                              struct derived *out)
{
    derive_rows(d, r->n, r->t_ns, r->column, out);
}

#endif
