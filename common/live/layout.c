#include "common/live/layout.h"

#include <inttypes.h>
#include <string.h>

#include "common/live/pen.h"

enum {
    NARROW = 60,  /* columns below which words are left out */
    TALLEST = 12, /* rows of a chart */
    SIGNALS = 40  /* most that are shown */
};

/* Rows of each part; 0: there is no room for it. */
struct plan {
    size_t predicted, measured, parts, support, energy, chart, signals, scale,
        measured_energy, domains, gaps, heading, second_chart, message, keys;
};

const char *layout_energy(double energy_j, char out[LAYOUT_TEXT])
{
    double a = fabs(energy_j);
    const char *unit = a < 1e3 ? "J" : a < 1e6 ? "kJ" : a < 1e9 ? "MJ" : "GJ";
    double scale = a < 1e3 ? 1 : a < 1e6 ? 1e3 : a < 1e9 ? 1e6 : 1e9;

    snprintf(out, LAYOUT_TEXT, "%.*f %s", a < 1e3 ? 1 : 2, energy_j / scale,
             unit);
    return out;
}

const char *layout_time(double time_s, char out[LAYOUT_TEXT])
{
    int64_t s = time_s < 1e15 ? (int64_t)(time_s + .5) : 0;

    if (time_s < 9.95)
        snprintf(out, LAYOUT_TEXT, "%.1f s", time_s);
    else if (s < 120)
        snprintf(out, LAYOUT_TEXT, "%" PRId64 " s", s);
    else if (s < 2 * 3600)
        snprintf(out, LAYOUT_TEXT, "%" PRId64 " min %" PRId64 " s", s / 60,
                 s % 60);
    else
        snprintf(out, LAYOUT_TEXT, "%" PRId64 " h %" PRId64 " min", s / 3600,
                 s / 60 % 60);
    return out;
}

/* Some of what is left, if it is enough. */
static void take(size_t *left, size_t n, size_t *rows)
{
    if (*left < n)
        return;
    *left -= n;
    *rows += n;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool has_measured(const struct live *v)
{
    return v->measured.time_s > 0;
}

/* A message may go on in more rows where there are many. */
static size_t message_rows(const struct live *v, size_t rows, size_t width)
{
    size_t n = v->message ? (strlen(v->message) + width - 1) / width : 0;

    return at_most(n, rows < 20 ? 1 : 3);
}

static void plan_least(struct plan *plan, size_t message, size_t *left)
{
    take(left, 1, &plan->predicted);
    take(left, message, &plan->message);
    take(left, 1, &plan->measured);
    take(left, 1, &plan->energy);
    take(left, 1, &plan->parts);
    take(left, 1, &plan->support);
    take(left, 1, &plan->chart);
    take(left, 1, &plan->signals);
    take(left, 1, &plan->keys);
}

static struct plan plan_rows(const struct live *v, size_t rows, size_t width)
{
    struct plan plan = {0};
    size_t left = rows - 1, D = at_most(v->D, SIGNALS);
    bool two = has_measured(v);

    plan_least(&plan, message_rows(v, rows, width), &left);
    take(&left, v->any ? 1 : 0, &plan.scale);
    take(&left, two ? 1 : 0, &plan.measured_energy);
    take(&left, v->any ? v->model.form->domains.n : 0, &plan.domains);
    take(&left, at_most(at_most(D - 1, 3), left), &plan.signals);
    if (left >= 6) {
        take(&left, 1, &plan.heading);
        take(&left, 3, &plan.chart);
    }
    if (two && left >= 4)
        take(&left, 4, &plan.second_chart);
    take(&left, at_most(left, D - plan.signals), &plan.signals);
    while (plan.gaps < 3 && left >= 4)
        take(&left, 1, &plan.gaps);
    while (left && plan.chart < TALLEST) {
        take(&left, 1, &plan.chart);
        take(&left, plan.second_chart ? 1 : 0, &plan.second_chart);
    }
    return plan;
}

static void put_body(struct pen *n, const struct plan *plan)
{
    n->row += plan->gaps > 0;
    if (plan->predicted)
        figures_predicted(n);
    if (plan->measured)
        figures_measured(n);
    if (plan->domains)
        figures_domains(n);
    if (plan->scale)
        figures_scale(n);
    if (plan->parts)
        figures_parts(n);
    if (plan->support)
        figures_support(n);
    if (plan->energy)
        figures_energy(n);
    if (plan->measured_energy)
        figures_measured_energy(n);
    n->row += plan->gaps > 1;
    if (plan->chart == 1)
        curves_low(n);
    if (plan->chart > 1)
        curves_watts(n, LIVE_PREDICTED, plan->chart);
    if (plan->second_chart)
        curves_watts(n, LIVE_MEASURED, plan->second_chart);
    n->row += plan->gaps > 2;
    if (plan->signals)
        curves_signals(n, plan->signals, plan->heading);
}

static void put_foot(struct pen *n, const struct plan *plan)
{
    n->row = n->p->rows - plan->keys - plan->message;
    if (plan->message)
        figures_message(n, plan->message);
    if (plan->keys)
        figures_keys(n);
}

void layout(struct sheet *p, const struct live *v, int64_t now_ns)
{
    struct pen n = {.p = p, .v = v, .now_ns = now_ns};
    struct plan plan;

    if (p->rows == 0 || p->cols == 0)
        return;
    n.wide = p->cols >= NARROW;
    n.left = n.wide ? 2 : 0;
    n.width = p->cols - 2 * n.left;
    n.figure =
        live_is_stale(v, now_ns) || live_is_waiting(v) ? INK_DIM : INK_STRONG;
    n.top = curves_top(v);
    plan = plan_rows(v, p->rows, n.width);
    figures_title(&n);
    put_body(&n, &plan);
    put_foot(&n, &plan);
}
