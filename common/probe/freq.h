#ifndef PROBE_FREQ_H
#define PROBE_FREQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/probe/chain.h"

/*
 * The clock of the core that we run on, without a register that a guest may
 * not read: a chain of multiplications of known length, timed.
 *
 * A run is a long chain and a short one, whose least time is taken off, so that
 * what reading the counter takes is not counted.  An interrupt, a stolen CPU or
 * a cold cache lengthens a chain, by no amount in particular: two long ones
 * that agree, and are the shortest, were not disturbed.  A measurement runs
 * until there are two such, which it counts, and up to FREQ_RUNS times; where
 * there are none it counts nothing.
 */
enum {
    FREQ_LINKS = 2048, /* of the long chain, above the short one's */
    FREQ_SHORT = 64,
    FREQ_RUNS = 6,
    FREQ_AGREE = 50, /* two runs agree if they differ by a 50th at most */
};

struct freq_probe {
    struct chain_timer timer;
    unsigned latency; /* cycles a multiplication takes */
    /* Since the start: core cycles and ticks of the runs that counted, and the
     * runs that were thrown away. */
    uint64_t cycles, ticks, rejected;
};

/*
 * Find the latency of a multiplication by a chain of additions, one cycle
 * each.  `latency`: what it must be, 0: any whole number of cycles.  Returns 0,
 * or -1 with e filled where it is something else, or never twice the same, as
 * under an emulator.
 */
int freq_probe_init(struct freq_probe *p, const struct chain_timer *timer,
                    unsigned latency, struct err *e);

/* Measure once; false where every run was disturbed. */
bool freq_probe_measure(struct freq_probe *p);

/*
 * The counter's rate while it is recorded: a guest that is moved may go on with
 * a counter of another rate.  It is taken for another where two checks after
 * one another agree that it differs by over a thousandth; one may lie over a
 * pause.
 */
struct freq_rate {
    uint64_t khz;
    uint64_t other_khz; /* what the last check found */
};

/* A check has found that rate, 0: none. */
void freq_rate_check(struct freq_rate *r, uint64_t khz);

#endif
