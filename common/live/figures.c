#include "common/live/pen.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"

enum {
    LABEL = 10, /* columns of what a figure is called */
    TINY = 36,  /* columns below which even more words are left out */
    BARS = 42   /* column where the bars of parts begin, if it can be */
};

static void local_time(int64_t t_ns, bool with_day, char out[LAYOUT_TEXT])
{
    time_t t = (time_t)(t_ns / NS_PER_S);
    struct tm tm;

    out[0] = '\0';
    if (localtime_r(&t, &tm) && with_day)
        strftime(out, LAYOUT_TEXT, "recorded %F %T", &tm);
    else if (localtime_r(&t, &tm))
        strftime(out, LAYOUT_TEXT, "%T", &tm);
}

/* What the figures are of: never an old one as if it were new. */
static enum ink tell_time(const struct pen *n, char out[LAYOUT_TEXT])
{
    const struct live *v = n->v;

    if (!v->row_t_ns) {
        snprintf(out, LAYOUT_TEXT, "no sample yet");
    } else if (live_is_stale(v, n->now_ns)) {
        snprintf(out, LAYOUT_TEXT, "%s%.0f s old",
                 n->p->cols < TINY ? "" : "last sample is ",
                 live_age_s(v, n->now_ns));
        return INK_BAD;
    } else if (live_is_waiting(v)) {
        snprintf(out, LAYOUT_TEXT, "%zu of %zu rows of a window", v->span,
                 window_span(v->model.spec));
        return INK_FAIR;
    } else if (live_is_recording(v)) {
        local_time(v->row_t_ns, true, out);
    } else {
        local_time(v->row_t_ns, false, out);
    }
    return INK_TITLE;
}

void figures_title(struct pen *n)
{
    const struct live *v = n->v;
    struct sheet *p = n->p;
    char when[LAYOUT_TEXT];
    enum ink ink = tell_time(n, when);
    size_t col;

    sheet_ink_row(p, n->row, INK_TITLE);
    col = sheet_put(p, n->row, n->left, INK_TITLE, "rapl-infer: %s",
                    v->model.name);
    if (v->where && *v->where && n->wide)
        sheet_put(p, n->row, col, INK_TITLE, " on %s", v->where);
    sheet_put_right(p, n->row, p->cols - n->left, ink, "%s%s%s",
                    n->wide ? "  " : " ", v->paused ? "PAUSED: " : "", when);
    n->row++;
}

static size_t put_label(struct pen *n, const char *label)
{
    sheet_put(n->p, n->row, n->left, INK_DIM, "%s", label);
    return n->left + LABEL;
}

/* Watts in the place where all watts stand; returns the column behind. */
static size_t put_watts(struct pen *n, const char *label, double w,
                        enum ink ink)
{
    size_t col = put_label(n, label);

    return sheet_put(n->p, n->row, col, ink, "%8.2f W", w);
}

void figures_predicted(struct pen *n)
{
    const struct second_mean *m = &n->v->now;
    size_t col;

    if (!n->v->any) {
        col = put_label(n, "predicted");
        sheet_put(n->p, n->row++, col, INK_DIM, "%8s    nothing yet", "-");
        return;
    }
    col = put_watts(n, "predicted", m->power_w, n->figure);
    if (isfinite(m->lower_w))
        sheet_put(n->p, n->row, col, INK_PLAIN, "  %.1f to %.1f W%s",
                  m->lower_w, m->upper_w, n->wide ? " holds 90 %" : "");
    else
        sheet_put(n->p, n->row, col, INK_BAD, "  no interval");
    n->row++;
}

/* How far off, by the share of what was measured. */
static enum ink error_ink(double error_w, double measured_w)
{
    double share = fabs(error_w) / fmax(fabs(measured_w), 1);

    return share <= .1 ? INK_GOOD : share <= .25 ? INK_FAIR : INK_BAD;
}

static void put_error(struct pen *n, size_t col, double error_w,
                      double measured_w)
{
    enum ink ink = error_ink(error_w, measured_w);

    col = sheet_put(n->p, n->row, col, INK_PLAIN, "  error ");
    col = sheet_put(n->p, n->row, col, ink, "%+.2f W", error_w);
    if (measured_w >= 1)
        sheet_put(n->p, n->row, col, ink, " %+.0f %%",
                  100 * error_w / measured_w);
}

void figures_measured(struct pen *n)
{
    const struct second_mean *m = &n->v->now;
    size_t col;

    if (n->v->any && isfinite(m->measured_w)) {
        col = put_watts(n, "measured", m->measured_w, n->figure);
        put_error(n, col, m->error_w, m->measured_w);
    } else {
        col = put_label(n, "measured");
        sheet_put(n->p, n->row, col, INK_DIM, "%8s    no counter here", "-");
    }
    n->row++;
}

static size_t column_of(const struct pen *n, size_t width, double w)
{
    double share = fmin(fmax(w / n->top, 0), 1);

    return n->left + (size_t)lround(share * (double)(width - 1));
}

void figures_scale(struct pen *n)
{
    const struct second_mean *m = &n->v->now;
    size_t width = n->width > 10 ? n->width - 10 : 1;

    for (size_t c = 0; c < width; c++)
        sheet_mark(n->p, n->row, n->left + c, GLYPH_RULE, INK_DIM);
    sheet_put(n->p, n->row, n->left + width, INK_DIM, " %.0f W", n->top);
    for (size_t c = column_of(n, width, m->lower_w);
         isfinite(m->lower_w) && c <= column_of(n, width, m->upper_w); c++)
        sheet_mark(n->p, n->row, c, GLYPH_SPREAD, INK_PREDICTED);
    sheet_mark(n->p, n->row, column_of(n, width, m->power_w), GLYPH_PREDICTED,
               INK_PREDICTED);
    if (isfinite(m->measured_w))
        sheet_mark(n->p, n->row, column_of(n, width, m->measured_w),
                   GLYPH_MEASURED, INK_MEASURED);
    n->row++;
}

void figures_parts(struct pen *n)
{
    const struct second_mean *m = &n->v->now;
    size_t col, from;
    double a, b;

    if (!n->v->any || !isfinite(m->idle_w)) {
        col = put_label(n, "idle");
        sheet_put(n->p, n->row++, col, INK_DIM, "%8s    not told", "-");
        return;
    }
    col = put_watts(n, "idle", m->idle_w, n->figure);
    col = sheet_put(n->p, n->row, col, INK_DIM, "  dynamic ");
    from = sheet_put(n->p, n->row, col, n->figure, "%.2f W",
                     m->power_w - m->idle_w);
    from = from + 2 > BARS ? from + 2 : BARS;
    if (n->wide && n->left + n->width > from + 10) {
        double width = (double)(n->left + n->width - from) / n->top;

        a = (double)from + fmin(fmax(m->idle_w, 0), n->top) * width;
        b = (double)from + fmin(fmax(m->power_w, 0), n->top) * width;
        sheet_bar(n->p, n->row, (double)from, a, INK_IDLE);
        sheet_bar(n->p, n->row, ceil(a), b, INK_PREDICTED);
    }
    n->row++;
}

void figures_support(struct pen *n)
{
    double s = n->v->now.support, low = n->v->model.support_low;
    bool too_low = !(s >= low), less = !(s >= (1 + low) / 2);
    enum ink ink = too_low ? INK_BAD : less ? INK_FAIR : INK_GOOD;
    size_t col = put_label(n, "support");

    if (n->v->any) {
        col = sheet_put(n->p, n->row, col, n->figure, "%8.2f  ", s);
        sheet_put(n->p, n->row, col, ink, "  %s",
                  too_low ? "not to be trusted"
                  : less  ? "less like training"
                          : "like the training");
    }
    n->row++;
}

static size_t put_sum(struct pen *n, const char *label,
                      const struct live_sum *s, const char *in)
{
    char energy[LAYOUT_TEXT], time[LAYOUT_TEXT];
    size_t col = put_label(n, label);

    if (s->time_s > 0) {
        col = sheet_put(n->p, n->row, col, INK_PLAIN, "%10s",
                        layout_energy(s->energy_j, energy));
        col = sheet_put(n->p, n->row, col, INK_PLAIN, "  %s %s", in,
                        layout_time(s->time_s, time));
        if (n->wide)
            col = sheet_put(n->p, n->row, col, INK_PLAIN, ", mean %.2f W",
                            s->energy_j / s->time_s);
    }
    return col;
}

void figures_energy(struct pen *n)
{
    put_sum(n, "energy", &n->v->predicted, "in");
    n->row++;
}

void figures_measured_energy(struct pen *n)
{
    const struct live *v = n->v;
    size_t col = put_sum(n, "", &v->measured, "measured in");

    if (n->wide && v->measured.time_s > 0)
        sheet_put(n->p, n->row, col, INK_PLAIN, ", MAE %.2f W",
                  v->error_j / v->measured.time_s);
    n->row++;
}

void figures_domains(struct pen *n)
{
    const struct strings *names = &n->v->model.form->domains;

    for (size_t i = 0; i < names->n; i++, n->row++) {
        const struct second_domain *d = &n->v->now.domain[i];
        size_t col = put_watts(n, names->at[i], d->power, n->figure);

        if (isfinite(d->lower))
            col = sheet_put(n->p, n->row, col, INK_PLAIN, "  %.1f to %.1f W",
                            d->lower, d->upper);
        if (isfinite(d->measured) && n->wide) {
            col = sheet_put(n->p, n->row, col, INK_PLAIN, "  measured %.2f W",
                            d->measured);
            put_error(n, col, d->power - d->measured, d->measured);
        }
    }
}

void figures_message(struct pen *n, size_t rows)
{
    const char *text = n->v->message;

    for (; rows > 0; rows--, n->row++) {
        size_t len = strnlen(text, n->width);

        sheet_put(n->p, n->row, n->left, INK_FAIR, "%.*s", (int)len, text);
        text += len;
    }
}

void figures_keys(struct pen *n)
{
    sheet_put(n->p, n->row++, n->left, INK_DIM, "q quit   p %s",
              n->v->paused ? "go on" : "pause");
}
