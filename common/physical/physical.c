#include "common/physical/physical.h"

#include <math.h>

enum { E = EFFECTS };

/* All that is open of a row, as one covariance. */
static void open_covariance(const struct physical *p, double *c)
{
    for (int i = 0; i < E * E; i++)
        c[i] = p->session[i] + p->workload[i] + p->recording[i];
}

/* CPUs, on the reference machine, between a load and those trained on. */
static double strangeness(const struct physical *p, double busy)
{
    double far = fmax(fmax(p->busy_min - busy, busy - p->busy_max), 0);

    return far * 24 / p->n_cpus;
}

double physical_mean(const struct physical *p, double busy, double *z)
{
    double x[BASIS];

    basis_row(busy, p->n_cpus, x);
    basis_effects(busy, p->n_cpus, z);
    return basis_dot(p->curve, x, BASIS) + basis_dot(p->shift, z, E);
}

double physical_idle(const struct physical *p)
{
    return fmax(p->curve[0] + p->shift[KNOT_IDLE] + p->idle_gap_w, 0);
}

double physical_fade(const struct physical *p)
{
    return 24 / (.15 * p->n_cpus);
}

/* W of the whole machine, all CPUs busy: what being unsure is held against. */
static double full_watts(const struct physical *p)
{
    double z[EFFECTS];

    return fmax(physical_mean(p, p->n_cpus, z), 1e-6);
}

void physical_predict(const struct physical *p, const float *busy, size_t n,
                      struct physical_prediction *out)
{
    double open[E * E], machine_idle = physical_idle(p);
    double fade = physical_fade(p), full = full_watts(p);

    open_covariance(p, open);
    for (size_t i = 0; i < n; i++) {
        double b = busy[i], z[E], effect, noise;
        double watts = physical_mean(p, b, z);

        if (p->idle_gap_w != 0)
            watts += p->idle_gap_w * exp(-b * fade);
        effect = sqrt(basis_variance(z, open));
        noise = basis_dot(p->noise, z, E);
        watts = watts < machine_idle ? machine_idle : watts;
        out[i].idle = (float)(machine_idle * p->share);
        out[i].dynamic = (float)(watts - machine_idle);
        out[i].watts = out[i].idle + out[i].dynamic;
        out[i].sd = (float)sqrt(effect * effect + noise * noise);
        out[i].support =
            (float)(exp(-strangeness(p, b)) * full / (full + effect));
    }
}

double physical_quantile(double coverage)
{
    double low = 0, high = 8;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (erf(middle * M_SQRT1_2) < coverage)
            low = middle;
        else
            high = middle;
    }
    return low;
}
