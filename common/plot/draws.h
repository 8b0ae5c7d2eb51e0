#ifndef PLOT_DRAWS_H
#define PLOT_DRAWS_H

#include "common/plot/canvas.h"
#include "common/plot/picked.h"
#include "common/plot/scores.h"

/*
 * The pictures of predictions and of tables.  Each begins the canvas, and
 * returns 0, or -1 with e filled (ERR_DATA): there is nothing to draw.
 */

/* Predicted against measured: points, or, of many, how many there are where. */
int draw_scatter(const struct picked *p, struct canvas *c, struct err *e);

/* How often which error, and its quantiles by group. */
int draw_errors(const struct picked *p, struct canvas *c, struct err *e);

/* How often the intervals hold, by group. */
int draw_coverage(const struct picked *p, struct canvas *c, struct err *e);

/* Loss and error over the epochs of a training. */
int draw_history(const struct scores *s, struct canvas *c, struct err *e);

/* A figure ("r2", "mae_w") of each model under each split. */
int draw_gap(const struct scores *s, const char *figure, struct canvas *c,
             struct err *e);

#endif
