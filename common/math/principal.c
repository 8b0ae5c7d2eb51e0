#include "common/math/principal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

enum { STEPS = 1000 };

static void standardise(struct principal *p, const float *x, size_t T)
{
    for (size_t j = 0; j < p->D; j++) {
        double sum = 0, square = 0;

        for (size_t i = 0; i < T; i++)
            sum += (double)x[i * p->D + j];
        p->mean[j] = sum / (double)T;
        for (size_t i = 0; i < T; i++) {
            double d = (double)x[i * p->D + j] - p->mean[j];

            square += d * d;
        }
        square = sqrt(square / (double)T);
        p->factor[j] =
            square > 1e-9 * (fabs(p->mean[j]) + 1e-30) ? 1 / square : 0;
    }
}

/* c (D, D) correlations */
static void correlate(const struct principal *p, const float *x, size_t T,
                      double *c)
{
    size_t D = p->D;
    double *z = xcalloc(D, sizeof *z);

    for (size_t i = 0; i < T; i++) {
        for (size_t j = 0; j < D; j++)
            z[j] = ((double)x[i * D + j] - p->mean[j]) * p->factor[j];
        for (size_t j = 0; j < D; j++)
            for (size_t k = 0; k < D; k++)
                c[j * D + k] += z[j] * z[k] / (double)T;
    }
    free(z);
}

static double norm(double *v, size_t D)
{
    double sum = 0;

    for (size_t j = 0; j < D; j++)
        sum += v[j] * v[j];
    sum = sqrt(sum);
    for (size_t j = 0; j < D && sum > 0; j++)
        v[j] /= sum;
    return sum;
}

/* The greatest eigenvalue of c and its vector, by repeated products; 0 where c
 * is of zeros. */
static double greatest(const double *c, size_t D, double *v)
{
    double *next = xcalloc(D, sizeof *next), value = 0;

    for (size_t j = 0; j < D; j++)
        v[j] = 1 + .37 * (double)(j % 7); /* at no right angle to any axis */
    norm(v, D);
    for (int step = 0; step < STEPS; step++) {
        double was = value;

        for (size_t j = 0; j < D; j++) {
            next[j] = 0;
            for (size_t k = 0; k < D; k++)
                next[j] += c[j * D + k] * v[k];
        }
        value = norm(next, D);
        memcpy(v, next, D * sizeof *v);
        if (fabs(value - was) <= 1e-13 * value)
            break;
    }
    free(next);
    return value;
}

void principal_fit(struct principal *p, const float *x, size_t T, size_t D)
{
    double *c = xcalloc(D * D, sizeof *c), total = 0;

    *p = (struct principal){.D = D};
    p->mean = xcalloc(D, sizeof *p->mean);
    p->factor = xcalloc(D, sizeof *p->factor);
    p->axis = xcalloc(2 * D, sizeof *p->axis);
    standardise(p, x, T);
    correlate(p, x, T, c);
    for (size_t j = 0; j < D; j++)
        total += c[j * D + j];
    for (int a = 0; a < 2; a++) {
        double *v = p->axis + (size_t)a * D, value = greatest(c, D, v);

        p->share[a] = total > 0 ? value / total : 0;
        if (p->share[a] < 1e-9)
            memset(v, 0, D * sizeof *v);
        for (size_t j = 0; j < D; j++)
            for (size_t k = 0; k < D; k++)
                c[j * D + k] -= value * v[j] * v[k];
    }
    free(c);
}

void principal_place(const struct principal *p, const float *row, double *out)
{
    out[0] = out[1] = 0;
    for (size_t j = 0; j < p->D; j++) {
        double z = ((double)row[j] - p->mean[j]) * p->factor[j];

        out[0] += z * p->axis[j];
        out[1] += z * p->axis[p->D + j];
    }
}

void principal_release(struct principal *p)
{
    free(p->mean);
    free(p->factor);
    free(p->axis);
    memset(p, 0, sizeof *p);
}
