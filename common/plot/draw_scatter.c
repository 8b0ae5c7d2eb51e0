#include <float.h>
#include <math.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/plot/draws.h"

/* More points than this hide one another: their density is drawn. */
enum { MOST_POINTS = 3000, CELLS = 90, MOST_LETTERS = 28 };

struct range {
    double lo, hi;
};

static void stretch(struct range *r, double v)
{
    r->lo = v < r->lo ? v : r->lo;
    r->hi = v > r->hi ? v : r->hi;
}

static struct range of_rows(const struct picked *p)
{
    struct range r = {0, 1e-3};

    for (size_t i = 0; i < p->n; i++) {
        stretch(&r, (double)p->row[i].measured_w);
        stretch(&r, (double)p->row[i].predicted_w);
    }
    r.hi += .04 * (r.hi - r.lo);
    return r;
}

static void put_points(const struct picked *p, struct canvas *c)
{
    fputs("$p << EOD\n", c->f);
    for (size_t i = 0; i < p->n; i++)
        fprintf(c->f, "%.6g %.6g %u\n", (double)p->row[i].measured_w,
                (double)p->row[i].predicted_w, p->row[i].group);
    fputs("EOD\n", c->f);
}

/* Groups that have a colour of their own: all, or the first of too many. */
static size_t own_colours(const struct picked *p)
{
    return p->groups.n <= CANVAS_COLOURS ? p->groups.n : CANVAS_COLOURS - 1;
}

static void plot_points(const struct picked *p, struct canvas *c)
{
    size_t own = own_colours(p);

    if (own < p->groups.n)
        fprintf(c->f,
                ", $p using ($3>=%zu ? $1 : NaN):2 with points pt 1 ps .45 lc "
                "rgb '#999999' title '%zu others'",
                own, p->groups.n - own);
    for (size_t g = 0; g < own; g++) {
        fprintf(c->f,
                ", $p using ($3==%zu ? $1 : NaN):2 with points pt %d ps .45 "
                "lc rgb '%s' title ",
                g, canvas_mark(g), canvas_colour(g));
        canvas_quote(c, p->groups.at[g], MOST_LETTERS);
    }
}

/* $p: middle of a cell, and the rows in it; empty cells are not there. */
static double put_cells(const struct picked *p, const struct range *r,
                        struct canvas *c)
{
    uint32_t *count = xcalloc(CELLS * CELLS, sizeof *count), most = 1;
    double step = (r->hi - r->lo) / CELLS;

    for (size_t i = 0; i < p->n; i++) {
        int x = (int)(((double)p->row[i].measured_w - r->lo) / step);
        int y = (int)(((double)p->row[i].predicted_w - r->lo) / step);
        uint32_t *at = &count[(y < CELLS ? y : CELLS - 1) * CELLS +
                              (x < CELLS ? x : CELLS - 1)];

        if (++*at > most)
            most = *at;
    }
    fputs("$p << EOD\n", c->f);
    for (int i = 0; i < CELLS * CELLS; i++)
        if (count[i])
            fprintf(c->f, "%.6g %.6g %u\n", r->lo + (i % CELLS + .5) * step,
                    r->lo + (i / CELLS + .5) * step, count[i]);
    fputs("EOD\n", c->f);
    free(count);
    fprintf(c->f,
            "set palette defined (0 '#d9ecf7', 1 '#56b4e9', 2 '#0072b2', 3 "
            "'#00243a')\nset logscale cb\nset cbrange [1:%u]\n"
            "set cblabel 'rows in a cell of %.2g W'\nset format cb '%%g'\n",
            most > 1 ? most : 2, step);
    return step / 2;
}

/* Letters of the longest entry of the key. */
static size_t longest(const struct picked *p)
{
    size_t most = 20; /* "predicted = measured" */

    for (size_t i = 0; i < p->groups.n && i < CANVAS_COLOURS; i++)
        if (strlen(p->groups.at[i]) > most)
            most = strlen(p->groups.at[i]);
    return most < MOST_LETTERS ? most : MOST_LETTERS;
}

/* As wide as it is high, so that the diagonal is one; right of it the bar of a
 * density, or `key` pixels for the key of points. */
static void put_square(struct canvas *c, bool bar, double key)
{
    double room_x = c->width - (bar ? 12 : 6.5) * c->em - key;
    double room_y = c->height - c->top - c->bottom;
    double side = room_x < room_y ? room_x : room_y;

    fprintf(c->f, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n",
            5.2 * c->em / c->width, (5.2 * c->em + side) / c->width);
    canvas_between(c, 1, room_y > 0 ? 1 - side / room_y : 0);
}

/* The key of points: right of them, or above where that is too narrow.  Returns
 * the pixels that it takes at the right. */
static double put_key(const struct picked *p, struct canvas *c)
{
    double wide = ((double)longest(p) * .56 + 4) * c->em;

    if (c->width < 2.4 * wide) {
        c->left = (int)(.7 * c->width); /* a column, whatever fits */
        canvas_key(c, own_colours(p) + 1 + (own_colours(p) < p->groups.n), 28);
        return 0;
    }
    fputs("set key at graph 1.02, graph 1 left top vertical reverse Left\n",
          c->f);
    return wide;
}

int draw_scatter(const struct picked *p, struct canvas *c, struct err *e)
{
    struct range r = of_rows(p);
    bool dense = p->n > MOST_POINTS;
    char caption[1024];
    double half = 0, key = 0;

    if (p->n == 0)
        return err_set(e, ERR_DATA,
                       "no row has both predicted and measured watts; --kind "
                       "time draws what is predicted");
    if (r.hi - r.lo > FLT_MAX)
        return err_set(e, ERR_DATA, "watts beyond all that can be drawn");
    picked_caption(p, true, caption, sizeof caption);
    canvas_begin(c, dense ? 640 : 820, dense ? 640 : 590,
                 "Predicted against measured power", caption);
    if (dense) {
        canvas_key(c, 1, 20);
        half = put_cells(p, &r, c);
    } else {
        key = put_key(p, c);
        put_points(p, c);
    }
    put_square(c, dense, key);
    fprintf(c->f, "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", r.lo,
            r.hi, r.lo, r.hi);
    fputs("set xlabel 'measured, W'\nset ylabel 'predicted, W'\n"
          "set style fill solid 1 noborder\n",
          c->f);
    if (dense)
        fprintf(c->f,
                "plot $p using 1:2:(%.6g):(%.6g):3 with boxxyerror lc palette "
                "notitle, x with lines lw 1.2 dt 2 lc rgb '#d55e00' title "
                "'predicted = measured'\n",
                half, half);
    else {
        fputs("plot x with lines lw 1.2 dt 2 lc rgb '#444444' title "
              "'predicted = measured'",
              c->f);
        plot_points(p, c);
        fputc('\n', c->f);
    }
    return 0;
}
