/*
 * The frequency probe here: what it says of the core, how often it says the
 * same, and what it costs a sample, asleep in between as a recorder is and in a
 * tight loop.  Where it is off, why.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/probe/chain.h"
#include "common/probe/freq.h"
#include "common/probe/probe.h"
#include "common/probe/ticker.h"

enum { SAMPLES = 600 };

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *v, size_t n) // n > 0
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

struct result {
    double ratio[SAMPLES], us[SAMPLES];
    size_t n, rejected, failed;
};

/* Measure SAMPLES times, each at a tick of 16 ms or at once. */
static void measure(struct freq_probe *p, bool asleep, struct result *r)
{
    uint64_t rejected = p->rejected;
    struct ticker t;
    int64_t missed;

    *r = (struct result){0};
    ticker_start(&t, 16 * NS_PER_MS);
    for (int i = 0; i < SAMPLES; i++) {
        uint64_t cycles = p->cycles, ticks = p->ticks;
        int64_t start;

        if (asleep)
            ticker_wait(&t, never, NULL, &missed);
        start = clock_monotonic_ns();
        if (!freq_probe_measure(p)) {
            r->failed++;
            continue;
        }
        r->us[r->n] = (double)(clock_monotonic_ns() - start) / 1e3;
        r->ratio[r->n++] =
            (double)(p->ticks - ticks) / (double)(p->cycles - cycles);
    }
    r->rejected = p->rejected - rejected;
}

static void print_result(const char *when, struct result *r, double ghz)
{
    double mean = 0, square = 0, us;

    if (r->n == 0) {
        printf("frequency probe, %s: no undisturbed run\t-\t0\tno\n", when);
        return;
    }
    us = median(r->us, r->n);
    for (size_t i = 0; i < r->n; i++)
        mean += r->ratio[i] / (double)r->n;
    for (size_t i = 0; i < r->n; i++)
        square += (r->ratio[i] - mean) * (r->ratio[i] - mean);
    printf("frequency probe, %s: a sample\t10 us\t%.1f us\t%s\n", when, us,
           us <= 10 ? "ok" : "no");
    printf(
        "frequency probe, %s: ticks a cycle\t-\t%.4f +- %.4f (%.3f GHz)\t-\n",
        when, mean, sqrt(square / (double)r->n), ghz / mean);
    qsort(r->ratio, r->n, sizeof *r->ratio, by_value);
    printf("frequency probe, %s: nine in ten within\t-\t%.4f to %.4f\t-\n",
           when, r->ratio[r->n / 20], r->ratio[r->n - 1 - r->n / 20]);
    printf("frequency probe, %s: runs thrown away, samples without a clock"
           "\t-\t%zu, %zu of %d\t-\n",
           when, r->rejected, r->failed, SAMPLES);
}

int main(void)
{
    const struct roots roots = {.proc = "/proc", .sys = "/sys"};
    static struct result r;
    struct probe probe;
    struct freq_probe p;
    struct err e;
    double ghz;

    if (probe_open(&probe, &roots, "none", false, "stat,freq", &e) < 0 ||
        channels_find(&probe.channels, "freq.khz") < 0) {
        fprintf(stderr, "bench-freq: %s\n", probe.part[1].absent.msg);
        return 0;
    }
    probe_close(&probe);
    ghz = (double)chain_counter_khz() * 1e-6;
    if (freq_probe_init(&p, &chain_timer_here, chain_latency(), &e) < 0) {
        fprintf(stderr, "bench-freq: %s\n", e.msg);
        return 0;
    }
    measure(&p, true, &r);
    print_result("each 16 ms", &r, ghz);
    measure(&p, false, &r);
    print_result("in a loop", &r, ghz);
    return 0;
}
