#include <math.h>
#include <string.h>

#include "common/physical/physical.h"

enum { E = EFFECTS };

/* No machine draws more than so much and so much a CPU, with all of them busy,
 * nor less than a CPU of a telephone. */
static const double watts_most = 200, watts_cpu_most = 50,
                    watts_cpu_least = .05;

/*
 * Another make is as good as the trained one in two respects as not at all: its
 * dynamic watts grow like the trained curve, which may bend at a limit of power
 * that the other does not have, or straight, or anyhow between; idle draws as
 * large a share of full load, or any, spread evenly over none to all.  So each
 * is taken half way.
 */
static const double half = .5;
static const double evenly_variance = 1 / 12.;

/* Idle alone tells the dynamic watts no better than to as much again. */
static const double dynamic_sd = 1;

/* Work and recordings differ by at most such a share of the dynamic watts. */
static const double work_most = .25;

/* W of another make, its dynamic ones in relation to the model's. */
struct make {
    double idle, idle_sd, span, scale;
};

static int check_wattage(const char *name, double watts, double least,
                         double n_cpus, struct err *e)
{
    double most = watts_most + watts_cpu_most * n_cpus;

    if (isnan(watts) || (watts >= least && watts <= most))
        return 0;
    return err_set(e, ERR_DATA,
                   "%s at %.1f W contradicts what is known of machines: with "
                   "%g CPUs they draw %.1f to %.0f W; check the wattage, and "
                   "the number of CPUs",
                   name, watts, n_cpus, least, most);
}

static int find_make(const struct physical *p, double idle, double full,
                     struct make *m, struct err *e)
{
    double z[E], full0 = physical_mean(p, p->n_cpus, z);
    double idle0 = fmax(physical_idle(p), .01 * full0);
    double off = half - idle0 / full0;

    *m = (struct make){.idle = idle, .span = full0 - idle0};
    if (check_wattage("idle", idle, 0, p->n_cpus, e) ||
        check_wattage("full load", full, watts_cpu_least * p->n_cpus, p->n_cpus,
                      e))
        return -1;
    if (idle >= full)
        return err_set(e, ERR_DATA, "idle at %.1f W is not below full load",
                       idle);
    if (!(m->span > 0) || (isnan(idle) && isnan(full)))
        return err_set(e, ERR_DATA, "there is no curve or wattage to stretch");
    if (isnan(idle))
        m->idle = full * (half - off * half);
    m->scale = isnan(full) ? sqrt(idle / idle0) : (full - m->idle) / m->span;
    m->span *= m->scale;
    m->idle_sd = (m->idle + m->span) *
                 sqrt(half * evenly_variance + half * half * off * off);
    return 0;
}

/* c += sd^2 v v' */
static void add_direction(double *c, const double *v, double sd)
{
    for (int i = 0; i < E; i++)
        for (int k = 0; k < E; k++)
            c[i * E + k] += sd * sd * v[i] * v[k];
}

/* The share of the dynamic watts of full load that is drawn at each knot. */
static void shape_of(const struct physical *p, double *shape)
{
    double busy[E], z[E], idle = physical_mean(p, 0, z);
    double span = physical_mean(p, p->n_cpus, z) - idle;

    basis_knots(p->n_cpus, busy);
    for (int k = 0; k < E; k++)
        shape[k] = (physical_mean(p, busy[k], z) - idle) / span;
}

/* The curve of the other make, of which nothing is sure but what it is. */
static void move_curve(struct physical *p, const struct make *m)
{
    for (int k = 1; k < BASIS; k++)
        p->curve[k] *= m->scale * half;
    p->curve[0] = m->idle;
    p->curve[BASIS - 1] += (1 - half) * m->span / BASIS_CPUS;
    for (int k = 0; k < E; k++)
        p->noise[k] *= m->scale;
    for (int i = 0; i < E * E; i++) {
        p->session[i] *= m->scale * m->scale;
        p->workload[i] *= m->scale * m->scale;
        p->recording[i] *= m->scale * m->scale;
    }
}

/*
 * Of a small machine resized from a large one a single CPU is most of it, and
 * what differs there, which is not resized, more than the whole; not so of a
 * small machine of its own.
 */
static void limit_work(struct physical *p, double span)
{
    double most = 0, limit = pow(work_most * span, 2);

    for (int k = 0; k < E; k++)
        most = fmax(most, p->workload[k * E + k] + p->recording[k * E + k]);
    for (int i = 0; i < E * E && most > limit; i++) {
        p->workload[i] *= limit / most;
        p->recording[i] *= limit / most;
    }
}

int physical_stretch(struct physical *p, double idle, double full,
                     struct err *e)
{
    double trained[E], shape[E], bend[E], fades[E], busy[E];
    struct make m;

    if (p->calibrated > 0)
        return err_set(e, ERR_DATA, "the model is calibrated already");
    if (find_make(p, idle, full, &m, e))
        return -1;
    shape_of(p, trained);
    move_curve(p, &m);
    limit_work(p, m.span);
    shape_of(p, shape);
    basis_knots(p->n_cpus, busy);
    for (int k = 0; k < E; k++) {
        bend[k] = trained[k] - busy[k] / p->n_cpus;
        fades[k] = 1 - shape[k];
    }
    add_direction(p->session, bend, sqrt(evenly_variance) * m.span);
    add_direction(p->session, fades, m.idle_sd);
    add_direction(p->session, shape, dynamic_sd * m.span);
    return 0;
}
