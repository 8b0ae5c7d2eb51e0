#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/physical/effects.h"
#include "common/physical/physical.h"
#include "common/physical/points.h"

enum {
    E = EFFECTS,
    STEPS = 40,       /* of expectation maximisation */
    BIN_ROWS = 10,    /* of a recording at one load count at most so much */
    ROWS_LEAST = 100, /* to fit to at all */
    PRIOR_GROUPS = 3, /* what is held of a covariance counts so many groups */
    PRIOR_SHARE = 3,  /* ... and of sessions at least one for so many seen:
                         whatever their number, another kind may follow */
};

/*
 * What is held for a priori: sds at the knots, in shares of the watts from idle
 * to full, so that a laptop and a server are treated alike; and of idle in
 * shares of itself.
 */
static const double session_share[E] = {.02, .02, .3, .02},
                    workload_share[E] = {.02, .02, .15, .02};
static const double session_idle = .5;
static const double session_scale = .3; /* of lower_limit() */
static const double noise_share = .02;  /* rows scatter at least so much */

struct fit {
    const struct physical_rows *rows;
    double n_cpus;
    size_t n_workloads, n_sessions, n_recordings;
    float *x;            /* (N, BASIS) */
    uint8_t *bin;        /* (N) */
    uint32_t *count;     /* (n_recordings, BASIS_BINS) rows */
    double *curves;      /* (n_workloads, BASIS) that have not seen it */
    double curve[BASIS]; /* of all */
    double span;         /* W from idle to full */
    double noise[E];     /* sd of rows at the knots, but for a factor */
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

    f->x = xmalloc_aligned(r->n * BASIS, sizeof *f->x);
    f->bin = xcalloc(r->n, sizeof *f->bin);
    f->count = xcalloc(f->n_recordings * BASIS_BINS, sizeof *f->count);
    for (size_t i = 0; i < r->n; i++) {
        double x[BASIS];

        basis_row(r->busy[i], f->n_cpus, x);
        for (int k = 0; k < BASIS; k++)
            f->x[i * BASIS + k] = (float)x[k];
        f->bin[i] = (uint8_t)basis_bin(r->busy[i], f->n_cpus);
        f->count[r->recording[i] * BASIS_BINS + f->bin[i]]++;
    }
}

/* The curve, and for each workload one through the points of all others. */
static int fit_curves(struct fit *f, struct err *e)
{
    const struct physical_rows *r = f->rows;
    struct points ps;
    int rc;

    points_init(&ps, f->n_workloads);
    for (size_t i = 0; i < r->n; i++)
        points_add(&ps, r->workload[i], f->bin[i], f->x + i * BASIS,
                   r->watts[i]);
    points_end(&ps);
    f->curves = xcalloc(f->n_workloads * BASIS, sizeof *f->curves);
    rc = points_curve(&ps, POINTS_ALL, f->n_cpus, f->curve, e);
    f->span = points_span(f->curve, f->n_cpus);
    for (size_t w = 0; w < f->n_workloads && rc == 0; w++) {
        double *curve = f->curves + w * BASIS;

        /* Others that do not go from idle to full tell of no curve. */
        if (points_curve(&ps, w, f->n_cpus, curve, e))
            memcpy(curve, f->curve, sizeof f->curve);
    }
    points_release(&ps);
    return rc;
}

/* Means of a recording's rows in a bin, and squares about them. */
struct cell {
    double busy, watts, square;
};

static struct cell *sum_cells(const struct fit *f)
{
    const struct physical_rows *r = f->rows;
    size_t n = f->n_recordings * BASIS_BINS;
    struct cell *cells = xcalloc(n, sizeof *cells);

    for (size_t i = 0; i < r->n; i++) {
        size_t at = r->recording[i] * BASIS_BINS + f->bin[i];

        cells[at].busy += (double)r->busy[i] / f->count[at];
        cells[at].watts += (double)r->watts[i] / f->count[at];
    }
    for (size_t i = 0; i < r->n; i++) {
        struct cell *c = &cells[r->recording[i] * BASIS_BINS + f->bin[i]];

        c->square += pow(r->watts[i] - c->watts, 2);
    }
    return cells;
}

/* What rows scatter at the knots: about the means of a recording at a load. */
static void fit_noise(struct fit *f)
{
    struct cell *cells = sum_cells(f);
    double square[E] = {0}, weight[E] = {0}, least = noise_share * f->span;

    for (size_t i = 0; i < f->n_recordings * BASIS_BINS; i++) {
        double z[E], n = f->count[i];

        if (n < 2)
            continue;
        basis_effects(cells[i].busy, f->n_cpus, z);
        for (int k = 0; k < E; k++) {
            double w = z[k] * fmin(n - 1, BIN_ROWS);

            square[k] += w * cells[i].square / (n - 1);
            weight[k] += w;
        }
    }
    for (int k = 0; k < E; k++)
        f->noise[k] =
            weight[k] > 0 ? fmax(sqrt(square[k] / weight[k]), least) : least;
    free(cells);
}

/* Sums of each recording, against the curve that has not seen its workload. */
static void sum_recordings(const struct fit *f, struct effects_recording *at)
{
    const struct physical_rows *r = f->rows;

    for (size_t i = 0; i < r->n; i++) {
        struct effects_recording *to = &at[r->recording[i]];
        const double *curve = f->curves + r->workload[i] * BASIS;
        size_t n = f->count[r->recording[i] * BASIS_BINS + f->bin[i]];
        double w = fmin(1, (double)BIN_ROWS / (double)n);
        double d = r->watts[i], z[E];

        for (int k = 0; k < BASIS; k++)
            d -= f->x[i * BASIS + k] * curve[k];
        basis_effects(r->busy[i], f->n_cpus, z);
        to->session = r->session[i];
        to->workload = r->workload[i];
        to->n += w;
        w /= pow(basis_dot(z, f->noise, E), 2);
        for (int j = 0; j < E; j++) {
            for (int k = 0; k < E; k++)
                to->gram[j * E + k] += w * z[j] * z[k];
            to->cross[j] += w * z[j] * d;
        }
        to->square += w * d * d;
    }
}

static size_t drop_empty(struct effects_recording *at, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (at[i].n > 0)
            at[kept++] = at[i];
    return kept;
}

/*
 * How watts at the knots change where a session has a lower limit of power, or
 * lower clocks.  With t of the full wattage gone, what is above idle is scaled,
 * and as a machine below its limit draws in proportion to its load, it is drawn
 * to a straight line as far as it is scaled:
 *
 *   (1 - t) ((1 - t) D(b) + t D(n) b / n),   D = curve - idle
 *
 * of which this is the derivative at t = 0, but for its sign.  Up to one CPU
 * the curve is straight as it is, and is scaled alone.
 */
static void lower_limit(const struct fit *f, double *v)
{
    double busy[E], x[BASIS];

    basis_knots(f->n_cpus, busy);
    for (int k = 0; k < E; k++) {
        basis_row(busy[k], f->n_cpus, x);
        v[k] = basis_dot(f->curve, x, BASIS) - f->curve[0];
        if (k > KNOT_ONE)
            v[k] += v[k] - f->span * busy[k] / f->n_cpus;
    }
}

static void make_prior(const struct fit *f, struct effects_prior *prior)
{
    double v[E], seen = (double)f->n_sessions / PRIOR_SHARE;

    *prior = (struct effects_prior){
        .session.strength = fmax(PRIOR_GROUPS, seen),
        .workload.strength = PRIOR_GROUPS,
    };
    lower_limit(f, v);
    for (int i = 0; i < E; i++) {
        for (int j = 0; j < E; j++)
            prior->session.cov[i * E + j] = pow(session_scale, 2) * v[i] * v[j];
        prior->session.cov[i * E + i] += pow(session_share[i] * f->span, 2);
        prior->workload.cov[i * E + i] = pow(workload_share[i] * f->span, 2);
    }
    prior->session.cov[KNOT_IDLE] += pow(session_idle * f->curve[0], 2);
    prior->recording = prior->workload;
}

static void first_guess(const struct fit *f, struct effects *x)
{
    double guess = pow(f->span / 15, 2);

    *x = (struct effects){.noise = 1};
    for (int k = 0; k < E; k++) {
        x->session[k * E + k] = x->workload[k * E + k] = guess;
        x->recording[k * E + k] = guess / 4;
    }
}

static int fit_effects(const struct fit *f, struct effects *x, struct err *e)
{
    struct effects_recording *at = xcalloc(f->n_recordings, sizeof *at);
    struct effects_prior prior;
    double before = -HUGE_VAL, now = 0;
    size_t n;

    sum_recordings(f, at);
    n = drop_empty(at, f->n_recordings);
    make_prior(f, &prior);
    first_guess(f, x);
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

/* The mean of the effects stays out: sessions that are many are not a rule. */
static void set_model(struct physical *p, const struct fit *f,
                      const struct effects *x)
{
    *p = (struct physical){.n_cpus = f->n_cpus, .share = 1};
    memcpy(p->curve, f->curve, sizeof p->curve);
    memcpy(p->session, x->session, sizeof p->session);
    memcpy(p->workload, x->workload, sizeof p->workload);
    memcpy(p->recording, x->recording, sizeof p->recording);
    for (int k = 0; k < E; k++)
        p->noise[k] = f->noise[k] * sqrt(x->noise);
    p->busy_min = p->busy_max = f->rows->busy[0];
    for (size_t i = 0; i < f->rows->n; i++) {
        p->busy_min = fmin(p->busy_min, f->rows->busy[i]);
        p->busy_max = fmax(p->busy_max, f->rows->busy[i]);
    }
}

int physical_fit(struct physical *p, const struct physical_rows *rows,
                 double n_cpus, struct err *e)
{
    struct fit f = {.rows = rows, .n_cpus = n_cpus};
    struct effects x;
    int rc;

    if (check_rows(&f, e))
        return -1;
    prepare_rows(&f);
    rc = fit_curves(&f, e);
    if (rc == 0) {
        fit_noise(&f);
        rc = fit_effects(&f, &x, e);
    }
    if (rc == 0)
        set_model(p, &f, &x);
    free(f.x);
    free(f.bin);
    free(f.count);
    free(f.curves);
    return rc;
}
