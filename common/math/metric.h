#ifndef MATH_METRIC_H
#define MATH_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/math/interval.h"

enum { METRIC_BINS = 101 }; /* of support: hundredths, 0 to 1 */

/*
 * How good predictions are, in one pass and in constant memory; two sums may
 * be merged in any order.  An error is predicted - measured.
 */
struct metric {
    uint64_t n, n_mape, n_idle;
    uint64_t n_interval[INTERVALS], n_covered[INTERVALS];
    double mean_y, m2_y; /* of measured W: mean, sum of squared deviations */
    double sum_e, sum_abs_e, sum_e2;
    double sum_abs_y;
    double sum_mape;                /* of |e| / |y|, over n_mape rows */
    double predicted_j, measured_j; /* W x s */
    double sum_width[INTERVALS];    /* of intervals, W */
    double sum_e_idle;              /* over n_idle rows */
    double sum_winkler;             /* over the 90 % intervals, W */
    uint64_t n_wis;                 /* rows with an interval of each level */
    double sum_wis;                 /* W */
    uint64_t n_far[METRIC_BINS], n_near[METRIC_BINS]; /* by support */
};

struct metric_row {
    double predicted_w, measured_w;
    double dt_s; /* NaN: unknown, no energy from this row */
    bool idle;   /* the machine had nothing to do */
    double lower_w[INTERVALS], upper_w[INTERVALS]; /* NaN: no interval */
    double support;                                /* NaN: none was said */
    bool far; /* the error is one that support should have told */
};

/* Rows measured below mape_floor_w say nothing about percentages. */
void metric_add(struct metric *m, const struct metric_row *r,
                double mape_floor_w);
void metric_merge(struct metric *to, const struct metric *from);

/*
 * The figures: MAE, RMSE, R2 (against the mean of the measured values of the
 * same rows), bias (mean error), MAPE, WAPE (sum |e| / sum |y|), energy, mean
 * measured W, share and mean width of the intervals, and the bias of idle
 * rows.  NaN where rows do not say (R2 of one row or of a constant).
 *
 * Of an interval (l, u) that is to hold all but a share a of the measured y,
 * the interval score is (u - l) + 2/a (l - y if y < l, y - u if y > u): in the
 * mean it is least for the interval that tells the truth (Gneiting and Raftery,
 * 2007; Winkler, 1972).  "winkler" is that of the 90 % interval; "wis" weighs
 * that of each of K levels by a/2 and |predicted - y| by 1/2, and divides by
 * K + 1/2 (Bracher et al., 2021).
 *
 * "support_auroc" is the chance that a far row has less support than one that
 * is not, equal ones counting half; support is taken to hundredths.
 */
struct metric_figure {
    const char *name; /* "mae" */
    const char *unit; /* "w", "pct", "j"; "" for none */
    int decimals;     /* that are worth reading */
    double (*value)(const struct metric *m);
    int better; /* 1: more is better, -1: less is, 0: neither */
    bool main;  /* what a narrow table shows */
};

/*
 * Tables have METRIC_FIRST of them, "mape_floor_w", and then the others; those
 * from METRIC_LATE on behind all else that there was before them.
 */
enum { METRIC_FIRST = 15, METRIC_LATE = 21, METRIC_FIGURES = 24 };
extern const struct metric_figure metric_figures[METRIC_FIGURES];

/* The figure of that name or title, or -1. */
int metric_figure_find(const char *name);

/* "mae_w": name and unit. */
void metric_figure_title(const struct metric_figure *f, char *out, size_t size);

/* "mae<2.5", "r2>0.8": what must be true of a figure, by name or title. */
struct metric_gate {
    const struct metric_figure *figure;
    bool below; /* must be below the limit; else above */
    double limit;
};

int metric_gate_parse(struct metric_gate *g, const char *text, struct err *e);

/* A figure that is not known (NaN) does not pass. */
bool metric_gate_passes(const struct metric_gate *g, const struct metric *m);

#endif
