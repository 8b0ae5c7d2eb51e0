#include "common/recorder/marks.h"

static int put(struct stream_writer *w, int64_t t_ns, enum mark_kind kind,
               int64_t value, const char *text, struct err *e)
{
    struct mark m = {t_ns, kind, value, text};

    return value ? stream_writer_mark(w, &m, e) : 0;
}

int marks_put(struct marks *m, struct stream_writer *w, const struct moment *at,
              struct err *e)
{
    const struct channels *cs = &m->probe->channels;
    int back = probe_went_back(cs, at->before, at->now);
    struct mark reset = {at->t_ns, MARK_RESET, back, ""};

    if (put(w, at->t_ns, MARK_GAP, at->missed, "missed ticks", e) < 0 ||
        put(w, at->t_ns, MARK_CLOCK, ticker_clock_step(m->ticker, at->mono_ns),
            "", e) < 0)
        return -1;
    if (back < 0)
        return 0;
    reset.text = cs->at[back].name;
    return stream_writer_mark(w, &reset, e);
}
