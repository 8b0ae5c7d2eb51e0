#ifndef FORMATS_SCORE_TABLE_H
#define FORMATS_SCORE_TABLE_H

#include "formats/scorebook.h"
#include "formats/text.h"

/*
 * Scores as a table of text.  What a line is called stands first, then how
 * many rows, then figures; with draws > 0 the ends of their bootstrap
 * intervals, in Markdown in the same cell and elsewhere in columns of their
 * own behind all others ("mae_w_low", "mae_w_high").
 */
struct score_table {
    struct text_writer *text; /* borrowed, as all pointers here */
    enum text_format format;
    const struct strings *by;
    int figure[METRIC_FIGURES]; /* which, in this order */
    int n_figures;
    bool main; /* figures that fit a page */
    bool all;  /* and part, unmeasured, the MAPE's floor, the worst groups */
    double mape_floor_w;
    size_t draws;
    uint64_t seed;
};

/*
 * Take "all", "main", or figures by commas, in that order; -1 with e filled
 * (ERR_USAGE) for what is no figure.
 */
int score_table_columns(struct score_table *t, const char *list, struct err *e);

/* Show a figure, behind the others, where it is not shown yet. */
void score_table_want(struct score_table *t, int figure);

/* Do without a figure; it need not be there. */
void score_table_drop(struct score_table *t, int figure);

/*
 * A line for each group where there are labels, and one for each pool, which
 * with all columns names the group with the greatest MAE and the one whose
 * 90 % interval covers least.
 */
int score_table_write(struct score_table *t, const struct scorebook *b,
                      struct err *e);

/*
 * A line a model: each figure under each split, and for each split by groups
 * the generalisation gap: shuffled less that.  For books without labels.
 */
int score_table_compare(struct score_table *t, const struct scorebook *b,
                        struct err *e);

/*
 * For each group (values of the labels) the model that `criterion` chooses
 * over the other groups, scored on this one ("held-out"); all of these pooled
 * ("nested"); and, for comparison, every model over all groups, the best one
 * ("peeked") first.  Where the book, by_beside, holds predictions of pairs of
 * groups left out ("leave:workload*2"), the choice for a group is by models
 * that never saw it ("nested-strict").  *nested: that pooled score.  -1 with e
 * filled (ERR_DATA) where there is nothing to choose, or groups and models do
 * not make a grid.
 */
int score_table_select(struct score_table *t, const struct scorebook *b,
                       const struct metric_figure *criterion,
                       struct metric *nested, struct err *e);

/* ---- what the three share ---- */

/* The values of the figures of a line, and the ends of their intervals. */
struct score_cells {
    double value[METRIC_FIGURES], low[METRIC_FIGURES], high[METRIC_FIGURES];
};

/* Of g, or of g less `less`, drawn together (NULL: not). */
void score_cells_fill(struct score_cells *c, const struct score_table *t,
                      const struct score_group *g,
                      const struct score_group *less);

/* Columns and cells of the figures that are shown, of their ranges behind
 * all others, and of one figure. */
void score_table_add_figures(struct score_table *t);
void score_table_add_ranges(struct score_table *t);
void score_table_put_figures(struct score_table *t,
                             const struct score_cells *c);
void score_table_put_ranges(struct score_table *t, const struct score_cells *c);
void score_table_put(struct score_table *t, const struct score_cells *c, int f);

/* Are there columns of ranges? */
bool score_table_has_ranges(const struct score_table *t);

#endif
