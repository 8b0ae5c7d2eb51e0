#ifndef EXPORT_FRESHNESS_H
#define EXPORT_FRESHNESS_H

#include <stddef.h>

#include "common/export/meters.h"

/*
 * Is the latest row of now?  If it came just now and says so itself; of a
 * recording only the former is asked.
 */
struct freshness {
    bool recorded;
    int64_t stale_ns; /* 0: 10 s, or what 3 rows stand for where that is more */
};

/* How old the latest row is, and whether that is still told as it is now. */
struct age {
    bool fresh;
    double seconds; /* NaN: there is none, or the page will be read later */
};

enum { FRESHNESS_WORDS = 128 };

/*
 * At now_ns of the monotonic clock and wall_ns since 1970.  words: the same for
 * people, as /healthz says it.
 */
struct age freshness_age(const struct freshness *f, const struct meters *ms,
                         int64_t now_ns, int64_t wall_ns,
                         char words[FRESHNESS_WORDS]);

/* The monotonic time from which on it is stale, if nothing else comes. */
int64_t freshness_end_ns(const struct freshness *f, const struct meters *ms);

#endif
