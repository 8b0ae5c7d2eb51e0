#include "formats/score_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/bootstrap.h"

void score_table_drop(struct score_table *t, int figure)
{
    int n = 0;

    for (int i = 0; i < t->n_figures; i++)
        if (t->figure[i] != figure)
            t->figure[n++] = t->figure[i];
    t->n_figures = n;
}

void score_table_want(struct score_table *t, int figure)
{
    for (int i = 0; i < t->n_figures; i++)
        if (t->figure[i] == figure)
            return;
    t->figure[t->n_figures++] = figure;
}

/* Figures by name; one that is named twice stands where it was named last. */
static int take_names(struct score_table *t, const struct strings *names,
                      struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        int f = metric_figure_find(names->at[i]);

        if (f < 0)
            return err_set(e, ERR_USAGE,
                           "there is no figure '%s' (mae, rmse, r2, bias, "
                           "coverage, width, idle_bias, ...; or all, or main)",
                           names->at[i]);
        score_table_drop(t, f);
        t->figure[t->n_figures++] = f;
    }
    return 0;
}

int score_table_columns(struct score_table *t, const char *list, struct err *e)
{
    struct strings names = {0};
    int rc = 0;

    t->main = strcmp(list, "main") == 0;
    t->all = strcmp(list, "all") == 0;
    t->n_figures = 0;
    for (int f = 0; f < METRIC_FIGURES; f++)
        if (t->all || (t->main && metric_figures[f].main))
            t->figure[t->n_figures++] = f;
    if (!t->all && !t->main) {
        strings_split(&names, list, ',');
        rc = take_names(t, &names, e);
        strings_release(&names);
    }
    return rc;
}

/* ---- cells ---- */

/* The metrics of the runs of both, side by side; returns how many runs. */
static size_t align(const struct score_group *g, const struct score_group *less,
                    struct metric *a, struct metric *b)
{
    size_t i = 0, j = 0, n = 0, n_less = less ? less->n_units : 0;

    while (i < g->n_units || j < n_less) {
        bool mine = j == n_less ||
                    (i < g->n_units && g->unit[i].run <= less->unit[j].run);
        bool others = i == g->n_units ||
                      (j < n_less && less->unit[j].run <= g->unit[i].run);

        if (mine)
            a[n] = g->unit[i++].metric;
        if (others)
            b[n] = less->unit[j++].metric;
        n++;
    }
    return n;
}

void score_cells_fill(struct score_cells *c, const struct score_table *t,
                      const struct score_group *g,
                      const struct score_group *less)
{
    size_t most = g->n_units + (less ? less->n_units : 0) + 1, n;
    struct metric *a, *b;

    for (int f = 0; f < METRIC_FIGURES; f++) {
        c->value[f] = metric_figures[f].value(&g->metric) -
                      (less ? metric_figures[f].value(&less->metric) : 0);
        c->low[f] = c->high[f] = NAN;
    }
    if (!t->draws)
        return;
    a = xcalloc(most, sizeof *a);
    b = xcalloc(most, sizeof *b);
    n = align(g, less, a, b);
    bootstrap(a, less ? b : NULL, n, t->draws, t->seed, c->low, c->high);
    free(a);
    free(b);
}

/* JSON is for programs and is not rounded. */
static void put_real(struct score_table *t, double v, int decimals)
{
    if (t->format == TEXT_JSON)
        text_real(t->text, v);
    else
        text_fixed(t->text, v, decimals);
}

void score_table_put(struct score_table *t, const struct score_cells *c, int f)
{
    int decimals = metric_figures[f].decimals, fewer = decimals - 1;
    char cell[128];

    if (t->format != TEXT_MD || isnan(c->value[f]) || isnan(c->low[f])) {
        put_real(t, c->value[f], decimals);
        return;
    }
    snprintf(cell, sizeof cell, "%.*f (%.*f to %.*f)", decimals, c->value[f],
             fewer, c->low[f], fewer, c->high[f]);
    text_string(t->text, cell);
}

static void put_some(struct score_table *t, const struct score_cells *c,
                     int from, int to)
{
    for (int i = from; i < to; i++) {
        if (i == METRIC_FIRST && t->all)
            text_real(t->text, t->mape_floor_w);
        score_table_put(t, c, t->figure[i]);
    }
}

void score_table_put_figures(struct score_table *t, const struct score_cells *c)
{
    put_some(t, c, 0, t->n_figures);
}

void score_table_put_ranges(struct score_table *t, const struct score_cells *c)
{
    for (int i = 0; score_table_has_ranges(t) && i < t->n_figures; i++) {
        int f = t->figure[i];

        put_real(t, c->low[f], metric_figures[f].decimals);
        put_real(t, c->high[f], metric_figures[f].decimals);
    }
}

/* ---- columns ---- */

static void add_column(struct score_table *t, int f, const char *end)
{
    char title[64];
    size_t n;

    metric_figure_title(&metric_figures[f], title, sizeof title);
    n = strlen(title);
    snprintf(title + n, sizeof title - n, "%s", end);
    text_column(t->text, title);
}

static void add_some(struct score_table *t, int from, int to)
{
    for (int i = from; i < to; i++) {
        if (i == METRIC_FIRST && t->all)
            text_column(t->text, "mape_floor_w");
        add_column(t, t->figure[i], "");
    }
}

void score_table_add_figures(struct score_table *t)
{
    add_some(t, 0, t->n_figures);
}

bool score_table_has_ranges(const struct score_table *t)
{
    return t->draws && t->format != TEXT_MD;
}

void score_table_add_ranges(struct score_table *t)
{
    for (int i = 0; score_table_has_ranges(t) && i < t->n_figures; i++) {
        add_column(t, t->figure[i], "_low");
        add_column(t, t->figure[i], "_high");
    }
}

/* ---- groups and pools ---- */

/* How many figures stand before the names of the worst groups. */
static int n_early(const struct score_table *t)
{
    return t->all ? METRIC_LATE : t->n_figures;
}

static void add_columns(struct score_table *t)
{
    for (size_t i = 0; i < t->by->n; i++)
        text_column(t->text, t->by->at[i]);
    text_column(t->text, "model");
    text_column(t->text, "split");
    if (t->all)
        text_column(t->text, "part");
    text_column(t->text, "n");
    if (t->all)
        text_column(t->text, "unmeasured");
    add_some(t, 0, n_early(t));
    if (t->all && t->by->n) {
        text_column(t->text, "worst");
        text_column(t->text, "worst_mae_w");
        text_column(t->text, "least_covered");
        text_column(t->text, "least_coverage_pct");
    }
    add_some(t, n_early(t), t->n_figures);
    score_table_add_ranges(t);
}

/* Of a pool's groups, the one where the figure is least (sign -1: greatest);
 * NULL where none knows it. */
static const struct score_group *extreme(const struct scorebook *b,
                                         const struct score_pool *p, int f,
                                         double sign)
{
    const struct score_group *worst = NULL;

    for (size_t i = p->first; i < p->first + p->n; i++) {
        double v = sign * metric_figures[f].value(&b->group[i]->metric);

        if (!isnan(v) &&
            (!worst || v < sign * metric_figures[f].value(&worst->metric)))
            worst = b->group[i];
    }
    return worst;
}

static void put_extreme(struct score_table *t, const struct score_group *g,
                        int f)
{
    char *name = g ? score_group_name(g) : NULL;

    text_string(t->text, name);
    put_real(t, g ? metric_figures[f].value(&g->metric) : NAN,
             metric_figures[f].decimals);
    free(name);
}

/* pool: whose worst groups are told, NULL for a line of one group. */
static int write_line(struct score_table *t, const struct scorebook *b,
                      const struct score_group *g, const struct score_pool *p,
                      struct err *e)
{
    int mae = metric_figure_find("mae"), cover = metric_figure_find("coverage");
    struct score_cells c;

    for (size_t i = 0; i < t->by->n; i++)
        text_string(t->text, g->key.at[KEY_BY + i]);
    text_string(t->text, g->key.at[KEY_MODEL]);
    text_string(t->text, g->key.at[KEY_SPLIT]);
    if (t->all)
        text_string(t->text, g->key.at[KEY_PART]);
    text_u64(t->text, g->metric.n);
    if (t->all)
        text_int(t->text, g->unmeasured);
    score_cells_fill(&c, t, g, NULL);
    put_some(t, &c, 0, n_early(t));
    if (t->all && t->by->n) {
        put_extreme(t, p ? extreme(b, p, mae, -1) : NULL, mae);
        put_extreme(t, p ? extreme(b, p, cover, 1) : NULL, cover);
    }
    put_some(t, &c, n_early(t), t->n_figures);
    score_table_put_ranges(t, &c);
    return text_row(t->text, e);
}

int score_table_write(struct score_table *t, const struct scorebook *b,
                      struct err *e)
{
    add_columns(t);
    for (size_t i = 0; i < b->n_pools; i++) {
        const struct score_pool *p = &b->pool[i];

        for (size_t g = p->first; t->by->n && g < p->first + p->n; g++)
            if (write_line(t, b, b->group[g], NULL, e) < 0)
                return -1;
        if (write_line(t, b, &p->all, p, e) < 0)
            return -1;
    }
    return 0;
}
