#include "common/recorder/marks.h"

static int put(struct stream_writer *w, int64_t t_ns, enum mark_kind kind,
               int64_t value, const char *text, struct err *e)
{
    struct mark m = {t_ns, kind, value, text};

    return value ? stream_writer_mark(w, &m, e) : 0;
}

/*
 * What the watch has seen.  The wall clock runs on while a machine is
 * suspended, and that is no step of it.
 */
static int put_news(struct marks *m, struct stream_writer *w,
                    const struct moment *at, struct err *e)
{
    struct mark steal = {at->t_ns, MARK_NOTE, 0, "steal: % of CPU time"};
    struct news news;

    if (!m->watch)
        return 0;
    watch_row(m->watch, at->mono_ns, at->now, &news);
    m->moved = news.machine_changed;
    m->ticker->real_less_ns += news.suspended_ns;
    steal.value = news.steal_pct;
    if (news.steal_changed && stream_writer_mark(w, &steal, e) < 0)
        return -1;
    return put(w, at->t_ns, MARK_CLOCK, news.suspended_ns, "suspended", e);
}

static int put_notes(struct marks *m, struct stream_writer *w, int64_t t_ns,
                     struct err *e)
{
    struct mark note = {t_ns, MARK_NOTE, 0, ""};

    while (m->notes && (note.text = notes_next(m->notes)))
        if (stream_writer_mark(w, &note, e) < 0)
            return -1;
    return 0;
}

int marks_end(struct marks *m, struct stream_writer *w, int64_t t_ns,
              struct err *e)
{
    return put_notes(m, w, t_ns, e);
}

int marks_put(struct marks *m, struct stream_writer *w, const struct moment *at,
              struct err *e)
{
    const struct channels *cs = &m->probe->channels;
    int back = probe_went_back(cs, at->before, at->now);
    struct mark reset = {at->t_ns, MARK_RESET, back, ""};

    if (put_news(m, w, at, e) < 0 || put_notes(m, w, at->t_ns, e) < 0 ||
        put(w, at->t_ns, MARK_GAP, at->missed, "missed ticks", e) < 0 ||
        put(w, at->t_ns, MARK_CLOCK, ticker_clock_step(m->ticker, at->mono_ns),
            "", e) < 0)
        return -1;
    if (back < 0)
        return 0;
    reset.text = cs->at[back].name;
    return stream_writer_mark(w, &reset, e);
}
