#ifndef PHYSICAL_EFFECTS_H
#define PHYSICAL_EFFECTS_H

#include <stddef.h>

#include "common/physical/basis.h"

/*
 * Crossed random effects by expectation maximisation (Dempster, Laird and
 * Rubin, 1977): the residuals of a recording are
 *
 *   r = Z (u + v + f) + noise,
 *
 * u of its session, v of its workload, f its own; each Gaussian with a
 * covariance (E, E) common to all sessions, workloads, recordings.
 *
 * A recording is its sums over rows, each row weighted by what it counts.
 */
struct effects_recording {
    size_t session, workload;
    double gram[EFFECTS * EFFECTS]; /* Z' Z */
    double cross[EFFECTS];          /* Z' r */
    double square;                  /* r' r */
    double n;                       /* the sum of weights */
};

struct effects {
    double session[EFFECTS * EFFECTS];
    double workload[EFFECTS * EFFECTS];
    double recording[EFFECTS * EFFECTS];
    double mean[EFFECTS]; /* of the sum of all three */
    double noise;         /* variance of a row of weight 1 */
};

/*
 * What is held of a covariance before there is data: it counts like `strength`
 * more sessions (workloads, recordings) whose effects have it.  Loads that few
 * of them went through would be left to chance without it.
 */
struct effects_belief {
    double cov[EFFECTS * EFFECTS];
    double strength;
};

struct effects_prior {
    struct effects_belief session, workload, recording;
};

/*
 * Improve *x, which holds a first guess (positive definite), by one step.
 *
 * at (n)  recordings
 * Returns the log posterior of what *x was before (but for a constant); it
 * never falls from one step to the next.
 */
double effects_step(struct effects *x, const struct effects_prior *prior,
                    const struct effects_recording *at, size_t n,
                    size_t n_sessions, size_t n_workloads);

/*
 * The posterior of an effect with prior covariance `prior` and mean 0, seen
 * through another one with covariance `nuisance`: mean (E), cov (E, E).
 *
 * gram, cross  of the evidence, divided by the noise's variance
 */
void effects_posterior(const double *prior, const double *nuisance,
                       const double *gram, const double *cross, double *mean,
                       double *cov);

#endif
