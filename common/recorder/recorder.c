#include "common/recorder/recorder.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "formats/sample.h"

void recorder_init(struct recorder *r, const struct recorder_plan *plan,
                   struct probe *probe)
{
    *r = (struct recorder){.plan = *plan, .probe = probe};
    r->marks = (struct marks){.probe = probe, .ticker = &r->ticker};
    r->now = xcalloc(probe->channels.n, sizeof *r->now);
    r->before = xcalloc(probe->channels.n, sizeof *r->before);
    ledger_init(&r->ledger, &probe->channels, plan->interval_ns);
    ledger_init(&r->part, &probe->channels, plan->interval_ns);
}

void recorder_watch(struct recorder *r, const struct watch_eyes *eyes,
                    const struct roots *roots)
{
    watch_open(&r->watch, eyes, roots, &r->probe->channels);
    r->marks.watch = &r->watch;
}

/* A row's time is real + elapsed, in whole microseconds: a timer is no better,
 * and they store smaller. */
static int64_t row_time(const struct recorder *r, int64_t mono_ns)
{
    int64_t t = r->start_real_ns + (mono_ns - r->start_mono_ns);

    return (t + NS_PER_US / 2) / NS_PER_US * NS_PER_US;
}

static int begin_file(struct recorder *r, struct err *e)
{
    const struct files_plan *plan = &r->files->plan;

    if (plan->every_ns > 0 || plan->size > 0)
        labels_setf(&r->header->meta, META_SEQUENCE, "%u", r->files->n);
    if (stream_writer_begin(r->files->out, r->header, e) < 0)
        return -1;
    return r->plan.flush_ns == 0 ? stream_writer_flush(r->files->out, e) : 0;
}

/* The ledger of the file under way, behind its last row. */
static int end_file(struct recorder *r, struct err *e)
{
    struct labels facts = {0};
    int rc = stream_writer_flush(r->files->out, e);

    r->part.bytes = stream_writer_bytes(r->files->out) - r->segments_bytes;
    r->segments_bytes += r->part.bytes;
    ledger_spent(&r->part);
    ledger_facts(&r->part, &facts);
    if (rc == 0)
        rc = stream_writer_trailer(r->files->out, &facts, e);
    ledger_add(&r->ledger, &r->part);
    ledger_restart(&r->part);
    labels_release(&facts);
    return rc;
}

/* The machine is another one from this row on, and so is the segment. */
static int move(struct recorder *r, struct err *e)
{
    struct mark note = {r->t_ns, MARK_NOTE, 0,
                        "the machine is another: see the header"};

    if (end_file(r, e) < 0)
        return -1;
    watch_describe(&r->watch, &r->header->meta);
    return begin_file(r, e) < 0 ? -1
                                : stream_writer_mark(r->files->out, &note, e);
}

static int take(struct recorder *r, bool first, int64_t missed, struct err *e)
{
    struct moment at = {.mono_ns = clock_monotonic_ns(), .missed = missed};
    struct stream_writer *out = r->files->out;
    uint64_t *swap = r->before;

    r->before = r->now;
    r->now = swap;
    r->mono_ns = at.mono_ns;
    r->t_ns = at.t_ns = row_time(r, at.mono_ns);
    at.before = r->before;
    at.now = r->now;
    if (probe_read(r->probe, r->now, e) < 0)
        return -1;
    ledger_row(&r->part, first ? NULL : r->before, r->now,
               clock_monotonic_ns() - at.mono_ns);
    if (!first && marks_put(&r->marks, out, &at, e) < 0)
        return -1;
    if (r->marks.moved && move(r, e) < 0)
        return -1;
    if (stream_writer_row(out, at.t_ns, r->now, e) < 0)
        return -1;
    if (at.mono_ns - r->flushed_ns < r->plan.flush_ns)
        return 0;
    r->flushed_ns = at.mono_ns;
    return stream_writer_flush(out, e);
}

/* Go on in another file, which begins with the row that ends this one. */
static int rotate(struct recorder *r, struct err *e)
{
    if (end_file(r, e) < 0 || files_next(r->files, r->mono_ns, e) < 0)
        return -1;
    r->segments_bytes = 0;
    if (begin_file(r, e) < 0)
        return -1;
    return stream_writer_row(r->files->out, r->t_ns, r->now, e);
}

static int record(struct recorder *r, struct err *e)
{
    const struct recorder_plan *plan = &r->plan;
    int64_t end_ns = INT64_MAX, missed = 0;

    ledger_spent(&r->part);
    ledger_restart(&r->part); /* what it took to begin does not count */
    ticker_start(&r->ticker, plan->interval_ns);
    r->start_mono_ns = r->flushed_ns = clock_monotonic_ns();
    r->start_real_ns = clock_realtime_ns();
    if (plan->duration_ns > 0)
        end_ns = r->ticker.next_ns - plan->interval_ns + plan->duration_ns;
    for (int64_t n = 1;; n++) {
        if (take(r, n == 1, missed, e) < 0)
            return -1;
        if (n == 1)
            files_start(r->files, r->mono_ns);
        if (n == plan->count || r->ticker.next_ns > end_ns)
            return 0;
        if (files_due(r->files, r->mono_ns) && rotate(r, e) < 0)
            return -1;
        if (!ticker_wait(&r->ticker, r->stop, r->stop_arg, &missed))
            return 0;
        ledger_tick(&r->part, r->ticker.late_ns, missed);
        if (r->ticker.next_ns - plan->interval_ns > end_ns)
            return 0; /* woken when all was over */
    }
}

int recorder_run(struct recorder *r, struct files *files,
                 struct stream_header *h, struct err *e)
{
    r->files = files;
    r->header = h;
    if (begin_file(r, e) < 0 || record(r, e) < 0 ||
        marks_end(&r->marks, files->out, row_time(r, clock_monotonic_ns()), e) <
            0)
        return -1;
    return end_file(r, e);
}

void recorder_release(struct recorder *r)
{
    free(r->now);
    free(r->before);
    if (r->marks.watch)
        watch_close(&r->watch);
    ledger_release(&r->part);
    ledger_release(&r->ledger);
    *r = (struct recorder){0};
}
