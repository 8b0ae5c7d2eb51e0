#ifndef PHYSICAL_POINTS_H
#define PHYSICAL_POINTS_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/physical/basis.h"

/*
 * What a curve is drawn through: each workload at each load (basis_bin()) is a
 * point, the mean of its rows, and counts the same as another; so two levels
 * that a workload goes back and forth between make one point between them.
 */
struct point {
    double x[BASIS], watts; /* means */
    double n;               /* rows */
};

struct points {
    size_t n_workloads;
    struct point *at; /* (n_workloads, BASIS_BINS) */
};

void points_init(struct points *ps, size_t n_workloads);
void points_release(struct points *ps);

/* First all rows, x (BASIS) each, then points_end() once. */
void points_add(struct points *ps, size_t workload, int bin, const float *x,
                double watts);
void points_end(struct points *ps);

#define POINTS_ALL ((size_t)-1)

/*
 * The curve (BASIS) of non-negative weights through the points of all workloads
 * but one (or POINTS_ALL): least squares, with Huber's weights (1964) against
 * workloads unlike the others.
 *
 * Returns 0, or -1 with ERR_DATA: watts do not rise with load.
 */
int points_curve(const struct points *ps, size_t left_out, double n_cpus,
                 double *curve, struct err *e);

/* Watts from idle to all CPUs busy. */
double points_span(const double *curve, double n_cpus);

#endif
