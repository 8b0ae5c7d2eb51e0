#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <stdbool.h>

#include "common/probe/energy.h"
#include "common/probe/source.h"

/*
 * Every source of a recording, opened, and the channels they fill.  After
 * probe_open() a sample costs a pread() a file and nothing else: nothing is
 * allocated, opened or formatted any more.
 */
enum { PROBE_MAX_SOURCES = 16 };

struct probe_part {
    const struct source *source;
    bool open;
    void *state;
    size_t first, n;   /* its channels */
    struct err absent; /* why it is not open */
};

struct probe {
    struct channels channels; /* energy first, then the parts' */
    struct energy energy;     /* its channels are the first n_used */
    struct err no_energy;     /* why, where nothing serves */
    struct probe_part part[PROBE_MAX_SOURCES];
    size_t n_parts;
    struct strings notes; /* for people, collected while opening */
};

/* What probe_open() takes, and "all", which is all but percpu. */
#define PROBE_SIGNALS "stat,vmstat,disk,net,mem,psi,freq,sched,cgroup,percpu"

/*
 * Open energy, one of ENERGY_CHOICES, and the signals named in a list with
 * commas ("all": every one but percpu; "": none), and the control group that
 * roots name.  survey: look at every way to read energy.  A source that the
 * machine lacks is left out and says why in part[].absent; what people should
 * be told is in notes.  Returns 0, or -1 with e filled: an unknown name
 * (ERR_USAGE), nothing to record at all, or no such control group
 * (ERR_SYSTEM).
 */
int probe_open(struct probe *p, const struct roots *roots, const char *energy,
               bool survey, const char *signals, struct err *e);

/* Read a sample into channels.n cells, energy first. */
int probe_read(struct probe *p, uint64_t *cells, struct err *e);

/*
 * The first counter of `now` that was reset: it went back since `before`, is
 * none that wraps, and not by the few ticks that cpu.idle and cpu.iowait may.
 * -1 if none was.
 */
int probe_went_back(const struct channels *cs, const uint64_t *before,
                    const uint64_t *now);

void probe_close(struct probe *p);

#endif
