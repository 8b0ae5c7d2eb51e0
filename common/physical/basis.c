#include "common/physical/basis.h"

#include <math.h>

const double basis_scale[BASIS_SCALES] = {.5, 1.5, 4, 10};

void basis_row(double busy, double n_cpus, double *x)
{
    double b = busy * BASIS_CPUS / n_cpus;

    x[0] = 1;
    x[1] = fmin(busy, 1) + 0 * busy; /* NaN stays NaN */
    for (int i = 0; i < BASIS_SCALES; i++)
        x[2 + i] = 1 - exp(-b / basis_scale[i]);
    x[2 + BASIS_SCALES] = b;
}

void basis_knots(double n_cpus, double *busy)
{
    busy[KNOT_IDLE] = 0;
    busy[KNOT_ONE] = 1;
    busy[KNOT_MIDDLE] = sqrt(n_cpus);
    busy[KNOT_FULL] = n_cpus;
}

void basis_effects(double busy, double n_cpus, double *z)
{
    double place = busy;

    if (busy > 1)
        place = n_cpus > 1 ? 1 + 2 * log(busy) / log(n_cpus) : 1;
    if (place > KNOT_FULL)
        place = KNOT_FULL;
    for (int i = 0; i < EFFECTS; i++) {
        double near = 1 - fabs(place - i);

        z[i] = near < 0 ? 0 : near; /* NaN stays NaN */
    }
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

void basis_mend(double *c)
{
    double trace = 0;

    for (int k = 0; k < EFFECTS; k++)
        trace += c[k * EFFECTS + k];
    for (int k = 0; k < EFFECTS; k++)
        c[k * EFFECTS + k] += 1e-6 * trace;
}

int basis_bin(double busy, double n_cpus)
{
    static const double edge[BASIS_BINS - 1] = {.03, .1, .3, .7, 1.5,
                                                3,   6,  10, 16, 22};
    int bin = 0;

    while (bin < BASIS_BINS - 1 && busy * BASIS_CPUS / n_cpus >= edge[bin])
        bin++;
    return bin;
}
