#ifndef PROBE_CHAIN_H
#define PROBE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Chains of dependent instructions, timed with the counter of the processor
 * that runs at one rate whatever the core's clock does: the TSC of x86-64, the
 * generic timer of arm64.  In a chain each instruction waits for the one
 * before, so that its length in cycles is known; its time in ticks then tells
 * the clock of the core.
 */
enum chain {
    CHAIN_ADD,      /* one cycle a link, on everything that is built */
    CHAIN_MULTIPLY, /* 64 bits by 64: three cycles on x86-64 (Intel since
                       Nehalem, AMD since Zen) */
};

enum { CHAIN_STEP = 16 }; /* lengths are multiples of it */

/* How chains are timed; tests bring a clock of their own. */
struct chain_timer {
    /* Ticks that n links take, with what reading the counter takes. */
    uint64_t (*time)(void *arg, enum chain chain, size_t n);
    void *arg;
};

extern const struct chain_timer chain_timer_here;

/* Cycles that a multiplication must take; 0: a small whole number. */
unsigned chain_latency(void);

/*
 * Does the counter run at one rate, always?  flags is the kernel's list of
 * them in /proc/cpuinfo, NULL if there is none.  Returns 0, or -1 with e
 * saying what it lacks.
 */
int chain_counter_check(const char *flags, struct err *e);

/* The counter's rate in kHz, held against CLOCK_MONOTONIC_RAW for some ms; 0 if
 * there is no counter. */
uint64_t chain_counter_khz(void);

/*
 * A reading of CLOCK_MONOTONIC_RAW, and of the counter before and after it: the
 * clock is taken to be read half way.
 */
struct chain_reading {
    uint64_t before, after;
    int64_t ns;
};

/* The best of a few readings: that which took the least time. */
void chain_read(struct chain_reading *best);

/* The rate from two readings in kHz, 0 if there is none. */
uint64_t chain_khz_between(const struct chain_reading *a,
                           const struct chain_reading *b);

#endif
