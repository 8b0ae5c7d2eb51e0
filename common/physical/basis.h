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
 * saturate, as power does that meets a limit.  The random effects live on four
 * of the columns.
 */
enum {
    BASIS = 7,
    EFFECTS = 4,
};

extern const int basis_effect[EFFECTS]; /* their columns */

/* x (BASIS) of b busy CPUs. */
void basis_row(double busy, double n_cpus, double *x);

/* The columns of x that effects use: z (EFFECTS). */
void basis_effects(const double *x, double *z);

/* sum a[i] b[i] */
double basis_dot(const double *a, const double *b, size_t n);

/* z' c z, c (EFFECTS, EFFECTS) */
double basis_variance(const double *z, const double *c);

/*
 * Rows at idle scatter less than rows under load: their noise, against that
 * under load.
 */
double basis_noise(double busy);

/* Load bins: a workload counts the same in each. */
enum { BASIS_BINS = 11 };
int basis_bin(double busy, double n_cpus);

#endif
