#ifndef PROBE_SOURCE_H
#define PROBE_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/base/channel.h"
#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * What a recorder reads: one struct source a group of signals, each in a file
 * of its own.  A new one is a file and a line in probe.c.  Energy is apart, in
 * energy.h.
 */

struct perf_calls;

/* Where the machine is looked for: "/proc", "/sys" and "/dev" (NULL: there),
 * or a fixture's. */
struct roots {
    const char *proc, *sys, *dev;
    const struct perf_calls *perf; /* NULL: the kernel's; see perf.h */
    const char *cgroup; /* to record; NULL: the one that all are in */
    ssize_t (*msr_read)(int, void *, size_t, off_t); /* NULL: pread() */
};

struct source {
    const char *name; /* "stat", as --signals and --list call it */

    /*
     * Look for what this source reads, keep it open, append its channels.
     * *state is the source's own.  Returns 1; 0 where the machine has none of
     * it, with the reason in e; -1 with e filled.  What people should be told
     * (a permission to give, a twin left out) is added to notes.
     */
    int (*open)(void **state, const struct roots *roots, struct channels *cs,
                struct strings *notes, struct err *e);

    /* Fill one cell a channel, in the order of open().  Allocates, opens and
     * formats nothing.  Returns 0, or -1 with e filled. */
    int (*read)(void *state, uint64_t *cells, struct err *e);

    void (*close)(void *state); /* NULL is legal */
};

/* Signals, which any machine or guest may show. */
extern const struct source source_stat;    /* /proc/stat */
extern const struct source source_vmstat;  /* /proc/vmstat */
extern const struct source source_mem;     /* /proc/meminfo */
extern const struct source source_disk;    /* /proc/diskstats */
extern const struct source source_net;     /* /proc/net/dev */
extern const struct source source_psi;     /* /proc/pressure */
extern const struct source source_freq;    /* a chain of multiplications */
extern const struct source source_cpufreq; /* the kernel's word for it */
extern const struct source source_sched;   /* /proc/schedstat */
extern const struct source source_cgroup;  /* one container */
extern const struct source source_percpu;  /* /proc/stat, CPU by CPU */

#endif
