#include "common/math/design.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/spd.h"

static double squares(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum;
}

/* ---- interpolation ---- */

enum { MAX_TRIED = 200 }; /* points that length and noise are chosen by */

struct process {
    double length, noise;
};

static const double LENGTHS[] = {.25, .5, 1, 2, 4};
static const double NOISES[] = {1e-4, 1e-2, .2};

/* n of the known points, evenly spaced. */
struct known {
    size_t n, P, K;
    const float **u;          // (n)(P)
    double *y;                // (K, n) less their means, over their deviations
    double *mean, *deviation; // (K)
};

static void known_init(struct known *k, const float *u, const float *y,
                       size_t R, size_t P, size_t K, size_t most)
{
    size_t n = R < most ? R : most;

    *k = (struct known){.n = n,
                        .P = P,
                        .K = K,
                        .u = xcalloc(n + 1, sizeof *k->u),
                        .y = xcalloc(n * K + 1, sizeof *k->y),
                        .mean = xcalloc(K + 1, sizeof *k->mean),
                        .deviation = xcalloc(K + 1, sizeof *k->deviation)};
    for (size_t i = 0; i < n; i++) {
        size_t row = i * R / n;

        k->u[i] = u + row * P;
        for (size_t c = 0; c < K; c++) {
            k->y[c * n + i] = (double)y[row * K + c];
            k->mean[c] += k->y[c * n + i] / (double)n;
        }
    }
    for (size_t c = 0; c < K; c++) {
        for (size_t i = 0; i < n; i++) {
            k->y[c * n + i] -= k->mean[c];
            k->deviation[c] += pow(k->y[c * n + i], 2) / (double)n;
        }
        k->deviation[c] = sqrt(k->deviation[c]);
        for (size_t i = 0; i < n && k->deviation[c] > 0; i++)
            k->y[c * n + i] /= k->deviation[c];
    }
}

static void known_release(struct known *k)
{
    free(k->u);
    free(k->y);
    free(k->mean);
    free(k->deviation);
}

static double covariance(const struct process *g, const float *a,
                         const float *b, size_t P)
{
    double linear = 1;

    for (size_t i = 0; i < P; i++)
        linear += (double)a[i] * (double)b[i];
    return linear + exp(-squares(a, b, P) / (2 * g->length * g->length));
}

/* The factor of the covariances of the known points, to l (n, n). */
static int factor(const struct known *k, const struct process *g, double *l)
{
    for (size_t i = 0; i < k->n; i++)
        for (size_t j = 0; j <= i; j++)
            l[i * k->n + j] =
                covariance(g, k->u[i], k->u[j], k->P) + (i == j ? g->noise : 0);
    return spd_factor(k->n, l);
}

/* Mean squared error of predicting each point from the others. */
static double left_out_error(const struct known *k, const struct process *g)
{
    size_t n = k->n;
    double *l = xcalloc(n * n, sizeof *l), *inverse = xcalloc(n * n, sizeof *l);
    double *b = xcalloc(n, sizeof *b), sum = 0;

    if (factor(k, g, l) < 0) {
        sum = INFINITY;
        goto out;
    }
    spd_invert(n, l, inverse);
    for (size_t c = 0; c < k->K; c++) {
        for (size_t i = 0; i < n; i++)
            b[i] = k->y[c * n + i];
        spd_solve(n, l, b);
        for (size_t i = 0; i < n; i++)
            sum += pow(b[i] / inverse[i * n + i], 2);
    }
out:
    free(l);
    free(inverse);
    free(b);
    return sum / (double)(n * k->K);
}

/* The best process for the points, and its error. */
static double choose_process(const struct known *k, struct process *best)
{
    double least = INFINITY;

    *best = (struct process){1, .2};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++)
        for (size_t j = 0; j < sizeof NOISES / sizeof *NOISES; j++) {
            struct process g = {LENGTHS[i] * sqrt((double)k->P), NOISES[j]};
            double error = left_out_error(k, &g);

            if (!(error < least))
                continue;
            least = error;
            *best = g;
        }
    return least;
}

/* alpha: (K, n) covariances' inverse x y. */
static void predict(const struct known *k, const struct process *g,
                    const double *alpha, const float *v, float *out)
{
    for (size_t c = 0; c < k->K; c++)
        out[c] = (float)k->mean[c];
    for (size_t i = 0; i < k->n; i++) {
        double near = covariance(g, k->u[i], v, k->P);

        for (size_t c = 0; c < k->K; c++)
            out[c] += (float)(k->deviation[c] * near * alpha[c * k->n + i]);
    }
}

/* The share of the outcomes that vary at all. */
static double varying(const struct known *k)
{
    double n = 0;

    for (size_t c = 0; c < k->K; c++)
        n += k->deviation[c] > 0;
    return n / (double)k->K;
}

double design_interpolate(const float *u, const float *y, size_t R,
                          const float *v, size_t M, size_t P, size_t K,
                          float *out)
{
    struct process g;
    struct known some, k;
    double *l, error;

    known_init(&some, u, y, R, P, K, MAX_TRIED);
    known_init(&k, u, y, R, P, K, DESIGN_MAX_KNOWN);
    error = R < 2 ? NAN : choose_process(&some, &g) / varying(&some);
    l = xcalloc(k.n * k.n + 1, sizeof *l);
    if (R < 2 || factor(&k, &g, l) < 0)
        k.n = 0;
    for (size_t c = 0; c < K && k.n > 0; c++)
        spd_solve(k.n, l, k.y + c * k.n);
    for (size_t i = 0; i < M; i++)
        predict(&k, &g, k.y, v + i * P, out + i * K);
    free(l);
    known_release(&some);
    known_release(&k);
    return isfinite(error) ? 1 - error : NAN;
}

/* ---- choice ---- */

/* Mean square distance of two rows drawn at random: twice the variance.  That
 * over which squares are taken, or 1 where all are the same. */
static double spread(const float *x, size_t n, size_t D)
{
    double sum = 0;

    for (size_t d = 0; d < D; d++) {
        double mean = 0, variance = 0;

        for (size_t i = 0; i < n; i++)
            mean += (double)x[i * D + d] / (double)n;
        for (size_t i = 0; i < n; i++)
            variance += pow((double)x[i * D + d] - mean, 2) / (double)n;
        sum += 2 * variance;
    }
    return sum > 0 ? sum : 1;
}

struct choosing {
    const struct design *d;
    double spread_u, spread_f;
    double *nearest; // (M) squared distance
    bool *taken;     // (M)
};

static double distance2(const struct choosing *c, size_t a, size_t b)
{
    const struct design *d = c->d;
    double u = squares(d->u + a * d->P, d->u + b * d->P, d->P) / c->spread_u;

    if (d->D == 0)
        return u;
    return (u + squares(d->f + a * d->D, d->f + b * d->D, d->D) / c->spread_f) /
           2;
}

static void take(struct choosing *c, size_t at)
{
    for (size_t i = 0; i < c->d->M; i++)
        c->nearest[i] = fmin(c->nearest[i], distance2(c, i, at));
    if (at < c->d->M)
        c->taken[at] = true;
}

/* The candidate nearest to the mean of all. */
static size_t middle(const struct choosing *c)
{
    const struct design *d = c->d;
    float *mean = xcalloc(d->P + 1, sizeof *mean);
    size_t best = 0;
    double least = INFINITY;

    for (size_t i = 0; i < d->M; i++)
        for (size_t p = 0; p < d->P; p++)
            mean[p] += d->u[i * d->P + p] / (float)d->M;
    for (size_t i = 0; i < d->M; i++) {
        double off = squares(d->u + i * d->P, mean, d->P);

        if (off < least) {
            least = off;
            best = i;
        }
    }
    free(mean);
    return best;
}

static double weight(const struct design *d, size_t i)
{
    return d->weight ? d->weight[i] : 1;
}

/* The best of those that are left, and how far off it is. */
static struct design_pick find_best(const struct choosing *c)
{
    struct design_pick best = {.distance = NAN};
    double most = -1, below = 0, left = 0;

    for (size_t i = 0; i < c->d->M; i++) {
        double score = sqrt(c->nearest[i]) * weight(c->d, i);

        if (c->taken[i] || !(score > most))
            continue;
        most = score;
        best.at = i;
        best.distance = sqrt(c->nearest[i]);
    }
    for (size_t i = 0; i < c->d->M; i++) {
        left += !c->taken[i];
        below += !c->taken[i] && sqrt(c->nearest[i]) < best.distance;
    }
    best.rank = left > 1 ? below / (left - 1) : 1;
    return best;
}

size_t design_choose(const struct design *d, size_t n,
                     struct design_pick *picks)
{
    struct choosing c = {.d = d,
                         .spread_u = spread(d->u, d->M + d->R, d->P),
                         .spread_f = spread(d->f, d->M + d->R, d->D),
                         .nearest = xcalloc(d->M + 1, sizeof *c.nearest),
                         .taken = xcalloc(d->M + 1, sizeof *c.taken)};

    for (size_t i = 0; i < d->M; i++)
        c.nearest[i] = INFINITY;
    for (size_t i = 0; i < d->R; i++)
        take(&c, d->M + i);
    n = n < d->M ? n : d->M;
    for (size_t k = 0; k < n; k++) {
        picks[k] = d->R + k > 0 ? find_best(&c)
                                : (struct design_pick){middle(&c), NAN, 1};
        take(&c, picks[k].at);
    }
    free(c.nearest);
    free(c.taken);
    return n;
}
