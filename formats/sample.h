#ifndef FORMATS_SAMPLE_H
#define FORMATS_SAMPLE_H

#include "formats/stream.h"

/*
 * Sample streams: what a machine showed, as read.  The channels are named in
 * doc/format-sample.md (cpu.user in ticks or %, ctxt, energy:ZONE in uJ,
 * power:ZONE in W, ...); the time of a row is in ns since 1970, advanced by a
 * clock that nobody steps.
 *
 * Keys of the metadata; every other key is a label of the user's.
 */
#define META_RUN "run"
#define META_WORKLOAD "workload"
#define META_MACHINE "machine"
#define META_SESSION "session" /* what was recorded in one sitting */
#define META_HOST "host"
#define META_CPU_MODEL "cpu_model"
#define META_CPUS "cpus"             /* logical CPUs online */
#define META_USER_HZ "user_hz"       /* ticks a second of cpu.* */
#define META_INTERVAL "interval_ns"  /* nominal */
#define META_HYPERVISOR "hypervisor" /* or "none" */
#define META_ENERGY "energy_source"  /* "powercap", "perf", "msr", ... */
#define META_SEQUENCE "sequence"     /* which file of a recording, from 1 */
#define META_SOURCE "source"         /* the file a log was imported from */
#define META_ENERGY_MISSING \
    "energy_missing" /* zones that are there and are not recorded */

/* Nominal interval of the segment; -1 with e filled if absent or absurd. */
int sample_interval_ns(const struct stream_header *h, int64_t *ns,
                       struct err *e);

#endif
