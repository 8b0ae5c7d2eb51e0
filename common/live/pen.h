#ifndef LIVE_PEN_H
#define LIVE_PEN_H

#include "common/live/layout.h"

/*
 * What the picture is put together from (layout.c): each puts its rows on the
 * sheet, where the pen is, and moves it below them.  Only for this folder.
 */
struct pen {
    struct sheet *p;
    const struct live *v;
    int64_t now_ns;
    size_t row, left, width; /* width: columns between the margins */
    bool wide;               /* there is room for words */
    enum ink figure;         /* of a figure that is new, or of an old one */
    double top;              /* W at the right end of bars */
};

/* ---- figures.c ---- */

void figures_title(struct pen *n);
void figures_predicted(struct pen *n);
void figures_measured(struct pen *n);
void figures_domains(struct pen *n); /* a row each */
void figures_scale(struct pen *n);   /* from 0 to the top: interval, predicted,
                                        measured */
void figures_parts(struct pen *n);   /* idle and dynamic */
void figures_support(struct pen *n);
void figures_energy(struct pen *n);
void figures_measured_energy(struct pen *n);
void figures_message(struct pen *n, size_t rows);
void figures_keys(struct pen *n);

/* ---- curves.c ---- */

/* A series of the trail in that many rows, the first a heading; or, of watts
 * that are predicted, in one. */
void curves_watts(struct pen *n, size_t series, size_t rows);
void curves_low(struct pen *n);

/* The first signals, a row each, below a heading or not. */
void curves_signals(struct pen *n, size_t shown, bool heading);

/* W that bars should reach to. */
double curves_top(const struct live *v);

#endif
