#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include <stdbool.h>

#include "common/probe/probe.h"
#include "common/probe/ticker.h"
#include "common/recorder/files.h"
#include "common/recorder/ledger.h"
#include "common/recorder/marks.h"
#include "formats/stream.h"

/*
 * The loop of a recording: at each tick a sample of the probe becomes a row,
 * behind the marks that it needs.  Once it runs, nothing is allocated, opened
 * or formatted, but for a new file where the recording goes into several.
 */
struct recorder_plan {
    int64_t interval_ns;
    int64_t duration_ns, count; /* 0: no end of that kind */
    int64_t flush_ns;           /* what a crash may lose; 0: nothing */
};

struct recorder {
    struct recorder_plan plan;
    struct probe *probe;          /* borrowed */
    struct files *files;          /* borrowed */
    struct stream_header *header; /* borrowed */
    bool (*stop)(void *arg);      /* asked at each tick, and when woken up */
    void *stop_arg;
    struct ticker ticker;
    struct marks marks;
    struct watch watch;
    uint64_t *now, *before; /* a cell a channel */
    int64_t start_real_ns, start_mono_ns;
    int64_t t_ns, mono_ns;      /* of the row in now[] */
    int64_t flushed_ns;         /* CLOCK_MONOTONIC */
    uint64_t segments_bytes;    /* of those that ended in this file */
    struct ledger part, ledger; /* of the file under way; of all that ended */
};

/* `r` must stay where it is until it is released. */
void recorder_init(struct recorder *r, const struct recorder_plan *plan,
                   struct probe *probe);

/* Look out for what happens to the machine while it is recorded, with those
 * eyes. */
void recorder_watch(struct recorder *r, const struct watch_eyes *eyes,
                    const struct roots *roots);

/*
 * Write rows until the plan ends it, or stop(), and behind them as a trailer
 * the ledger.  Where the recording goes into several files, each has the whole
 * header, with its number as META_SEQUENCE, and a ledger of its own; the last
 * row of one is the first of the next, so that they share a border and nothing
 * lies between them.  Where the machine turns out to be another, a segment of
 * its own begins, whose header says what it is now.  Returns 0, or -1 with e
 * filled; the last segment is left open.
 */
int recorder_run(struct recorder *r, struct files *files,
                 struct stream_header *h, struct err *e);

void recorder_release(struct recorder *r);

#endif
