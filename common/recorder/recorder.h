#ifndef RECORDER_RECORDER_H
#define RECORDER_RECORDER_H

#include <stdbool.h>

#include "common/probe/probe.h"
#include "common/probe/ticker.h"
#include "common/recorder/marks.h"
#include "formats/stream.h"

/*
 * The loop of a recording: at each tick a sample of the probe becomes a row,
 * behind the marks that it needs.  Once it runs, nothing is allocated, opened
 * or formatted.
 */
struct recorder_plan {
    int64_t interval_ns;
    int64_t duration_ns, count; /* 0: no end of that kind */
    int64_t flush_ns;           /* what a crash may lose; 0: nothing */
};

struct recorder {
    struct recorder_plan plan;
    struct probe *probe;       /* borrowed */
    struct stream_writer *out; /* borrowed */
    bool (*stop)(void *arg);   /* asked at each tick, and when woken up */
    void *stop_arg;
    struct ticker ticker;
    struct marks marks;
    uint64_t *now, *before; /* a cell a channel */
    int64_t start_real_ns, start_mono_ns;
    int64_t flushed_ns; /* CLOCK_MONOTONIC */
};

/* `r` must stay where it is until it is released. */
void recorder_init(struct recorder *r, const struct recorder_plan *plan,
                   struct probe *probe);

/*
 * Write a segment with that header: rows until the plan ends it, or stop().
 * Returns 0, or -1 with e filled; the segment is left open.
 */
int recorder_run(struct recorder *r, struct stream_writer *out,
                 const struct stream_header *h, struct err *e);

void recorder_release(struct recorder *r);

#endif
