#include "common/math/metric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What interval i leaves outside, of 1. */
static double outside(int i)
{
    return (100 - interval_percent(i)) / 100.0;
}

static double interval_score(const struct metric_row *r, int i)
{
    double l = r->lower_w[i], u = r->upper_w[i], y = r->measured_w;

    return u - l + 2 / outside(i) * (fmax(l - y, 0) + fmax(y - u, 0));
}

static void add_intervals(struct metric *m, const struct metric_row *r)
{
    double wis = fabs(r->predicted_w - r->measured_w) / 2;
    int known = 0;

    for (int i = 0; i < INTERVALS; i++) {
        double lower = r->lower_w[i], upper = r->upper_w[i];

        if (isnan(lower) || isnan(upper))
            continue;
        m->n_interval[i]++;
        m->sum_width[i] += upper - lower;
        m->n_covered[i] += r->measured_w >= lower && r->measured_w <= upper;
        wis += outside(i) / 2 * interval_score(r, i);
        known++;
        if (i == INTERVAL_90)
            m->sum_winkler += interval_score(r, i);
    }
    if (known < INTERVALS)
        return;
    m->n_wis++;
    m->sum_wis += wis / (INTERVALS + .5);
}

static void add_support(struct metric *m, const struct metric_row *r)
{
    double at = fmin(fmax(r->support, 0), 1) * (METRIC_BINS - 1);
    uint64_t *count = r->far ? m->n_far : m->n_near;

    if (!isnan(r->support))
        count[(int)(at + .5)]++;
}

void metric_add(struct metric *m, const struct metric_row *r,
                double mape_floor_w)
{
    double e = r->predicted_w - r->measured_w;
    double step = r->measured_w - m->mean_y; /* Welford's update */

    m->n++;
    m->mean_y += step / (double)m->n;
    m->m2_y += step * (r->measured_w - m->mean_y);
    m->sum_e += e;
    m->sum_abs_e += fabs(e);
    m->sum_e2 += e * e;
    m->sum_abs_y += fabs(r->measured_w);
    if (r->measured_w >= mape_floor_w && r->measured_w > 0) {
        m->n_mape++;
        m->sum_mape += fabs(e) / r->measured_w;
    }
    if (!isnan(r->dt_s)) {
        m->predicted_j += r->predicted_w * r->dt_s;
        m->measured_j += r->measured_w * r->dt_s;
    }
    if (r->idle) {
        m->n_idle++;
        m->sum_e_idle += e;
    }
    add_intervals(m, r);
    add_support(m, r);
}

void metric_merge(struct metric *to, const struct metric *from)
{
    double a = (double)to->n, b = (double)from->n;
    double step = from->mean_y - to->mean_y;

    if (from->n == 0)
        return;
    to->mean_y += step * b / (a + b);
    to->m2_y += from->m2_y + step * step * a * b / (a + b);
    to->n += from->n;
    to->n_mape += from->n_mape;
    to->n_idle += from->n_idle;
    to->sum_e += from->sum_e;
    to->sum_abs_e += from->sum_abs_e;
    to->sum_e2 += from->sum_e2;
    to->sum_abs_y += from->sum_abs_y;
    to->sum_mape += from->sum_mape;
    to->predicted_j += from->predicted_j;
    to->measured_j += from->measured_j;
    to->sum_e_idle += from->sum_e_idle;
    for (int i = 0; i < INTERVALS; i++) {
        to->n_interval[i] += from->n_interval[i];
        to->n_covered[i] += from->n_covered[i];
        to->sum_width[i] += from->sum_width[i];
    }
    to->sum_winkler += from->sum_winkler;
    to->n_wis += from->n_wis;
    to->sum_wis += from->sum_wis;
    for (int i = 0; i < METRIC_BINS; i++) {
        to->n_far[i] += from->n_far[i];
        to->n_near[i] += from->n_near[i];
    }
}

/* ---- figures ---- */

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static double mae(const struct metric *m)
{
    return ratio(m->sum_abs_e, (double)m->n);
}

static double rmse(const struct metric *m)
{
    return sqrt(ratio(m->sum_e2, (double)m->n));
}

static double r2(const struct metric *m)
{
    return 1 - ratio(m->sum_e2, m->m2_y);
}

static double bias(const struct metric *m)
{
    return ratio(m->sum_e, (double)m->n);
}

static double mape(const struct metric *m)
{
    return 100 * ratio(m->sum_mape, (double)m->n_mape);
}

static double mape_rows(const struct metric *m)
{
    return (double)m->n_mape;
}

static double wape(const struct metric *m)
{
    return 100 * ratio(m->sum_abs_e, m->sum_abs_y);
}

static double predicted_energy(const struct metric *m)
{
    return m->predicted_j;
}

static double measured_energy(const struct metric *m)
{
    return m->measured_j;
}

static double energy_error(const struct metric *m)
{
    return m->predicted_j - m->measured_j;
}

static double energy_error_pct(const struct metric *m)
{
    return 100 * ratio(energy_error(m), m->measured_j);
}

static double mean_power(const struct metric *m)
{
    return m->n ? m->mean_y : NAN;
}

static double sd_power(const struct metric *m)
{
    return sqrt(ratio(m->m2_y, (double)m->n));
}

static double coverage(const struct metric *m, int i)
{
    return 100 * ratio((double)m->n_covered[i], (double)m->n_interval[i]);
}

static double width(const struct metric *m, int i)
{
    return ratio(m->sum_width[i], (double)m->n_interval[i]);
}

static double coverage50(const struct metric *m)
{
    return coverage(m, INTERVAL_50);
}

static double width50(const struct metric *m)
{
    return width(m, INTERVAL_50);
}

static double coverage80(const struct metric *m)
{
    return coverage(m, INTERVAL_80);
}

static double width80(const struct metric *m)
{
    return width(m, INTERVAL_80);
}

static double coverage90(const struct metric *m)
{
    return coverage(m, INTERVAL_90);
}

static double width90(const struct metric *m)
{
    return width(m, INTERVAL_90);
}

static double idle_rows(const struct metric *m)
{
    return (double)m->n_idle;
}

static double idle_bias(const struct metric *m)
{
    return ratio(m->sum_e_idle, (double)m->n_idle);
}

static double winkler(const struct metric *m)
{
    return ratio(m->sum_winkler, (double)m->n_interval[INTERVAL_90]);
}

static double wis(const struct metric *m)
{
    return ratio(m->sum_wis, (double)m->n_wis);
}

static double support_auroc(const struct metric *m)
{
    double pairs = 0, far = 0, near = 0;

    for (int i = METRIC_BINS - 1; i >= 0; i--) {
        double f = (double)m->n_far[i], n = (double)m->n_near[i];

        pairs += f * (near + n / 2);
        far += f;
        near += n;
    }
    return ratio(pairs, far * near);
}

const struct metric_figure metric_figures[METRIC_FIGURES] = {
    {"mae", "w", 3, mae, -1, true},
    {"rmse", "w", 3, rmse, -1, true},
    {"r2", "", 4, r2, 1, true},
    {"bias", "w", 3, bias, 0, true},
    {"mape", "pct", 2, mape, -1, false},
    {"mape_rows", "", 0, mape_rows, 0, false},
    {"wape", "pct", 2, wape, -1, false},
    {"predicted", "j", 1, predicted_energy, 0, false},
    {"measured", "j", 1, measured_energy, 0, false},
    {"energy_error", "j", 1, energy_error, 0, false},
    {"energy_error", "pct", 2, energy_error_pct, 0, false},
    {"mean", "w", 3, mean_power, 0, false},
    {"sd", "w", 3, sd_power, 0, false},
    {"coverage", "pct", 2, coverage90, 0, true},
    {"width", "w", 3, width90, -1, true},
    {"coverage50", "pct", 2, coverage50, 0, false},
    {"width50", "w", 3, width50, -1, false},
    {"coverage80", "pct", 2, coverage80, 0, false},
    {"width80", "w", 3, width80, -1, false},
    {"idle_rows", "", 0, idle_rows, 0, false},
    {"idle_bias", "w", 3, idle_bias, 0, true},
    {"winkler", "w", 3, winkler, -1, false},
    {"wis", "w", 3, wis, -1, false},
    {"support_auroc", "", 3, support_auroc, 0, false},
};

void metric_figure_title(const struct metric_figure *f, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", f->name, *f->unit ? "_" : "", f->unit);
}

int metric_figure_find(const char *name)
{
    char title[32];

    for (int i = 0; i < METRIC_FIGURES; i++) {
        metric_figure_title(&metric_figures[i], title, sizeof title);
        if (strcmp(name, title) == 0 ||
            strcmp(name, metric_figures[i].name) == 0)
            return i;
    }
    return -1;
}

/* ---- gates ---- */

int metric_gate_parse(struct metric_gate *g, const char *text, struct err *e)
{
    size_t n = strcspn(text, "<>");
    char name[32], *end;
    int figure;

    if (!text[n] || n >= sizeof name)
        return err_set(e, ERR_USAGE,
                       "'%s' is no gate; write METRIC<VALUE or METRIC>VALUE",
                       text);
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    figure = metric_figure_find(name);
    g->below = text[n] == '<';
    g->limit = strtod(text + n + 1, &end);
    if (figure < 0)
        return err_set(e, ERR_USAGE,
                       "'%s': there is no figure '%s' (mae, rmse, r2, bias, "
                       "mape, wape, energy_error_pct, coverage, ...)",
                       text, name);
    if (end == text + n + 1 || *end || !isfinite(g->limit))
        return err_set(e, ERR_USAGE, "'%s': '%s' is no number", text,
                       text + n + 1);
    g->figure = &metric_figures[figure];
    return 0;
}

bool metric_gate_passes(const struct metric_gate *g, const struct metric *m)
{
    double v = g->figure->value(m);

    return g->below ? v < g->limit : v > g->limit;
}
