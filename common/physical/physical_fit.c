#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/nnls.h"
#include "common/math/spd.h"
#include "common/physical/effects.h"
#include "common/physical/physical.h"

/*
 * What is held for a priori.  Watts are in shares of the span of the curve, so
 * that a laptop and a server are treated alike.
 */
static const double huber_share = 1 / 30.; /* where residuals turn outliers */
static const double session_share =
    1 / 30.;                            /* sd that a session has at least */
static const double session_scale = .3; /* ... and of its dynamic watts: another
                                           clock, another power limit */

enum {
    E = EFFECTS,
    FOLDS = 10,      /* at most this many leave-workloads-out curves */
    PASSES = 8,      /* of Huber weights for the curve of all rows */
    FOLD_PASSES = 3, /* ... for the others, which start from that */
    STEPS = 40,      /* of expectation maximisation */
    BIN_ROWS = 10,   /* of a recording at one load count at most so much */
    BIN_LEAST = 20,  /* fewer rows of a workload at a load count less */
    ROWS_LEAST = 100,
    PRIOR_GROUPS = 5, /* what the prior of a covariance counts */
};

struct fit {
    const struct physical_rows *rows;
    double n_cpus;
    size_t n_workloads, n_sessions, n_recordings;
    float *x;      /* (N, BASIS) */
    float *weight; /* (N) each workload in each load bin the same */
    uint8_t *bin;  /* (N) */
    double span;   /* W from idle to full */
};

static size_t count_labels(const uint32_t *label, size_t n)
{
    uint32_t most = 0;

    for (size_t i = 0; i < n; i++)
        most = label[i] > most ? label[i] : most;
    return (size_t)most + 1;
}

static int check_rows(struct fit *f, struct err *e)
{
    const struct physical_rows *r = f->rows;

    if (r->n < ROWS_LEAST)
        return err_set(e, ERR_DATA, "%zu rows are too few to fit to, %d do",
                       r->n, ROWS_LEAST);
    for (size_t i = 0; i < r->n; i++)
        if (!isfinite(r->busy[i]) || !isfinite(r->watts[i]))
            return err_set(e, ERR_DATA,
                           "row %zu: busy CPUs or watts are not finite", i);
    f->n_workloads = count_labels(r->workload, r->n);
    f->n_sessions = count_labels(r->session, r->n);
    f->n_recordings = count_labels(r->recording, r->n);
    if (f->n_workloads + f->n_sessions > PHYSICAL_GROUPS)
        return err_set(e, ERR_DATA,
                       "%zu workloads and %zu sessions; at most %d of both "
                       "can be told apart: label what was recorded in one "
                       "sitting with one session",
                       f->n_workloads, f->n_sessions, PHYSICAL_GROUPS);
    if (f->n_recordings > r->n)
        return err_set(e, ERR_DATA, "recordings are not numbered 0, 1, ...");
    return 0;
}

static void prepare_rows(struct fit *f)
{
    const struct physical_rows *r = f->rows;
    size_t *count = xcalloc(f->n_workloads * BASIS_BINS, sizeof *count);

    f->x = xmalloc_aligned(r->n * BASIS, sizeof *f->x);
    f->weight = xmalloc_aligned(r->n, sizeof *f->weight);
    f->bin = xcalloc(r->n, sizeof *f->bin);
    for (size_t i = 0; i < r->n; i++) {
        double x[BASIS];

        basis_row(r->busy[i], f->n_cpus, x);
        for (int k = 0; k < BASIS; k++)
            f->x[i * BASIS + k] = (float)x[k];
        f->bin[i] = (uint8_t)basis_bin(r->busy[i], f->n_cpus);
        count[r->workload[i] * BASIS_BINS + f->bin[i]]++;
    }
    for (size_t i = 0; i < r->n; i++) {
        size_t n = count[r->workload[i] * BASIS_BINS + f->bin[i]];

        f->weight[i] = 1 / (float)(n > BIN_LEAST ? n : BIN_LEAST);
    }
    free(count);
}

static double residual(const struct fit *f, size_t i, const double *curve)
{
    double r = f->rows->watts[i];

    for (int k = 0; k < BASIS; k++)
        r -= f->x[i * BASIS + k] * curve[k];
    return r;
}

/* One pass over the rows of all workloads but those of a fold. */
static void add_rows(const struct fit *f, int fold, double huber,
                     const double *curve, double *gram, double *rhs)
{
    memset(gram, 0, BASIS * BASIS * sizeof *gram);
    memset(rhs, 0, BASIS * sizeof *rhs);
    for (size_t i = 0; i < f->rows->n; i++) {
        const float *x = f->x + i * BASIS;
        double w = f->weight[i], wy;

        if ((int)(f->rows->workload[i] % FOLDS) == fold)
            continue;
        w *= fmin(1, huber / fabs(residual(f, i, curve)));
        wy = w * f->rows->watts[i];
        for (int j = 0; j < BASIS; j++) {
            double wx = w * x[j];

            for (int k = 0; k <= j; k++)
                gram[j * BASIS + k] += wx * x[k];
            rhs[j] += wy * x[j];
        }
    }
}

/* The curve without a fold (-1: of all rows), from a first guess in `curve`. */
static int fit_curve(const struct fit *f, int fold, int passes, double huber,
                     double *curve, struct err *e)
{
    double gram[BASIS * BASIS], rhs[BASIS];

    for (int pass = 0; pass < passes; pass++) {
        double trace = 0;

        add_rows(f, fold, huber, curve, gram, rhs);
        for (int j = 0; j < BASIS; j++)
            trace += gram[j * BASIS + j];
        if (trace == 0) /* nothing but this fold */
            return 0;
        for (int j = 0; j < BASIS; j++) {
            gram[j * BASIS + j] += 1e-9 * trace;
            for (int k = 0; k < j; k++)
                gram[k * BASIS + j] = gram[j * BASIS + k];
        }
        if (nnls(BASIS, gram, rhs, curve))
            return err_set(e, ERR_DATA, "the rows do not determine a curve");
    }
    return 0;
}

/* First without outliers' weights, to learn what watts to expect. */
static int fit_whole(struct fit *f, double *curve, struct err *e)
{
    double full[BASIS];

    memset(curve, 0, BASIS * sizeof *curve);
    if (fit_curve(f, -1, 1, HUGE_VAL, curve, e))
        return -1;
    basis_row(f->n_cpus, f->n_cpus, full);
    f->span = basis_dot(curve, full, BASIS) - curve[0];
    if (!(f->span > 0))
        return err_set(e, ERR_DATA,
                       "watts do not rise with load; record several loads, "
                       "idle among them");
    return fit_curve(f, -1, PASSES, f->span * huber_share, curve, e);
}

/* Sums of each recording, against the curve that has not seen its workload. */
static void sum_recordings(const struct fit *f, const double *curves,
                           struct effects_recording *at)
{
    const struct physical_rows *r = f->rows;
    uint32_t *count = xcalloc(f->n_recordings * BASIS_BINS, sizeof *count);

    for (size_t i = 0; i < r->n; i++)
        count[r->recording[i] * BASIS_BINS + f->bin[i]]++;
    for (size_t i = 0; i < r->n; i++) {
        struct effects_recording *to = &at[r->recording[i]];
        size_t fold = f->n_workloads > 1 ? r->workload[i] % FOLDS : FOLDS;
        double d = residual(f, i, curves + fold * BASIS);
        double w = fmin(1, (double)BIN_ROWS /
                               count[r->recording[i] * BASIS_BINS + f->bin[i]]);
        double v = basis_noise(r->busy[i]), x[BASIS], z[E];

        to->session = r->session[i];
        to->workload = r->workload[i];
        to->n += w;
        w /= v * v;
        for (int k = 0; k < BASIS; k++)
            x[k] = f->x[i * BASIS + k];
        basis_effects(x, z);
        for (int j = 0; j < E; j++) {
            for (int k = 0; k < E; k++)
                to->gram[j * E + k] += w * z[j] * z[k];
            to->cross[j] += w * z[j] * d;
        }
        to->square += w * d * d;
    }
    free(count);
}

static size_t drop_empty(struct effects_recording *at, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (at[i].n > 0)
            at[kept++] = at[i];
    return kept;
}

static int fit_effects(const struct fit *f, const double *curves,
                       struct effects *x, struct err *e)
{
    struct effects_recording *at = xcalloc(f->n_recordings, sizeof *at);
    struct effects_prior prior = {.strength = PRIOR_GROUPS};
    double before = -HUGE_VAL, now = 0;
    size_t n;

    sum_recordings(f, curves, at);
    n = drop_empty(at, f->n_recordings);
    memset(x, 0, sizeof *x);
    for (int k = 0; k < E; k++) {
        double guess = pow(f->span / 15, 2);

        x->session[k * E + k] = x->workload[k * E + k] = guess;
        x->recording[k * E + k] = guess / 4;
        x->noise = guess / 8;
        prior.cov[k * E + k] = pow(f->span * session_share, 2);
    }
    for (int step = 0; step < STEPS; step++) {
        now = effects_step(x, &prior, at, n, f->n_sessions, f->n_workloads);
        if (!isfinite(now) || now - before < 1e-3)
            break;
        before = now;
    }
    free(at);
    return isfinite(now) ? 0
                         : err_set(e, ERR_DATA,
                                   "the effects of sessions and workloads "
                                   "cannot be told apart");
}

/* The dynamic part of the curve, as nearly as effects can express it. */
static void dynamic_direction(const struct physical *p, double *q)
{
    double gram[E * E] = {0}, l[E * E];

    memset(q, 0, E * sizeof *q);
    for (int i = 1; i <= 96; i++) {
        double busy = p->n_cpus * i / 96, weight = 1 / (1 + busy);
        double x[BASIS], z[E], y;

        basis_row(busy, p->n_cpus, x);
        basis_effects(x, z);
        y = basis_dot(p->curve, x, BASIS) - p->curve[0];
        for (int j = 0; j < E; j++) {
            for (int k = 0; k < E; k++)
                gram[j * E + k] += weight * z[j] * z[k];
            q[j] += weight * z[j] * y;
        }
    }
    memcpy(l, gram, sizeof l);
    if (spd_factor(E, l) == 0)
        spd_solve(E, l, q);
}

/*
 * A few sessions do not show what another one may be like: without a floor two
 * anchors would be taken for noise.
 */
static void add_floor(struct physical *p, double span)
{
    double q[E], floor = pow(span * session_share, 2);

    dynamic_direction(p, q);
    for (int i = 0; i < E; i++) {
        for (int j = 0; j < E; j++)
            p->session[i * E + j] +=
                session_scale * session_scale * q[i] * q[j];
        p->session[i * E + i] += i == 0 ? floor / 50 : floor;
    }
}

/*
 * The mean of the effects stays out: the curve may not fall below its weights'
 * bound, and left-out workloads were predicted no better with it.
 */
static void set_model(struct physical *p, const struct fit *f,
                      const double *curve, const struct effects *x)
{
    *p = (struct physical){.n_cpus = f->n_cpus, .share = 1};
    memcpy(p->curve, curve, sizeof p->curve);
    memcpy(p->session, x->session, sizeof p->session);
    memcpy(p->workload, x->workload, sizeof p->workload);
    memcpy(p->recording, x->recording, sizeof p->recording);
    p->noise_w = sqrt(x->noise);
    p->busy_min = p->busy_max = f->rows->busy[0];
    for (size_t i = 0; i < f->rows->n; i++) {
        p->busy_min = fmin(p->busy_min, f->rows->busy[i]);
        p->busy_max = fmax(p->busy_max, f->rows->busy[i]);
    }
    add_floor(p, f->span);
}

int physical_fit(struct physical *p, const struct physical_rows *rows,
                 double n_cpus, struct err *e)
{
    struct fit f = {.rows = rows, .n_cpus = n_cpus};
    double curves[(FOLDS + 1) * BASIS], *whole = curves + FOLDS * BASIS;
    struct effects x;
    int rc = -1;

    if (check_rows(&f, e))
        return -1;
    prepare_rows(&f);
    if (fit_whole(&f, whole, e))
        goto out;
    for (int fold = 0; fold < FOLDS; fold++) {
        memcpy(curves + fold * BASIS, whole, BASIS * sizeof *whole);
        if ((size_t)fold < f.n_workloads && f.n_workloads > 1 &&
            fit_curve(&f, fold, FOLD_PASSES, f.span * huber_share,
                      curves + fold * BASIS, e))
            goto out;
    }
    if (fit_effects(&f, curves, &x, e))
        goto out;
    set_model(p, &f, whole, &x);
    rc = 0;
out:
    free(f.x);
    free(f.weight);
    free(f.bin);
    return rc;
}
