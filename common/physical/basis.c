#include "common/physical/basis.h"

#include <math.h>

/* The machine at which the scales below are in CPUs. */
static const double reference = 24;

const int basis_effect[EFFECTS] = {0, 1, 3, 5};

void basis_row(double busy, double n_cpus, double *x)
{
    double b = busy * reference / n_cpus;

    x[0] = 1;
    x[1] = fmin(busy, 1) + 0 * busy; /* NaN stays NaN */
    x[2] = 1 - exp(-b / .5);
    x[3] = 1 - exp(-b / 1.5);
    x[4] = 1 - exp(-b / 4);
    x[5] = 1 - exp(-b / 10);
    x[6] = b;
}

void basis_effects(const double *x, double *z)
{
    for (int i = 0; i < EFFECTS; i++)
        z[i] = x[basis_effect[i]];
}

double basis_dot(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

double basis_variance(const double *z, const double *c)
{
    double sum = 0;

    for (int i = 0; i < EFFECTS; i++)
        sum += z[i] * basis_dot(c + i * EFFECTS, z, EFFECTS);
    return sum;
}

double basis_noise(double busy)
{
    return .5 + .5 * fmin(busy, 1);
}

int basis_bin(double busy, double n_cpus)
{
    static const double edge[BASIS_BINS - 1] = {.03, .1, .3, .7, 1.5,
                                                3,   6,  10, 16, 22};
    int bin = 0;

    while (bin < BASIS_BINS - 1 && busy * reference / n_cpus >= edge[bin])
        bin++;
    return bin;
}
