#include "common/recorder/recorder.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

void recorder_init(struct recorder *r, const struct recorder_plan *plan,
                   struct probe *probe)
{
    *r = (struct recorder){.plan = *plan, .probe = probe};
    r->marks = (struct marks){probe, &r->ticker};
    r->now = xcalloc(probe->channels.n, sizeof *r->now);
    r->before = xcalloc(probe->channels.n, sizeof *r->before);
}

/* A row's time is real + elapsed, in whole microseconds: a timer is no better,
 * and they store smaller. */
static int64_t row_time(const struct recorder *r, int64_t mono_ns)
{
    int64_t t = r->start_real_ns + (mono_ns - r->start_mono_ns);

    return (t + NS_PER_US / 2) / NS_PER_US * NS_PER_US;
}

static int take(struct recorder *r, bool first, int64_t missed, struct err *e)
{
    struct moment at = {.mono_ns = clock_monotonic_ns(), .missed = missed};
    uint64_t *swap = r->before;

    r->before = r->now;
    r->now = swap;
    at.t_ns = row_time(r, at.mono_ns);
    at.before = r->before;
    at.now = r->now;
    if (probe_read(r->probe, r->now, e) < 0)
        return -1;
    if (!first && marks_put(&r->marks, r->out, &at, e) < 0)
        return -1;
    if (stream_writer_row(r->out, at.t_ns, r->now, e) < 0)
        return -1;
    if (at.mono_ns - r->flushed_ns < r->plan.flush_ns)
        return 0;
    r->flushed_ns = at.mono_ns;
    return stream_writer_flush(r->out, e);
}

static int record(struct recorder *r, struct err *e)
{
    const struct recorder_plan *plan = &r->plan;
    int64_t end_ns = INT64_MAX, missed = 0;

    ticker_start(&r->ticker, plan->interval_ns);
    r->start_mono_ns = r->flushed_ns = clock_monotonic_ns();
    r->start_real_ns = clock_realtime_ns();
    if (plan->duration_ns > 0)
        end_ns = r->ticker.next_ns - plan->interval_ns + plan->duration_ns;
    for (int64_t n = 1;; n++) {
        if (take(r, n == 1, missed, e) < 0)
            return -1;
        if (n == plan->count || r->ticker.next_ns > end_ns)
            return 0;
        if (!ticker_wait(&r->ticker, r->stop, r->stop_arg, &missed))
            return 0;
    }
}

int recorder_run(struct recorder *r, struct stream_writer *out,
                 const struct stream_header *h, struct err *e)
{
    r->out = out;
    if (stream_writer_begin(out, h, e) < 0 ||
        (r->plan.flush_ns == 0 && stream_writer_flush(out, e) < 0))
        return -1;
    return record(r, e);
}

void recorder_release(struct recorder *r)
{
    free(r->now);
    free(r->before);
    *r = (struct recorder){0};
}
