#include "common/live/pen.h"

#include <stdlib.h>

#include "common/base/xalloc.h"

enum {
    Y_AXIS = 8, /* columns of watts beside a chart */
    ADDS = 35,  /* column of what a signal adds */
    MAX_COLUMNS = TRAIL_SLOTS
};

/* One series over the columns from `col` on. */
static size_t put_series(struct pen *n, size_t series, size_t col,
                         size_t height, const struct range *range, enum ink ink)
{
    float v[MAX_COLUMNS];
    int64_t ahead = live_seconds_since(n->v, n->now_ns);
    size_t C = n->left + n->width - col, seconds;
    struct range own = {NAN, NAN};

    if (C > MAX_COLUMNS)
        C = MAX_COLUMNS;
    seconds = trail_columns(&n->v->trail, series, ahead, C, v);
    range_hold(&own, v, C);
    range_round(&own);
    sheet_chart(n->p, n->row, col, height, v, C, range ? range : &own, ink);
    return seconds * C;
}

/* Watts of both curves share an axis. */
static struct range watts_range(const struct pen *n, size_t C)
{
    int64_t ahead = live_seconds_since(n->v, n->now_ns);
    float v[MAX_COLUMNS];
    struct range r = {NAN, NAN};

    if (C > MAX_COLUMNS)
        C = MAX_COLUMNS;
    for (size_t s = LIVE_PREDICTED; s <= LIVE_MEASURED; s++) {
        trail_columns(&n->v->trail, s, ahead, C, v);
        range_hold(&r, v, C);
    }
    range_round(&r);
    return r;
}

static bool has_adds(const struct pen *n)
{
    return n->wide && isfinite(n->v->signal[0].adds_w);
}

/* Where the curves of signals begin, right of their figures. */
static size_t spark_column(const struct pen *n)
{
    return n->left + (has_adds(n) ? ADDS + 15 : n->wide ? ADDS + 1 : 27);
}

/* Beside its figures, as signals are, or where room is short alone. */
void curves_low(struct pen *n)
{
    size_t col = n->wide ? spark_column(n) : n->left, seconds;
    struct range r = watts_range(n, n->left + n->width - col);
    char time[LAYOUT_TEXT];

    seconds = put_series(n, LIVE_PREDICTED, col, 1, &r, INK_PREDICTED);
    if (n->wide)
        sheet_put(n->p, n->row, n->left, INK_DIM, "watts of the last %s",
                  layout_time((double)seconds, time));
    n->row++;
}

/* Below a line that says what it is, beside its axis. */
void curves_watts(struct pen *n, size_t series, size_t rows)
{
    bool measured = series == LIVE_MEASURED;
    size_t col = n->left + (n->wide ? Y_AXIS : 0), height = rows - 1, seconds;
    struct range r = watts_range(n, n->left + n->width - col);
    char time[LAYOUT_TEXT];

    n->row++;
    seconds = put_series(n, series, col, height, &r,
                         measured ? INK_MEASURED : INK_PREDICTED);
    sheet_put(n->p, n->row - 1, col, INK_DIM, "%s, W, over the last %s",
              measured ? "measured" : "predicted",
              layout_time((double)seconds, time));
    if (n->wide) {
        sheet_put_right(n->p, n->row, col - 1, INK_DIM, "%.1f", r.high);
        sheet_put_right(n->p, n->row + height - 1, col - 1, INK_DIM, "%.1f",
                        r.low);
    }
    n->row += height;
}

static int decimals_for(double v)
{
    return fabs(v) >= 1000 ? 0 : fabs(v) >= 100 ? 1 : 2;
}

static void put_signal(struct pen *n, size_t i)
{
    const struct live_signal *s = &n->v->signal[i];
    size_t at = n->left + (n->wide ? 16 : 13), col;

    sheet_put(n->p, n->row, n->left, INK_PLAIN, "%-.*s", n->wide ? 15 : 12,
              s->name);
    if (isfinite(s->value)) {
        col = sheet_put(n->p, n->row, at, n->figure, "%*.*f", n->wide ? 10 : 8,
                        decimals_for(s->value), s->value);
        sheet_put(n->p, n->row, col + 1, INK_DIM, "%s", s->unit);
    }
    if (n->wide && isfinite(s->adds_w))
        sheet_put(n->p, n->row, n->left + ADDS, n->figure, "%+8.2f W",
                  s->adds_w);
    col = spark_column(n);
    if (col + 4 <= n->left + n->width)
        put_series(n, LIVE_SIGNALS + i, col, 1, NULL, INK_PREDICTED);
    n->row++;
}

/* Those that add most, where not all are shown; else the model's order. */
static void order_signals(const struct live *v, size_t shown, size_t *order)
{
    for (size_t i = 0; i < v->D; i++) {
        size_t at = i;

        for (; shown < v->D && at > 0 &&
               v->signal[order[at - 1]].weight < v->signal[i].weight;
             at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

void curves_signals(struct pen *n, size_t shown, bool heading)
{
    const struct live *v = n->v;
    size_t *order = xcalloc(v->D, sizeof *order);

    if (heading)
        sheet_put(n->p, n->row, n->left, INK_DIM,
                  shown < v->D ? "driven by (%zu of %zu signals)" : "driven by",
                  shown, v->D);
    if (heading && has_adds(n))
        sheet_put(n->p, n->row, n->left + ADDS, INK_DIM, "%8s", "adds");
    n->row += heading;
    order_signals(v, shown, order);
    for (size_t i = 0; i < shown; i++)
        put_signal(n, order[i]);
    free(order);
}

/* The smallest of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten above w. */
static double round_up(double w)
{
    static const double steps[] = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};
    double ten = pow(10, floor(log10(fmax(w, 1))));
    size_t i = 0;

    while (i < 8 && steps[i] * ten < w)
        i++;
    return steps[i] * ten;
}

double curves_top(const struct live *v)
{
    float w[MAX_COLUMNS];
    struct range r = {0, 0};
    float upper[] = {(float)v->now.upper_w, (float)v->now.power_w,
                     (float)v->now.measured_w};

    for (size_t s = LIVE_PREDICTED; s <= LIVE_MEASURED; s++) {
        trail_columns(&v->trail, s, 0, MAX_COLUMNS, w);
        range_hold(&r, w, MAX_COLUMNS);
    }
    range_hold(&r, upper, 3);
    return round_up(r.high);
}
