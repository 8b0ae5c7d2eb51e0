#include "common/math/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/vector.h"

enum { CUT = 6 };                  /* sd */
static const double FAR = .99;     /* of the training rows are nearer */
static const size_t PROBES = 4096; /* that `far` is learned from, at most */
static const float ALIKE = 1e-3f;  /* far at least: rows of one kind */

void support_init(struct support *s, size_t D)
{
    *s = (struct support){.D = D};
    s->min = xcalloc(D, sizeof *s->min);
    s->max = xcalloc(D, sizeof *s->max);
    s->mean = xcalloc(D, sizeof *s->mean);
    s->factor = xcalloc(D, sizeof *s->factor);
    s->rows = xcalloc(D * SUPPORT_ROWS, sizeof *s->rows);
    s->far = xcalloc(1, sizeof *s->far);
}

void support_release(struct support *s)
{
    free(s->min);
    free(s->max);
    free(s->mean);
    free(s->factor);
    free(s->rows);
    free(s->far);
    memset(s, 0, sizeof *s);
}

/* ---- a row ---- */

/* A feature that never changed is far off as soon as it does. */
static float scaled(const struct support *s, size_t i, float x)
{
    float z = (x - s->mean[i]) * s->factor[i];

    return fminf(fmaxf(z, -CUT), CUT);
}

/* d += squared distances along one feature. */
static VECTOR void add_squares(float *restrict d, const float *restrict rows,
                               float z)
{
    VECTOR_LOOP
    for (size_t k = 0; k < SUPPORT_ROWS; k++)
        d[k] += (z - rows[k]) * (z - rows[k]);
}

static float distance(const struct support *s, const float *x)
{
    float d[SUPPORT_ROWS] = {0}, least = HUGE_VALF;

    for (size_t i = 0; i < s->D; i++)
        add_squares(d, s->rows + i * SUPPORT_ROWS, scaled(s, i, x[i]));
    for (size_t k = 0; k < SUPPORT_ROWS; k++)
        least = d[k] < least ? d[k] : least;
    return sqrtf(least);
}

/* The share of the values that lie where values were seen.  NaN does not. */
static float share_in_range(const struct support *s, const float *x)
{
    size_t n = 0;

    for (size_t i = 0; i < s->D; i++)
        n += x[i] >= s->min[i] && x[i] <= s->max[i];
    return (float)n / (float)s->D;
}

static int has_nan(const float *x, size_t D)
{
    int found = 0;

    for (size_t i = 0; i < D; i++)
        found |= isnan(x[i]);
    return found;
}

float support_row(const struct support *s, const float *x)
{
    if (s->K == 0)
        return share_in_range(s, x);
    return has_nan(x, s->D) ? 0 : s->far[0] / (s->far[0] + distance(s, x));
}

float support_window(const float *row, size_t delays, size_t tau, size_t end)
{
    float sum = 0;

    for (size_t k = 0; k < delays; k++)
        sum += row[end - k * tau];
    return sum / (float)delays;
}

/* ---- fitting ---- */

static void fit_feature(struct support *s, size_t i, const float *x,
                        const uint32_t *rows, size_t N)
{
    double mean = 0, square = 0;

    s->min[i] = HUGE_VALF;
    s->max[i] = -HUGE_VALF;
    for (size_t n = 0; n < N; n++) {
        float v = x[rows[n] * s->D + i];
        double step = (double)v - mean; /* Welford's update */

        s->min[i] = fminf(s->min[i], v);
        s->max[i] = fmaxf(s->max[i], v);
        mean += step / (double)(n + 1);
        square += step * ((double)v - mean);
    }
    s->mean[i] = s->min[i] == s->max[i] ? s->min[i] : (float)mean;
    s->factor[i] = square > 0 ? (float)(1 / sqrt(square / (double)N)) : 1e30f;
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* How far training rows, evenly spaced, lie from those that are kept. */
static float learn_far(const struct support *s, const float *x,
                       const uint32_t *rows, size_t N)
{
    size_t n = N < PROBES ? N : PROBES;
    float *d = xcalloc(n, sizeof *d), far;

    for (size_t i = 0; i < n; i++)
        d[i] = distance(s, x + rows[(2 * i + 1) * N / (2 * n)] * s->D);
    qsort(d, n, sizeof *d, by_value);
    far = d[(size_t)(FAR * (double)(n - 1))];
    free(d);
    return fmaxf(far, ALIKE);
}

void support_fit(struct support *s, const float *x, const uint32_t *rows,
                 size_t N)
{
    for (size_t i = 0; i < s->D; i++)
        fit_feature(s, i, x, rows, N);
    s->K = N > 0 ? SUPPORT_ROWS : 0;
    for (size_t k = 0; k < s->K; k++)
        for (size_t i = 0; i < s->D; i++)
            s->rows[i * s->K + k] =
                scaled(s, i, x[rows[k * N / s->K] * s->D + i]);
    if (s->K)
        s->far[0] = learn_far(s, x, rows, N);
}
