#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/score_table.h"

/*
 * Models down, splits across.  A column is a figure under a split, or, where
 * `less` is set, under the first split less the other.
 */
struct compare_column {
    int figure;
    const char *split, *less;
};

struct comparison {
    struct score_table *t;
    const struct scorebook *b;
    struct strings models, splits;
    struct compare_column *column;
    size_t n;
};

static void add_new(struct strings *ss, const char *s)
{
    if (strings_find(ss, s) < 0)
        strings_add(ss, s);
}

/* Models in the order of their names, the shuffled split first. */
static void list_names(struct comparison *c)
{
    for (size_t i = 0; i < c->b->n_pools; i++)
        if (strcmp(c->b->pool[i].all.key.at[KEY_SPLIT], "shuffle") == 0)
            add_new(&c->splits, "shuffle");
    for (size_t i = 0; i < c->b->n_pools; i++) {
        add_new(&c->models, c->b->pool[i].all.key.at[KEY_MODEL]);
        add_new(&c->splits, c->b->pool[i].all.key.at[KEY_SPLIT]);
    }
}

static void add_column(struct comparison *c, int figure, const char *split,
                       const char *less)
{
    char title[32], *name;

    metric_figure_title(&metric_figures[figure], title, sizeof title);
    name = xasprintf("%s_%s%s", title, less ? "gap_" : "", less ? less : split);
    c->column = xreallocarray(c->column, c->n + 1, sizeof *c->column);
    c->column[c->n++] = (struct compare_column){figure, split, less};
    text_column(c->t->text, name);
    if (score_table_has_ranges(c->t)) {
        char *low = xasprintf("%s_low", name),
             *high = xasprintf("%s_high", name);

        text_column(c->t->text, low);
        text_column(c->t->text, high);
        free(low);
        free(high);
    }
    free(name);
}

/* Does it keep groups apart, so that the gap to the shuffled one tells? */
static bool is_by_group(const char *split)
{
    return strncmp(split, "leave:", 6) == 0 || strncmp(split, "group:", 6) == 0;
}

static void add_columns(struct comparison *c)
{
    const char *shuffle =
        strings_find(&c->splits, "shuffle") >= 0 ? c->splits.at[0] : NULL;

    text_column(c->t->text, "model");
    for (int k = 0; k < c->t->n_figures; k++) {
        int f = c->t->figure[k];

        for (size_t i = 0; i < c->splits.n; i++)
            add_column(c, f, c->splits.at[i], NULL);
        for (size_t i = 0; shuffle && i < c->splits.n; i++)
            if (is_by_group(c->splits.at[i]))
                add_column(c, f, shuffle, c->splits.at[i]);
    }
}

static const struct score_group *find_pool(const struct comparison *c,
                                           const char *model, const char *split)
{
    for (size_t i = 0; split && i < c->b->n_pools; i++) {
        const struct score_group *g = &c->b->pool[i].all;

        if (strcmp(g->key.at[KEY_MODEL], model) == 0 &&
            strcmp(g->key.at[KEY_SPLIT], split) == 0)
            return g;
    }
    return NULL;
}

static void put_cell(struct comparison *c, const struct compare_column *at,
                     const char *model)
{
    const struct score_group *g = find_pool(c, model, at->split);
    const struct score_group *less = find_pool(c, model, at->less);
    struct score_cells cells;
    int f = at->figure;

    if (g && (less || !at->less)) {
        score_cells_fill(&cells, c->t, g, less);
    } else {
        cells.value[f] = cells.low[f] = cells.high[f] = NAN;
    }
    score_table_put(c->t, &cells, f);
    if (!score_table_has_ranges(c->t))
        return;
    text_real(c->t->text, cells.low[f]);
    text_real(c->t->text, cells.high[f]);
}

int score_table_compare(struct score_table *t, const struct scorebook *b,
                        struct err *e)
{
    struct comparison c = {.t = t, .b = b};
    int rc = 0;

    list_names(&c);
    add_columns(&c);
    for (size_t m = 0; m < c.models.n && rc == 0; m++) {
        text_string(t->text, c.models.at[m]);
        for (size_t i = 0; i < c.n; i++)
            put_cell(&c, &c.column[i], c.models.at[m]);
        rc = text_row(t->text, e);
    }
    strings_release(&c.models);
    strings_release(&c.splits);
    free(c.column);
    return rc;
}
