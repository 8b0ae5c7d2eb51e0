#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define NS_PER_US 1000LL

int64_t clock_monotonic_ns(void);
int64_t clock_realtime_ns(void);
int64_t clock_cpu_ns(void); /* CPU time of this process, all threads */

/*
 * Parse a duration, a number and its unit: "16ms", "1.6s", "2m"; units ns,
 * us, ms, s, m, h, d.  A bare number is an error, because nobody can tell
 * what it means.  Returns 0 and *ns > 0, or -1 with e filled (ERR_USAGE).
 */
int duration_parse(const char *text, int64_t *ns, struct err *e);

/* Write ns as the shortest such text that means the same: "16ms". */
void duration_format(int64_t ns, char *out, size_t size);

#endif
