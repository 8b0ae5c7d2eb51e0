/*
 * The frequency probe and its source.  What is stored is what was counted:
 * cycles and ticks of the runs that agreed, those that did not, and the rate
 * of the counter; the division is the derivation's.
 */
#include "common/probe/freq.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/probe/machine.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

enum {
    CHECKS = 8,     /* measurements of each chain when checking */
    CHECK_AGAIN = 4 /* so often, where a busy machine spoils it */
};

static bool agree(uint64_t a, uint64_t b)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;

    return high - low <= low / FREQ_AGREE + 1;
}

static uint64_t shorter(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Ticks of two runs that agree, none before them being shorter, of n links
 * each; 0 if there are none.  Adds those thrown away to *rejected. */
static uint64_t two_runs(const struct chain_timer *t, enum chain chain,
                         size_t n, uint64_t *rejected)
{
    uint64_t shortest = t->time(t->arg, chain, FREQ_SHORT + n);
    uint64_t reading = t->time(t->arg, chain, FREQ_SHORT);

    for (unsigned i = 1; i < FREQ_RUNS; i++) {
        uint64_t ticks = t->time(t->arg, chain, FREQ_SHORT + n);

        reading = shorter(reading, t->time(t->arg, chain, FREQ_SHORT));
        if (agree(shortest, ticks) && shorter(shortest, ticks) > reading) {
            *rejected += i - 1;
            return shortest + ticks - 2 * reading;
        }
        shortest = shorter(shortest, ticks);
    }
    *rejected += FREQ_RUNS;
    return 0;
}

/* Cycles of a multiplication, by additions of one cycle; 0: could not tell. */
static double measure_latency(const struct chain_timer *t)
{
    uint64_t add = 0, multiply = 0, rejected = 0;

    for (int i = 0; i < CHECKS; i++) {
        uint64_t a = two_runs(t, CHAIN_ADD, FREQ_LINKS, &rejected);
        uint64_t m = two_runs(t, CHAIN_MULTIPLY, FREQ_LINKS, &rejected);

        add += a && m ? a : 0;
        multiply += a && m ? m : 0;
    }
    return add ? (double)multiply / (double)add : 0;
}

int freq_probe_init(struct freq_probe *p, const struct chain_timer *timer,
                    unsigned latency, struct err *e)
{
    double found = 0;

    *p = (struct freq_probe){.timer = *timer};
    for (int i = 0; i < CHECK_AGAIN; i++) {
        found = measure_latency(timer);
        p->latency = latency ? latency : (unsigned)lround(fmin(found, 100));
        if (p->latency >= 2 && p->latency <= 8 &&
            fabs(found - p->latency) < 0.25)
            return 0;
    }
    if (found == 0)
        return err_set(e, ERR_NONE,
                       "a chain of instructions never takes the "
                       "same time twice");
    return err_set(e, ERR_NONE,
                   "a multiplication takes %.2f additions, not %s: its length "
                   "in cycles is not known",
                   found, latency == 3 ? "3" : "a whole number from 2 to 8");
}

bool freq_probe_measure(struct freq_probe *p)
{
    uint64_t ticks =
        two_runs(&p->timer, CHAIN_MULTIPLY, FREQ_LINKS, &p->rejected);

    if (!ticks)
        return false;
    p->ticks += ticks;
    p->cycles += (uint64_t)2 * FREQ_LINKS * p->latency;
    return true;
}

static bool is_near(uint64_t khz, uint64_t other)
{
    uint64_t off = khz > other ? khz - other : other - khz;

    return off <= other / 1000;
}

void freq_rate_check(struct freq_rate *r, uint64_t khz)
{
    if (khz > 0 && is_near(khz, r->other_khz) && !is_near(khz, r->khz))
        r->khz = khz;
    r->other_khz = khz;
}

/* ---- the source ---- */

struct freq {
    struct freq_probe probe;
    struct freq_rate rate;
    struct chain_reading last; /* when the rate was checked */
    int64_t check_ns;          /* when to check it again */
};

static void freq_close(void *state)
{
    free(state);
}

static int find_counter(const struct roots *roots, struct freq *f,
                        struct err *e)
{
    char *info = proc_text(roots->proc, "cpuinfo");
    char *flags = cpuinfo_value(info, "flags");
    int rc = chain_counter_check(flags, e);

    free(flags);
    free(info);
    if (rc == 0 && (f->rate.khz = chain_counter_khz()) == 0)
        rc = err_set(e, ERR_NONE, "the counter's rate cannot be told");
    return rc;
}

static int freq_open(void **state, const struct roots *roots,
                     struct channels *cs, struct strings *notes, struct err *e)
{
    struct freq *f = xcalloc(1, sizeof *f);

    (void)notes;
    if (find_counter(roots, f, e) < 0 ||
        freq_probe_init(&f->probe, &chain_timer_here, chain_latency(), e) < 0) {
        err_prefix(e, "the frequency probe is off");
        freq_close(f);
        return 0;
    }
    channels_add(cs, "freq.cycles", "cycle", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(cs, "freq.ticks", "tick", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(cs, "freq.rejected", "1", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(cs, "freq.khz", "kHz", CHANNEL_U64, CHANNEL_GAUGE, 0);
    *state = f;
    return 1;
}

/* Once a second, against a clock. */
static void check_rate(struct freq *f)
{
    int64_t now_ns = clock_monotonic_ns();
    struct chain_reading now;

    if (now_ns < f->check_ns)
        return;
    chain_read(&now);
    if (f->check_ns > 0)
        freq_rate_check(&f->rate, chain_khz_between(&f->last, &now));
    f->last = now;
    f->check_ns = now_ns + NS_PER_S;
}

static int freq_read(void *state, uint64_t *cells, struct err *e)
{
    struct freq *f = state;

    (void)e;
    check_rate(f);
    freq_probe_measure(&f->probe);
    cells[0] = f->probe.cycles;
    cells[1] = f->probe.ticks;
    cells[2] = f->probe.rejected;
    cells[3] = f->rate.khz;
    return 0;
}

const struct source source_freq = {"freq", freq_open, freq_read, freq_close};
