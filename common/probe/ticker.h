#ifndef PROBE_TICKER_H
#define PROBE_TICKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Ticks at absolute deadlines, start + k interval: work that takes long, or a
 * late wake-up, never moves the ticks after it.
 */
struct ticker {
    int64_t interval_ns;
    int64_t next_ns; /* CLOCK_MONOTONIC */
    int64_t late_ns; /* by how much the last wait ended behind its deadline */
    int64_t
        real_less_ns; /* CLOCK_REALTIME less CLOCK_MONOTONIC, when checked */
    int64_t check_ns; /* when to look at that again */
};

/* The first tick is now.  Also asks the kernel to wake us when we said, not
 * up to 50 us later. */
void ticker_start(struct ticker *t, int64_t interval_ns);

/*
 * Sleep until the next tick, or until stop(arg).  Returns true at a tick, with
 * the ticks that were missed altogether in *missed.
 */
bool ticker_wait(struct ticker *t, bool (*stop)(void *), void *arg,
                 int64_t *missed);

/*
 * Deadline after the one at next_ns, if it is now_ns: the first that is still
 * ahead, and how many were passed over.
 */
int64_t ticker_after(int64_t next_ns, int64_t interval_ns, int64_t now_ns,
                     int64_t *missed);

/*
 * By how much CLOCK_REALTIME was stepped against CLOCK_MONOTONIC, 0 if by less
 * than 50 ms.  Looks once a second at most; now_ns is CLOCK_MONOTONIC.
 */
int64_t ticker_clock_step(struct ticker *t, int64_t now_ns);

#endif
