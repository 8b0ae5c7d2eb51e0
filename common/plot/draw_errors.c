#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/plot/draws.h"
#include "common/plot/rows.h"

enum { BARS = 60, QUANTILES = 5 };

static const double SHARE[QUANTILES] = {.05, .25, .5, .75, .95};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double error_of(const struct picked_row *row)
{
    return (double)row->predicted_w - (double)row->measured_w;
}

/* The errors of a group (all of them: -1), in order. */
static size_t errors_of(const struct picked *p, int64_t group, double *out)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        if (group < 0 || p->row[i].group == group)
            out[n++] = error_of(&p->row[i]);
    qsort(out, n, sizeof *out, by_value);
    return n;
}

/* $h: bars over all errors but for one in a thousand at either end, which the
 * outermost bars hold. */
static void put_histogram(const double *error, size_t n, struct canvas *c)
{
    double lo = error[n / 1000], hi = error[n - 1 - n / 1000], step;
    size_t count[BARS] = {0};

    if (!(hi > lo))
        lo -= .5, hi += .5;
    step = (hi - lo) / BARS;
    for (size_t i = 0; i < n; i++) {
        double at = (error[i] - lo) / step;

        count[at < 0 ? 0 : at >= BARS ? BARS - 1 : (size_t)at]++;
    }
    fputs("$h << EOD\n", c->f);
    for (int i = 0; i < BARS; i++)
        fprintf(c->f, "%.6g %.6g %.6g\n", lo + (i + .5) * step,
                100. * (double)count[i] / (double)n, step);
    fprintf(c->f, "EOD\nset xrange [%.9g:%.9g]\n", lo - step, hi + step);
}

/* $g: quantiles of each group and the row that they stand in. */
static void put_groups(const struct picked *p, double *error, struct canvas *c)
{
    fputs("$g << EOD\n", c->f);
    for (size_t g = 0; g < p->groups.n; g++) {
        size_t n = errors_of(p, (int64_t)g, error);

        if (n == 0)
            continue;
        fprintf(c->f, "%zu", p->groups.n - g);
        for (int q = 0; q < QUANTILES; q++)
            fprintf(c->f, " %.6g", error[(size_t)(SHARE[q] * (double)(n - 1))]);
        fputc('\n', c->f);
    }
    fputs("EOD\n", c->f);
}

static void plot_groups(const struct picked *p, double share, struct canvas *c)
{
    fputs("unset label\nset autoscale x\nunset arrow\n"
          "set xlabel 'predicted - measured, W'\nunset ylabel\n",
          c->f);
    rows_names(c, share, p->groups.at, p->groups.n);
    fputs(
        "set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb "
        "'#444444' dt 2 back\n"
        "plot $g using 2:1:($6-$2):(0) with vectors nohead lw 1.2 lc rgb "
        "'#0072b2' title '90 % inside'"
        ", $g using 3:1:($5-$3):(0) with vectors nohead lw 5 lc rgb '#56b4e9' "
        "title '50 % inside'"
        ", $g using 4:1 with points pt 7 ps .7 lc rgb '#000000' title "
        "'median'\n",
        c->f);
}

int draw_errors(const struct picked *p, struct canvas *c, struct err *e)
{
    double *error = xcalloc(p->n + 1, sizeof *error), cut;
    bool groups = p->groups.n > 1;
    char caption[1024];
    size_t n = errors_of(p, -1, error);

    if (n == 0) {
        free(error);
        return err_set(e, ERR_DATA,
                       "no row has both predicted and measured watts; --kind "
                       "time draws what is predicted");
    }
    picked_caption(p, true, caption, sizeof caption);
    canvas_begin(c, 760, 430 + (groups ? 70 + rows_height(p->groups.n) : 0),
                 groups ? "Errors, and errors by group" : "Errors", caption);
    if (groups)
        canvas_key(c, 3, 12);
    put_histogram(error, n, c);
    fprintf(c->f,
            "set multiplot\nset lmargin at screen %.4f\n"
            "set rmargin at screen %.4f\n",
            5.2 * c->em / c->width, 1 - 1.5 * c->em / c->width);
    cut = groups ? 1 - 250. / (320 + rows_height(p->groups.n)) : 0;
    canvas_between(c, 1, cut);
    fputs("set yrange [0:*]\nset ylabel 'rows, %'\n"
          "set xlabel 'predicted - measured, W' offset 0,.3\n"
          "set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb "
          "'#444444' dt 2 front\n"
          "plot $h using 1:2:3 with boxes fs solid .8 border rgb '#ffffff' lc "
          "rgb '#0072b2' notitle\n",
          c->f);
    if (groups) {
        double below = 4.6 * c->em / (c->height - c->top - c->bottom);

        cut = cut - below > .1 ? cut - below : cut * .7;
        canvas_between(c, cut, 0);
        put_groups(p, error, c);
        plot_groups(p, cut, c);
    }
    fputs("unset multiplot\n", c->f);
    free(error);
    return 0;
}
