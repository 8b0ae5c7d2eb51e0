#include <math.h>
#include <string.h>

#include "common/physical/effects.h"
#include "common/physical/physical.h"

enum {
    E = EFFECTS,
    ROWS_MOST = 10,    /* evidence counts no more than so many rows */
    NOISE_ROWS = 4,    /* what the trained noise counts against new rows' */
    CONTRADICTION = 4, /* sds beyond which evidence is not believed */
    SETTLE_ROWS = 120, /* of idle, to see whether it still falls */
};

/* Of a recording's own effect, what will still move after it was measured. */
static const double drift = .5;

/* Idle settles for longer than it is measured: sd, a share of idle to full. */
static const double settle_share = .02;

/* Sums over rows of evidence, as effects_posterior() takes them. */
struct evidence {
    double gram[E * E], cross[E];
    double square; /* of residuals, in units of the noise */
    double n;      /* effective rows */
};

/* noise (E): sds of rows at the knots */
static int gather(struct evidence *v, const struct physical *p,
                  const double *noise, const float *busy, const float *watts,
                  size_t n, struct err *e)
{
    double weight = fmin(1, (double)ROWS_MOST / (double)n);

    memset(v, 0, sizeof *v);
    if (n == 0)
        return err_set(e, ERR_DATA, "no rows with measured watts");
    for (size_t i = 0; i < n; i++) {
        double z[E], d = watts[i] - physical_mean(p, busy[i], z);
        double sd = basis_dot(noise, z, E), w = weight / (sd * sd);

        if (!isfinite(d))
            return err_set(e, ERR_DATA,
                           "row %zu: busy CPUs or watts are not finite", i);
        for (int j = 0; j < E; j++) {
            for (int k = 0; k < E; k++)
                v->gram[j * E + k] += w * z[j] * z[k];
            v->cross[j] += w * z[j] * d;
        }
        v->square += w * d * d;
        v->n += weight;
    }
    return 0;
}

/* Squares left when effects explain the evidence as they may. */
static double left_over(const struct evidence *v, const double *mean)
{
    return v->square - 2 * basis_dot(v->cross, mean, E) +
           basis_variance(mean, v->gram);
}

static void sum(const double *a, const double *b, double scale, double *out)
{
    for (int i = 0; i < E * E; i++)
        out[i] = a[i] + scale * b[i];
}

/* As good as no nuisance, beside `prior`, and still positive definite. */
static void none(const double *prior, double *out)
{
    memset(out, 0, E * E * sizeof *out);
    for (int i = 0; i < E; i++)
        out[i * E + i] = 1e-6 * prior[i * E + i] + 1e-12;
}

/* Watts move; idle stays where an anchor holds it. */
static void shift_watts(struct physical *p, const double *mean)
{
    if (p->idle_gap_w != 0)
        p->idle_gap_w -= mean[KNOT_IDLE];
    for (int i = 0; i < E; i++)
        p->shift[i] += mean[i];
}

/* Watts from idle to all CPUs busy. */
static double span_of(const struct physical *p)
{
    double z[E];

    return physical_mean(p, p->n_cpus, z) - physical_mean(p, 0, z);
}

/* Squares left with every effect free to fit the rows. */
static double misfit(const struct physical *p, const struct evidence *v)
{
    double prior[E * E], nuisance[E * E], mean[E], cov[E * E];

    sum(p->session, p->workload, 1, prior);
    sum(prior, p->recording, 1, prior);
    none(prior, nuisance);
    effects_posterior(prior, nuisance, v->gram, v->cross, mean, cov);
    return left_over(v, mean);
}

/*
 * Are the rows like one another, whatever this machine is like?  As far as the
 * model can tell, and by the scatter it knows where it is largest: at a load
 * where its own machines are quiet another one need not be.
 */
static int check_evidence(const struct physical *p, const float *busy,
                          const float *watts, size_t n, struct err *e)
{
    double usual[E], left, most = 0;
    struct evidence v;

    for (int k = 0; k < E; k++)
        most = fmax(most, p->noise[k]);
    for (int k = 0; k < E; k++)
        usual[k] = most;
    if (gather(&v, p, usual, busy, watts, n, e))
        return -1;
    left = misfit(p, &v);
    if (left > CONTRADICTION * CONTRADICTION * v.n)
        return err_set(e, ERR_DATA,
                       "the measured watts contradict one another: at equal "
                       "load they differ by %.1f W, where %.1f W are usual; "
                       "calibrate from one session without other changes",
                       sqrt(left / v.n) * most, most);
    return 0;
}

/* The rows' own scatter, for a model that will predict this very recording. */
static void update_noise(struct physical *p, struct evidence *v)
{
    double scale = (NOISE_ROWS + fmax(misfit(p, v), 0)) / (NOISE_ROWS + v->n);

    for (int i = 0; i < E * E; i++)
        v->gram[i] /= scale;
    for (int i = 0; i < E; i++) {
        v->cross[i] /= scale;
        p->noise[i] *= sqrt(scale);
    }
}

static int learn(struct physical *p, const float *busy, const float *watts,
                 size_t n, bool same, struct err *e)
{
    double prior[E * E], nuisance[E * E], mean[E], cov[E * E];
    struct evidence v;

    if (gather(&v, p, p->noise, busy, watts, n, e))
        return -1;
    if (same) {
        update_noise(p, &v);
        sum(p->session, p->workload, 1, prior);
        sum(prior, p->recording, 1, prior);
        none(prior, nuisance);
    } else {
        memcpy(prior, p->session, sizeof prior);
        sum(p->workload, p->recording, 1, nuisance);
    }
    effects_posterior(prior, nuisance, v.gram, v.cross, mean, cov);
    shift_watts(p, mean);
    memcpy(p->session, cov, sizeof cov);
    if (same) {
        memset(p->workload, 0, sizeof p->workload);
        for (int i = 0; i < E * E; i++)
            p->recording[i] *= drift;
        p->recording[KNOT_IDLE * E + KNOT_IDLE] +=
            pow(settle_share * span_of(p), 2);
    }
    p->calibrated += v.n;
    return 0;
}

/* Do the rows draw at this load what no machine of the trained kind does? */
static bool is_beyond(const struct physical *p, const struct physical *learnt,
                      double busy)
{
    double z[E], off = physical_mean(learnt, busy, z);

    off -= physical_mean(p, busy, z);
    return off * off >
           CONTRADICTION * CONTRADICTION * basis_variance(z, p->session);
}

/* p, which the rows are beyond, as another make that they have taught. */
static int learn_other_make(struct physical *p, const struct physical *learnt,
                            const float *busy, const float *watts, size_t n,
                            bool same, struct err *e)
{
    double z[E], full = physical_mean(learnt, p->n_cpus, z);

    if (p->calibrated > 0 ||
        !(is_beyond(p, learnt, 0) || is_beyond(p, learnt, p->n_cpus)) ||
        physical_stretch(p, NAN, full, e) ||
        check_evidence(p, busy, watts, n, e))
        return -1;
    return learn(p, busy, watts, n, same, e);
}

int physical_calibrate(struct physical *p, const float *busy,
                       const float *watts, size_t n, bool same, struct err *e)
{
    struct physical learnt = *p, other = *p;
    struct err unused;

    if (learn(&learnt, busy, watts, n, same, e))
        return -1;
    /* Of another make, the work to come differs by other watts as well. */
    if (learn_other_make(&other, &learnt, busy, watts, n, same, &unused) == 0)
        learnt = other;
    else if (check_evidence(p, busy, watts, n, e))
        return -1;
    *p = learnt;
    return 0;
}

static int check_anchor(const struct physical *p, double busy, double watts,
                        double expected, double sd, struct err *e)
{
    double z[E], full = physical_mean(p, p->n_cpus, z);

    if (busy == 0 && watts >= full)
        return err_set(e, ERR_DATA,
                       "idle at %.1f W is not below the %.1f W that this model "
                       "expects with all CPUs busy",
                       watts, full);
    if (fabs(watts - expected) > CONTRADICTION * sd)
        return err_set(e, ERR_DATA,
                       "%.1f W with %g CPUs busy contradict what is known of "
                       "this machine, %.1f +- %.1f W; check the wattage, or "
                       "take a model of such a machine",
                       watts, busy, expected, sd);
    return 0;
}

/* A wattage is a mean: the noise of rows is not in it. */
int physical_anchor(struct physical *p, double busy, double watts, double error,
                    struct err *e)
{
    double z[E], gain[E], mean[E], expected, variance;

    if (!(watts > 0) || !(error > 0) || !(busy >= 0) || busy > p->n_cpus ||
        !isfinite(watts))
        return err_set(e, ERR_DATA,
                       "%g W with %g CPUs busy: out of range for a machine of "
                       "%g CPUs",
                       watts, busy, p->n_cpus);
    expected = physical_mean(p, busy, z) + (busy == 0 ? p->idle_gap_w : 0);
    variance = basis_variance(z, p->session) + pow(error * watts, 2);
    if (check_anchor(p, busy, watts, expected, sqrt(variance), e))
        return -1;
    for (int i = 0; i < E; i++) {
        gain[i] = basis_dot(p->session + i * E, z, E);
        mean[i] = gain[i] / variance * (watts - expected);
    }
    for (int i = 0; i < E; i++)
        for (int k = 0; k < E; k++)
            p->session[i * E + k] -= gain[i] * gain[k] / variance;
    shift_watts(p, mean);
    /* The rest of idle's gap says nothing of load: it fades. */
    if (busy == 0)
        p->idle_gap_w = watts - p->curve[0] - p->shift[KNOT_IDLE];
    p->calibrated++;
    return 0;
}

/*
 * The effects at the knots of a machine of k times n CPUs, of those at the
 * knots of one with n: what they are at an equal share of load, times k, but
 * the first CPU's part stays what it is.
 */
static void resize_map(double n, double k, double r[E][E])
{
    double busy[E];

    basis_knots(n * k, busy);
    for (int i = 0; i < E; i++) {
        basis_effects(busy[i] / k, n, r[i]);
        for (int j = 0; j < E; j++)
            r[i][j] *= k;
        if (i > KNOT_ONE) {
            r[i][KNOT_IDLE] += k - 1;
            r[i][KNOT_ONE] -= k - 1;
        }
    }
    for (int j = 0; j < E; j++)
        r[KNOT_ONE][j] =
            j == KNOT_IDLE ? k - 1 : j == KNOT_ONE; /* idle, and the first */
}

/*
 * What a calibration found, on the machine of k times as many CPUs: at an equal
 * share of load, times k, as the curve that it was found beside.
 */
static void resize_shift(struct physical *p, double k)
{
    double busy[E], z[E], shift[E];

    basis_knots(p->n_cpus * k, busy);
    for (int i = 0; i < E; i++) {
        basis_effects(busy[i] / k, p->n_cpus, z);
        shift[i] = k * basis_dot(z, p->shift, E);
    }
    memcpy(p->shift, shift, sizeof shift);
}

/* c = widen r c r' */
static void resize_covariance(double r[E][E], double widen, double *c)
{
    double half[E * E];

    for (int i = 0; i < E; i++)
        for (int j = 0; j < E; j++)
            half[i * E + j] = basis_dot(r[i], c + j * E, E);
    for (int i = 0; i < E; i++)
        for (int j = 0; j < E; j++)
            c[i * E + j] = widen * basis_dot(half + i * E, r[j], E);
    basis_mend(c);
}

void physical_resize(struct physical *p, double n_cpus)
{
    double k = n_cpus / p->n_cpus, r[E][E];

    if (k == 1)
        return;
    resize_map(p->n_cpus, k, r);
    resize_covariance(r, 4, p->session);
    resize_covariance(r, 1, p->workload);
    resize_covariance(r, 1, p->recording);
    resize_shift(p, k);
    for (int i = 0; i < E; i++)
        p->noise[i] *= k;
    for (int i = 0; i < BASIS; i++) /* the second is the first CPU */
        p->curve[i] *= i == 1 ? 1 : k;
    p->idle_gap_w *= k;
    p->busy_min *= k;
    p->busy_max *= k;
    p->n_cpus = n_cpus;
}

static double mean_of(const float *x, size_t n)
{
    double total = 0;

    for (size_t i = 0; i < n; i++)
        total += x[i];
    return n ? total / (double)n : NAN;
}

int physical_settled_idle(const float *busy, const float *watts, size_t n,
                          double n_cpus, double *mean_w, struct err *e)
{
    double load = mean_of(busy, n), early, late;

    if (n < SETTLE_ROWS)
        return err_set(e, ERR_DATA,
                       "%zu rows do not show that idle has settled; record "
                       "idle for two minutes or more",
                       n);
    if (!(load < .01 * n_cpus))
        return err_set(e, ERR_DATA,
                       "not idle: %.2f CPUs are busy; stop what runs", load);
    early = mean_of(watts, n / 2);
    late = mean_of(watts + n / 2, n - n / 2);
    if (!(early - late < .1 * late))
        return err_set(e, ERR_DATA,
                       "idle has not settled: it fell from %.2f to %.2f W; "
                       "wait ten minutes",
                       early, late);
    *mean_w = late;
    return 0;
}

int physical_full_load(const float *busy, const float *watts, size_t n,
                       double n_cpus, double *mean_w, struct err *e)
{
    double load = mean_of(busy, n);

    if (!(load >= .9 * n_cpus))
        return err_set(e, ERR_DATA,
                       "the load is not full: %.1f of %g CPUs are busy; start "
                       "a worker on each",
                       n ? load : 0, n_cpus);
    *mean_w = mean_of(watts, n);
    return 0;
}
