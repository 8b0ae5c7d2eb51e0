#include "common/physical/points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/nnls.h"

enum {
    PASSES = 8,      /* of Huber's weights */
    ROWS_LEAST = 20, /* a point of fewer rows counts less */
};

/* Where a residual turns outlier: a share of the watts from idle to full. */
static const double huber_share = 1 / 30.;

void points_init(struct points *ps, size_t n_workloads)
{
    ps->n_workloads = n_workloads;
    ps->at = xcalloc(n_workloads * BASIS_BINS, sizeof *ps->at);
}

void points_release(struct points *ps)
{
    free(ps->at);
    ps->at = NULL;
}

void points_add(struct points *ps, size_t workload, int bin, const float *x,
                double watts)
{
    struct point *p = &ps->at[workload * BASIS_BINS + (size_t)bin];

    for (int k = 0; k < BASIS; k++)
        p->x[k] += x[k];
    p->watts += watts;
    p->n++;
}

void points_end(struct points *ps)
{
    for (size_t i = 0; i < ps->n_workloads * BASIS_BINS; i++) {
        struct point *p = &ps->at[i];

        if (p->n == 0)
            continue;
        for (int k = 0; k < BASIS; k++)
            p->x[k] /= p->n;
        p->watts /= p->n;
    }
}

double points_span(const double *curve, double n_cpus)
{
    double full[BASIS];

    basis_row(n_cpus, n_cpus, full);
    return basis_dot(curve, full, BASIS) - curve[0];
}

/* Normal equations, each point weighted by how well the curve fits it so far.
 */
static void add_points(const struct points *ps, size_t left_out, double huber,
                       const double *curve, double *gram, double *rhs)
{
    memset(gram, 0, BASIS * BASIS * sizeof *gram);
    memset(rhs, 0, BASIS * sizeof *rhs);
    for (size_t i = 0; i < ps->n_workloads * BASIS_BINS; i++) {
        const struct point *p = &ps->at[i];
        double off = p->watts - basis_dot(curve, p->x, BASIS);
        double w = fmin(1, p->n / ROWS_LEAST) * fmin(1, huber / fabs(off));

        if (p->n == 0 || i / BASIS_BINS == left_out)
            continue;
        for (int j = 0; j < BASIS; j++) {
            for (int k = 0; k < BASIS; k++)
                gram[j * BASIS + k] += w * p->x[j] * p->x[k];
            rhs[j] += w * p->x[j] * p->watts;
        }
    }
}

static int solve(const struct points *ps, size_t left_out, double huber,
                 double *curve, struct err *e)
{
    double gram[BASIS * BASIS], rhs[BASIS], trace = 0;

    add_points(ps, left_out, huber, curve, gram, rhs);
    for (int j = 0; j < BASIS; j++)
        trace += gram[j * BASIS + j];
    for (int j = 0; j < BASIS; j++)
        gram[j * BASIS + j] += 1e-9 * trace;
    if (nnls(BASIS, gram, rhs, curve))
        return err_set(e, ERR_DATA, "the rows do not determine a curve");
    return 0;
}

int points_curve(const struct points *ps, size_t left_out, double n_cpus,
                 double *curve, struct err *e)
{
    double span;

    /* First without outliers' weights, to learn what watts to expect. */
    memset(curve, 0, BASIS * sizeof *curve);
    if (solve(ps, left_out, HUGE_VAL, curve, e))
        return -1;
    span = points_span(curve, n_cpus);
    if (!(span > 0))
        return err_set(e, ERR_DATA,
                       "watts do not rise with load; record several loads, "
                       "idle among them");
    for (int pass = 0; pass < PASSES; pass++)
        if (solve(ps, left_out, span * huber_share, curve, e))
            return -1;
    return 0;
}
