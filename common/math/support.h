#ifndef MATH_SUPPORT_H
#define MATH_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * How much what a model is asked about is like what it was trained on: the
 * distance of a row to the nearest of some training rows, each feature less its
 * mean, over its standard deviation, and cut at 6 either way.  A distance that
 * one training row in a hundred exceeds gives a support of one half.
 *
 * Models of older checkpoints know no rows (K = 0), only the range of each
 * feature; of those support is the share of a row's values that lie in it.
 */
enum { SUPPORT_ROWS = 256 };

struct support {
    size_t D;         /* features */
    size_t K;         /* rows that are kept: SUPPORT_ROWS, or 0 */
    float *min, *max; /* (D) the range; min > max where nothing was seen */
    float *mean;      /* (D) */
    float *factor;    /* (D) what a difference to the mean is multiplied with */
    float *rows;      /* (D, SUPPORT_ROWS) scaled, feature by feature */
    float *far;       /* (1) the distance of support one half, > 0 */
};

/* Room for D features and SUPPORT_ROWS rows, all 0. */
void support_init(struct support *s, size_t D);
void support_release(struct support *s);

/*
 * Fit to rows of the training part, as they come.
 *
 * x     (T, D)
 * rows  (N)  those of the training part; of them SUPPORT_ROWS are kept, evenly
 *            spaced, and some twice where there are fewer
 */
void support_fit(struct support *s, const float *x, const uint32_t *rows,
                 size_t N);

/* Of a row (D), 0 to 1; NaN lies far from everything. */
float support_row(const struct support *s, const float *x);

/*
 * Of the window that ends at row `end`: the mean of its d rows.
 *
 * row (T)  of each row, as support_row() gives it
 */
float support_window(const float *row, size_t delays, size_t tau, size_t end);

#endif
