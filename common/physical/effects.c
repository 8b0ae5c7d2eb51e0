#include "common/physical/effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/spd.h"

enum { E = EFFECTS, EE = EFFECTS * EFFECTS };

/* c = a b, all (E, E); c is neither. */
static void product(const double *a, const double *b, double *c)
{
    for (int i = 0; i < E; i++) {
        for (int j = 0; j < E; j++) {
            double sum = 0;

            for (int k = 0; k < E; k++)
                sum += a[i * E + k] * b[k * E + j];
            c[i * E + j] = sum;
        }
    }
}

static void apply(const double *a, const double *x, double *y)
{
    for (int i = 0; i < E; i++)
        y[i] = basis_dot(a + i * E, x, E);
}

/* c = a v a' */
static void sandwich(const double *a, const double *v, double *c)
{
    double half[EE], turned[EE];

    product(a, v, half);
    for (int i = 0; i < E; i++)
        for (int j = 0; j < E; j++)
            turned[i * E + j] = a[j * E + i];
    product(half, turned, c);
}

static double invert(const double *a, double *inverse)
{
    double l[EE];

    memcpy(l, a, sizeof l);
    /* Covariances are kept away from singular: a failure would be our bug. */
    if (spd_factor(E, l))
        return NAN;
    spd_invert(E, l, inverse);
    return spd_log_det(E, l);
}

/*
 * One recording with its own effect f ~ N(0, F) taken out: what its rows say
 * of the sum a = u + v, as a precision M and a vector m.
 */
struct marginal {
    double gram[EE], cross[E]; /* over the noise */
    double open[EE];           /* C, the covariance of f given a */
    double pull[EE];           /* C gram: the mean of f falls by it times a */
    double precision[EE];      /* M */
    double vector[E];          /* m */
    double log_det;            /* log |I + F gram| */
};

static void marginalise(struct marginal *m, const double *gram,
                        const double *cross, const double *recording)
{
    double p[EE], half[EE], t[E], log_f, log_p;

    memcpy(m->gram, gram, sizeof m->gram);
    memcpy(m->cross, cross, sizeof m->cross);
    log_f = invert(recording, p);
    for (int i = 0; i < EE; i++)
        p[i] += gram[i];
    log_p = invert(p, m->open);
    m->log_det = log_f + log_p;
    product(m->open, gram, m->pull);
    product(gram, m->pull, half);
    apply(m->open, cross, t);
    for (int i = 0; i < EE; i++)
        m->precision[i] = gram[i] - half[i];
    apply(gram, t, m->vector);
    for (int i = 0; i < E; i++)
        m->vector[i] = cross[i] - m->vector[i];
}

/* All effects of sessions, then of workloads: D = E (sessions + workloads). */
struct joint {
    size_t D, n_sessions, n_groups;
    double *precision;     /* (D, D), then its factor */
    double *cov;           /* (D, D) */
    double *vector, *mean; /* (D) */
};

static void add_block(struct joint *j, size_t row, size_t col, const double *b)
{
    for (size_t i = 0; i < E; i++)
        for (size_t k = 0; k < E; k++)
            j->precision[(row * E + i) * j->D + col * E + k] += b[i * E + k];
}

static void joint_add(struct joint *j, const struct effects_recording *at,
                      const struct marginal *m)
{
    size_t s = at->session, w = j->n_sessions + at->workload;

    add_block(j, s, s, m->precision);
    add_block(j, w, w, m->precision);
    add_block(j, s, w, m->precision);
    add_block(j, w, s, m->precision);
    for (size_t i = 0; i < E; i++) {
        j->vector[s * E + i] += m->vector[i];
        j->vector[w * E + i] += m->vector[i];
    }
}

/* Mean and covariance; returns their part of the log likelihood. */
static double joint_solve(struct joint *j, const struct effects *x)
{
    double inverse[2][EE], log_prior = 0;
    double log_det[2] = {invert(x->session, inverse[0]),
                         invert(x->workload, inverse[1])};

    for (size_t g = 0; g < j->n_groups; g++) {
        int level = g >= j->n_sessions;

        add_block(j, g, g, inverse[level]);
        log_prior += log_det[level];
    }
    if (spd_factor(j->D, j->precision))
        return NAN;
    spd_invert(j->D, j->precision, j->cov);
    memcpy(j->mean, j->vector, j->D * sizeof *j->mean);
    spd_solve(j->D, j->precision, j->mean);
    return basis_dot(j->mean, j->vector, j->D) / 2 -
           (spd_log_det(j->D, j->precision) + log_prior) / 2;
}

/* Mean and covariance of u + v of one recording. */
static void joint_sum(const struct joint *j, const struct effects_recording *at,
                      double *mean, double *cov)
{
    size_t s = at->session * E, w = (j->n_sessions + at->workload) * E;

    for (size_t i = 0; i < E; i++) {
        mean[i] = j->mean[s + i] + j->mean[w + i];
        for (size_t k = 0; k < E; k++)
            cov[i * E + k] = j->cov[(s + i) * j->D + s + k] +
                             j->cov[(w + i) * j->D + w + k] +
                             j->cov[(s + i) * j->D + w + k] +
                             j->cov[(w + i) * j->D + s + k];
    }
}

/* to += mean mean' + cov, (E, E) at `cov` with rows `stride` apart */
static void add_moment(double *to, const double *mean, const double *cov,
                       size_t stride)
{
    for (size_t i = 0; i < E; i++)
        for (size_t k = 0; k < E; k++)
            to[i * E + k] += mean[i] * mean[k] + cov[i * stride + k];
}

/* A covariance from n second moments about `mean`, and what is believed. */
static void set_covariance(double *cov, const struct effects_belief *prior,
                           const double *moment, const double *mean, size_t n)
{
    for (int i = 0; i < E; i++)
        for (int k = 0; k < E; k++)
            cov[i * E + k] = ((moment[i * E + k] + moment[k * E + i]) / 2 -
                              (double)n * mean[i] * mean[k] +
                              prior->strength * prior->cov[i * E + k]) /
                             ((double)n + prior->strength);
}

/*
 * Second moments of a recording's own effect, added to `moment`; returns the
 * expected squares that are left to noise.
 */
static double own_effect(const struct effects_recording *at,
                         const struct marginal *m, const struct joint *j,
                         double *moment)
{
    double a[E], va[EE], f[E], vf[EE], t[E], keep[EE], v[EE];
    double left = at->square;

    joint_sum(j, at, a, va);
    apply(m->gram, a, t);
    for (int i = 0; i < E; i++)
        t[i] = m->cross[i] - t[i];
    apply(m->open, t, f);
    sandwich(m->pull, va, vf);
    for (int i = 0; i < EE; i++) {
        vf[i] += m->open[i];
        keep[i] = (i % (E + 1) == 0) - m->pull[i];
    }
    add_moment(moment, f, vf, E);
    /* q = a + f has mean a + f and covariance (I - pull) va (I - pull)' + C. */
    sandwich(keep, va, v);
    for (int i = 0; i < E; i++)
        a[i] += f[i];
    for (int i = 0; i < E; i++) {
        left -= 2 * a[i] * at->cross[i];
        for (int k = 0; k < E; k++)
            left += at->gram[i * E + k] *
                    (a[i] * a[k] + v[i * E + k] + m->open[i * E + k]);
    }
    return left;
}

static double own_likelihood(const struct effects_recording *at,
                             const struct marginal *m, double noise)
{
    return -(at->n * log(2 * M_PI * noise) + at->square / noise + m->log_det -
             basis_variance(m->cross, m->open)) /
           2;
}

static void joint_init(struct joint *j, size_t n_sessions, size_t n_workloads)
{
    j->n_sessions = n_sessions;
    j->n_groups = n_sessions + n_workloads;
    j->D = j->n_groups * E;
    j->precision = xcalloc(j->D * j->D, sizeof *j->precision);
    j->cov = xcalloc(j->D * j->D, sizeof *j->cov);
    j->vector = xcalloc(j->D, sizeof *j->vector);
    j->mean = xcalloc(j->D, sizeof *j->mean);
}

static void joint_release(struct joint *j)
{
    free(j->precision);
    free(j->cov);
    free(j->vector);
    free(j->mean);
}

/* The M step: means, covariances and the noise from the posterior's moments. */
static void maximise(struct effects *x, const struct effects_prior *prior,
                     const struct effects_recording *at,
                     const struct marginal *m, size_t n, const struct joint *j)
{
    double moment[3][EE] = {{0}}, mean[3][E] = {{0}}, squares = 0, weight = 0;
    size_t count[2] = {j->n_sessions, j->n_groups - j->n_sessions};

    for (size_t g = 0; g < j->n_groups; g++) {
        int level = g >= j->n_sessions;

        add_moment(moment[level], j->mean + g * E,
                   j->cov + g * E * j->D + g * E, j->D);
        for (int i = 0; i < E; i++)
            mean[level][i] += j->mean[g * E + (size_t)i] / (double)count[level];
    }
    for (size_t i = 0; i < n; i++) {
        squares += own_effect(&at[i], &m[i], j, moment[2]);
        weight += at[i].n;
    }
    for (int i = 0; i < E; i++)
        x->mean[i] += mean[0][i] + mean[1][i];
    x->noise = fmax(squares / weight, 1e-12);
    set_covariance(x->session, &prior->session, moment[0], mean[0], count[0]);
    set_covariance(x->workload, &prior->workload, moment[1], mean[1], count[1]);
    set_covariance(x->recording, &prior->recording, moment[2], mean[2], n);
}

/* The recording's sums about the mean of all. */
static struct effects_recording centre(const struct effects_recording *at,
                                       const double *mean)
{
    struct effects_recording c = *at;

    c.square +=
        basis_variance(mean, at->gram) - 2 * basis_dot(mean, at->cross, E);
    for (int i = 0; i < E; i++)
        c.cross[i] -= basis_dot(at->gram + i * E, mean, E);
    return c;
}

static double log_prior(const struct effects_belief *prior, const double *cov)
{
    double inverse[EE], log_det = invert(cov, inverse);

    return -prior->strength * (log_det + basis_dot(inverse, prior->cov, EE)) /
           2;
}

double effects_step(struct effects *x, const struct effects_prior *prior,
                    const struct effects_recording *at, size_t n,
                    size_t n_sessions, size_t n_workloads)
{
    struct effects_recording *centred = xcalloc(n, sizeof *centred);
    struct marginal *m = xcalloc(n, sizeof *m);
    struct joint j = {0};
    double likelihood = log_prior(&prior->session, x->session) +
                        log_prior(&prior->workload, x->workload) +
                        log_prior(&prior->recording, x->recording);

    joint_init(&j, n_sessions, n_workloads);
    for (size_t i = 0; i < n; i++) {
        double gram[EE], cross[E];

        centred[i] = centre(&at[i], x->mean);
        for (int k = 0; k < EE; k++)
            gram[k] = centred[i].gram[k] / x->noise;
        for (int k = 0; k < E; k++)
            cross[k] = centred[i].cross[k] / x->noise;
        marginalise(&m[i], gram, cross, x->recording);
        joint_add(&j, &at[i], &m[i]);
        likelihood += own_likelihood(&centred[i], &m[i], x->noise);
    }
    likelihood += joint_solve(&j, x);
    maximise(x, prior, centred, m, n, &j);
    joint_release(&j);
    free(centred);
    free(m);
    return likelihood;
}

void effects_posterior(const double *prior, const double *nuisance,
                       const double *gram, const double *cross, double *mean,
                       double *cov)
{
    struct marginal m;
    double p[EE];

    marginalise(&m, gram, cross, nuisance);
    invert(prior, p);
    for (int i = 0; i < EE; i++)
        p[i] += m.precision[i];
    invert(p, cov);
    apply(cov, m.vector, mean);
}
