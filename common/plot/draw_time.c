#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/plot/over_time.h"
#include "formats/prediction.h"
#include "formats/sample.h"

/* One above the other; a panel without values is left out. */
static const struct panel {
    const char *ylabel, *brief; /* where there is little room */
    bool log;
    struct curve {
        int series;
        const char *title;
        bool band; /* to the next series */
        size_t look;
    } curve[3];
    size_t n;
} PANELS[] = {
    {"CPU time, %",
     "CPU, %",
     false,
     {{OVER_USER, "user", false, 0},
      {OVER_SYSTEM, "system", false, 1},
      {OVER_IOWAIT, "iowait", false, 2}},
     3},
    {"busy, CPUs", "CPUs", false, {{OVER_BUSY, "busy", false, 0}}, 1},
    {"context switches, 1/s",
     "ctxt/s",
     true,
     {{OVER_CTXT, "all CPUs", false, 0}},
     1},
    {"power, W",
     "W",
     false,
     {{OVER_LOWER, "90 % interval", true, 5},
      {OVER_MEASURED, "measured", false, 6},
      {OVER_PREDICTED, "predicted", false, 1}},
     3},
    {"support, 0 to 1",
     "support",
     false,
     {{OVER_SUPPORT, "support", false, 0}},
     1},
};
enum { N_PANELS = sizeof PANELS / sizeof *PANELS };

struct axis {
    double per_s; /* units a second */
    const char *label;
};

static struct axis axis_of(int64_t ns)
{
    double s = (double)ns / 1e9;

    return s < 300          ? (struct axis){1, "time, s"}
           : s < 4 * 3600   ? (struct axis){1. / 60, "time, min"}
           : s < 96 * 3600. ? (struct axis){1. / 3600, "time, h"}
                            : (struct axis){1. / 86400, "time, days"};
}

static bool shown(const struct over_time *t, int p)
{
    bool any = false;

    for (size_t i = 0; i < PANELS[p].n; i++)
        any |= timebins_any(&t->bins, PANELS[p].curve[i].series);
    if (PANELS[p].curve[0].series == OVER_BUSY)
        return any && !timebins_any(&t->bins, OVER_USER);
    return any;
}

/* A number that gnuplot draws nothing for, or the number. */
static void put(FILE *f, double v)
{
    if (isfinite(v))
        fprintf(f, " %.7g", v);
    else
        fputs(" NaN", f);
}

/* $t: time, then mean, least, greatest of each series; a blank line where the
 * recording is broken. */
static void put_data(const struct over_time *t, FILE *f, double per_s)
{
    const struct timebins *b = &t->bins;

    fputs("$t << EOD\n", f);
    for (int64_t i = 0; i <= b->last; i++) {
        if (b->broken[i])
            fputc('\n', f);
        if (b->rows[i] == 0)
            continue;
        fprintf(f, "%.9g",
                ((double)i + .5) * (double)b->width_ns / 1e9 * per_s);
        for (size_t s = 0; s < b->S; s++) {
            const struct timebin *bin = timebins_at(b, i, s);

            put(f, bin->n ? bin->sum / (double)bin->n : NAN);
            put(f, bin->n ? (double)bin->min : NAN);
            put(f, bin->n ? (double)bin->max : NAN);
        }
        fputc('\n', f);
    }
    fputs("EOD\n", f);
}

static void put_notes(const struct over_time *t, struct canvas *c, double per_s,
                      bool words)
{
    size_t n = t->notes < OVER_NOTES ? (size_t)t->notes : OVER_NOTES;
    double near = 1.3 * c->em / c->width * (double)t->end_ns;
    size_t beside = 0, n_words = 0; /* texts that begin at the same place */
    int64_t was = 0;

    for (size_t i = 0; i < n; i++) {
        const struct over_note *note = &t->note[i];
        double x = (double)note->t_ns / 1e9 * per_s;

        if (!note->text && t->segments > OVER_BORDERS)
            continue;
        fprintf(c->f,
                "set arrow from first %.9g, graph 0 to first %.9g, graph 1 "
                "nohead lc rgb '%s' lw 1 dt %s back\n",
                x, x, note->text ? "#666666" : "#bbbbbb",
                note->text ? "2" : "1");
        if (!note->text || !words)
            continue;
        beside =
            n_words++ && (double)(note->t_ns - was) < near ? beside + 1 : 0;
        was = note->t_ns;
        fprintf(c->f, "set label ");
        canvas_quote(c, note->text, 30);
        fprintf(c->f,
                " at first %.9g, graph .97 right rotate by 90 offset character "
                "%.1f,0 tc rgb '#666666' font ',%.1f' front\n",
                x, .7 + 1.3 * (double)(beside % 6),
                (c->format == CANVAS_PNG ? .75 : 1) * .8 * c->em);
    }
}

/* Columns of a series in $t: its mean; least and greatest follow. */
static int column(int series)
{
    return 2 + 3 * series;
}

static void put_curve(struct canvas *c, const struct over_time *t,
                      const struct curve *curve, bool *first)
{
    static const int dashes[CANVAS_COLOURS] = {1, 2, 4, 5, 3, 1, 1};
    int at = column(curve->series);
    size_t i = curve->look;

    if (!timebins_any(&t->bins, curve->series))
        return;
    fputs(*first ? "plot " : ", ", c->f);
    *first = false;
    if (curve->band) {
        fprintf(c->f,
                "$t using 1:%d:%d with filledcurves fc rgb '#56b4e9' fs solid "
                ".3 title '%s'",
                at, column(curve->series + 1), curve->title);
        return;
    }
    if (t->bins.most > 1)
        fprintf(c->f,
                "$t using 1:%d:%d with filledcurves fc rgb '%s' fs solid .18 "
                "notitle, ",
                at + 1, at + 2, canvas_colour(i));
    fprintf(c->f,
            "$t using 1:%d with lines lw 1.4 dt %d lc rgb '%s' title '%s'", at,
            dashes[i % CANVAS_COLOURS], canvas_colour(i), curve->title);
    if (t->rows < 60)
        fprintf(c->f,
                ", $t using 1:%d with points pt %d ps .5 lc rgb '%s' notitle",
                at, canvas_mark(i), canvas_colour(i));
}

/* Fewer numbers on an axis with room for few: steps of 1, 2 or 5. */
static void put_steps(const struct over_time *t, const struct panel *panel,
                      FILE *f)
{
    double lo = INFINITY, hi = -INFINITY, step, ten;

    for (size_t i = 0; i < panel->n; i++)
        for (int64_t b = 0; b <= t->bins.last; b++) {
            const struct timebin *bin =
                timebins_at(&t->bins, b, (size_t)panel->curve[i].series);

            if (bin->n && (double)bin->min < lo)
                lo = (double)bin->min;
            if (bin->n && (double)bin->max > hi)
                hi = (double)bin->max;
        }
    step = (hi - lo) / 2;
    if (!(step > 0) || !isfinite(step))
        return;
    ten = pow(10, floor(log10(step)));
    fprintf(f, "set ytics %.6g\n",
            ten * (step / ten >= 5   ? 5
                   : step / ten >= 2 ? 2
                                     : 1));
}

static void put_panel(struct canvas *c, const struct over_time *t, int p,
                      bool last, double pixels, const struct axis *axis)
{
    const struct panel *panel = &PANELS[p];
    bool first = true, small = pixels < 9 * c->em;

    canvas_set(c, "ylabel", small ? panel->brief : panel->ylabel);
    fputs("set ytics autofreq\n", c->f);
    if (small && !panel->log)
        put_steps(t, panel, c->f);
    if (last) {
        canvas_set(c, "xlabel", axis->label);
        fputs("set format x '%g'\n", c->f);
    } else {
        fputs("unset xlabel\nset format x ''\n", c->f);
    }
    fputs(panel->log ? "set logscale y\nset format y '%.0s%c'\n"
                     : "unset logscale y\nset format y '%g'\n",
          c->f);
    fprintf(c->f, "set yrange [%s:%s]\n",
            panel->log                               ? "*"
            : panel->curve[0].series == OVER_SUPPORT ? "0"
                                                     : "0<*",
            panel->curve[0].series == OVER_SUPPORT ? "1.05" : "*");
    for (size_t i = 0; i < panel->n; i++)
        put_curve(c, t, &panel->curve[i], &first);
    fputc('\n', c->f);
}

static void title_of(const struct over_time *t, char *out, size_t size)
{
    const char *run = labels_get(&t->meta, META_RUN);
    const char *workload = labels_get(&t->meta, META_WORKLOAD);

    if (t->segments > 1)
        snprintf(out, size, "%" PRIu64 " recordings, one behind the other%s%s",
                 t->segments, !t->mixed && workload ? ": " : "",
                 !t->mixed && workload ? workload : "");
    else
        snprintf(out, size, "A recording over time%s%s%s%s",
                 workload || run ? ": " : "", workload ? workload : "",
                 workload && run ? ", " : "", run ? run : "");
}

static void caption_of(const struct over_time *t, char *out, size_t size)
{
    const char *model = labels_get(&t->meta, META_MODEL);
    const char *trained = labels_get(&t->meta, META_TRAINED_ON);
    bool measured = timebins_any(&t->bins, OVER_MEASURED);
    size_t n = 0;

    if (t->predicted)
        n += (size_t)snprintf(
            out + n, size - n,
            "Watts predicted by %.200s, trained on %.100s%s. ",
            model ? model : "a model", trained ? trained : "what it was",
            measured ? "; black: measured" : "; nothing was measured");
    else
        n += (size_t)snprintf(out + n, size - n, "%s ",
                              measured ? "Watts measured."
                                       : "No watts were measured.");
    if (t->bins.most > 1)
        n += (size_t)snprintf(out + n, size - n,
                              "%" PRIu64 " rows; lines are means over %.3g s, "
                              "bands from the least to the greatest. ",
                              t->rows, (double)t->bins.width_ns / 1e9);
    else
        n += (size_t)snprintf(out + n, size - n, "%" PRIu64 " rows. ", t->rows);
    if (t->gaps)
        n += (size_t)snprintf(out + n, size - n,
                              "%" PRIu64 " gaps break the lines. ", t->gaps);
    if (t->notes > OVER_NOTES)
        snprintf(out + n, size - n, "Of %" PRIu64 " marks the first %d. ",
                 t->notes, OVER_NOTES);
}

int over_time_draw(const struct over_time *t, struct canvas *c, struct err *e)
{
    struct axis axis = axis_of(t->end_ns);
    char title[512], caption[1024];
    int n = 0, at = 0;

    for (int p = 0; p < N_PANELS; p++)
        n += shown(t, p);
    if (n == 0)
        return err_set(e, ERR_DATA,
                       "nothing to draw over time: no rows with CPU time, "
                       "context switches, watts or support");
    title_of(t, title, sizeof title);
    caption_of(t, caption, sizeof caption);
    canvas_begin(c, 900, 160 + 170 * n, title, caption);
    put_data(t, c->f, axis.per_s);
    fprintf(c->f,
            "set multiplot\nset lmargin at screen %.4f\n"
            "set rmargin at screen %.4f\nset xrange [0:%.9g]\n"
            "set key at graph 1,1 right bottom horizontal maxrows 1\n",
            5.2 * c->em / c->width, 1 - 1.2 * c->em / c->width,
            (double)(t->end_ns > 0 ? t->end_ns : 1) / 1e9 * axis.per_s);
    for (int p = 0; p < N_PANELS; p++)
        if (shown(t, p)) {
            canvas_panel(c, at, n);
            put_notes(t, c, axis.per_s, at == 0);
            put_panel(c, t, p, ++at == n,
                      (c->height - c->top - c->bottom) / (double)n, &axis);
        }
    fputs("unset multiplot\n", c->f);
    return 0;
}
