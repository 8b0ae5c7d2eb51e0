#ifndef ESTIMATOR_DRIVE_H
#define ESTIMATOR_DRIVE_H

#include "common/estimator/estimator.h"

/*
 * What drives a prediction: for each signal, how many watts more it has than
 * were that signal at its mean of the training in all of the window, and the
 * others as they are.  Where signals work together they do not sum up to
 * anything.
 *
 * x       (T, D)  the latest rows, as scaled by m->input
 * end             the row that the window ends at
 * adds_w  (D)     of the first target; NaN where the model knows no means, as
 *                 physical ones and older checkpoints, or the window is larger
 *                 than is worth the time
 * What estimator_put() would have said of earlier windows is lost.
 */
enum { DRIVE_MAX_CELLS = 1 << 20 };
void estimator_drive(struct estimator *m, const float *x, size_t end,
                     float *adds_w);

#endif
