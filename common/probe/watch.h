#ifndef PROBE_WATCH_H
#define PROBE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/channel.h"
#include "common/base/labels.h"
#include "common/probe/source.h"

/*
 * What may happen to a machine behind a recorder's back: it is suspended, it
 * is moved to another processor, CPUs come and go, a hypervisor takes its time
 * away.  Once opened, looking allocates and opens nothing.
 *
 * The suspension is looked for at each row, since the row after it must not
 * follow from the one before; the rest once a second.
 */
enum { WATCH_TEXT = 256 };

/* How it sees what is in no file; tests bring eyes of their own. */
struct watch_eyes {
    int64_t (*boot_ns)(void *arg); /* CLOCK_BOOTTIME: runs when suspended */
    int64_t (*mono_ns)(void *arg); /* CLOCK_MONOTONIC: does not */
    /* The processor's own word for its model, "" where it has none.  Unlike
     * /proc/cpuinfo, which the kernel fills at boot, it tells after a move. */
    void (*model)(void *arg, char text[WATCH_TEXT]);
    void *arg;
};

extern const struct watch_eyes watch_eyes_here;

struct watch {
    struct watch_eyes eyes;
    const struct roots *roots; /* borrowed */
    int cpuinfo_fd, online_fd; /* -1: there is none */
    char model[WATCH_TEXT], cpuinfo[WATCH_TEXT], online[WATCH_TEXT];
    bool model_changed;     /* /proc/cpuinfo's is no longer true */
    int64_t slept_ns;       /* CLOCK_BOOTTIME less CLOCK_MONOTONIC, at least */
    int64_t look_ns;        /* when to look at the rest again */
    int steal, first, last; /* channels: cpu.steal; all times; -1: not there */
    uint64_t stolen_ticks, all_ticks; /* when looked at last */
    bool stolen;
};

struct news {
    int64_t suspended_ns; /* 0: was not */
    bool steal_changed;   /* begins or ends to be much: */
    int steal_pct;        /* of the CPU time since it was looked at last */
    bool machine_changed; /* the processor, or the CPUs online */
};

enum {
    WATCH_STEAL_PCT = 10,    /* from here on it is much */
    WATCH_STEAL_OVER_PCT = 5 /* until it is less than this */
};

/* Look once; `cs` are the channels of the cells that come. */
void watch_open(struct watch *w, const struct watch_eyes *eyes,
                const struct roots *roots, const struct channels *cs);

/* What has happened by this row. */
void watch_row(struct watch *w, int64_t mono_ns, const uint64_t *cells,
               struct news *news);

/* Who the machine is now: machine_describe(), and the processor's own word
 * where that has changed. */
void watch_describe(const struct watch *w, struct labels *meta);

void watch_close(struct watch *w);

#endif
