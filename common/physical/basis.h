#ifndef PHYSICAL_BASIS_H
#define PHYSICAL_BASIS_H

#include <stddef.h>

/*
 * Columns that watts are a sum of, as functions of busy CPUs b on a machine
 * with n of them:
 *
 *   1, min(b, 1), 1 - exp(-b' / s) for s = .5, 1.5, 4, 10, b'
 *
 * where b' = 24 b / n scales load to the machine.  The second is the first CPU,
 * which wakes the package and draws in proportion to its time; the next
 * saturate, as power does that meets a limit.
 */
enum { BASIS_SCALES = 4, BASIS = 3 + BASIS_SCALES };
enum { BASIS_CPUS = 24 }; /* of the machine at which scales are in CPUs */
extern const double basis_scale[BASIS_SCALES];

/* x (BASIS) of b busy CPUs. */
void basis_row(double busy, double n_cpus, double *x);

/*
 * What differs from a curve is told in watts at four loads, its knots, and lies
 * between two of them in proportion, above one CPU to the logarithm of load: so
 * its covariances can be read off, and what is seen at full load says nothing
 * of one CPU but what those tell.
 */
enum { KNOT_IDLE, KNOT_ONE, KNOT_MIDDLE, KNOT_FULL, EFFECTS };

/* Their loads: 0, 1, sqrt(n), n busy CPUs. */
void basis_knots(double n_cpus, double *busy);

/* z (EFFECTS), the share of each knot in b busy CPUs; they add up to 1. */
void basis_effects(double busy, double n_cpus, double *z);

/* sum a[i] b[i] */
double basis_dot(const double *a, const double *b, size_t n);

/* z' c z, c (EFFECTS, EFFECTS) */
double basis_variance(const double *z, const double *c);

/* Add to c what rounding took from it, so that a covariance stays one. */
void basis_mend(double *c);

/* Load bins: a workload counts the same in each. */
enum { BASIS_BINS = 11 };
int basis_bin(double busy, double n_cpus);

#endif
