#ifndef PLOT_ROWS_H
#define PLOT_ROWS_H

#include "common/plot/canvas.h"

/*
 * The part of a picture in which a name stands before each row: groups, models.
 * What is drawn in row i lies at y = n - i.
 */

/* Names at the left, cut where they leave too little; the y range of n rows,
 * which have that share of the height between heading and caption. */
void rows_names(struct canvas *c, double share, char *const *names, size_t n);

/* What a picture of n rows should be high, less heading and caption. */
int rows_height(size_t n);

#endif
