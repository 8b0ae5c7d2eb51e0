/*
 * What each group of signals costs a sample here: CPU time of reading it, after
 * 16 ms of sleep, when caches are cold, and in a tight loop.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/probe/probe.h"
#include "common/probe/ticker.h"

enum { SAMPLES = 151 };

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The median; -1 where it cannot be read. */
static double read_us(struct probe *p, bool asleep)
{
    uint64_t *cells = xcalloc(p->channels.n, sizeof *cells);
    int64_t ns[SAMPLES], missed;
    struct ticker t;
    struct err e;
    int rc = 0;

    ticker_start(&t, 16 * NS_PER_MS);
    for (int i = 0; i < SAMPLES && rc == 0; i++) {
        if (asleep)
            ticker_wait(&t, never, NULL, &missed);
        ns[i] = clock_cpu_ns();
        rc = probe_read(p, cells, &e);
        ns[i] = clock_cpu_ns() - ns[i];
    }
    free(cells);
    if (rc < 0)
        return -1;
    qsort(ns, SAMPLES, sizeof *ns, by_value);
    return (double)ns[SAMPLES / 2] / 1e3;
}

int main(void)
{
    static const char *const groups[] = {"stat",   "vmstat", "disk", "net",
                                         "mem",    "psi",    "freq", "sched",
                                         "cgroup", "percpu", "all"};
    const struct roots roots = {.proc = "/proc", .sys = "/sys"};

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        struct probe p;
        struct err e;
        double cold;

        if (probe_open(&p, &roots, "none", false, groups[i], &e) < 0) {
            fprintf(stderr, "bench-signals: %s: %s\n", groups[i], e.msg);
            continue;
        }
        cold = read_us(&p, true);
        printf("signals %s, %zu channels: CPU a sample, in a loop\t-\t"
               "%.1f us, %.1f us\t-\n",
               groups[i], p.channels.n, cold, read_us(&p, false));
        probe_close(&p);
    }
    return 0;
}
