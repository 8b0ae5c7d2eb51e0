#include "common/math/nnls.h"

#include <stdbool.h>
#include <string.h>

#include "common/math/spd.h"

/* Least squares over the columns in use alone; the others are 0. */
static int solve_used(size_t K, const double *gram, const double *rhs,
                      const bool *used, double *x)
{
    double a[NNLS_MAX * NNLS_MAX], b[NNLS_MAX];
    size_t at[NNLS_MAX], n = 0;

    for (size_t i = 0; i < K; i++)
        if (used[i])
            at[n++] = i;
    for (size_t i = 0; i < n; i++) {
        b[i] = rhs[at[i]];
        for (size_t j = 0; j <= i; j++)
            a[i * n + j] = gram[at[i] * K + at[j]];
    }
    if (spd_factor(n, a))
        return -1;
    spd_solve(n, a, b);
    memset(x, 0, K * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[at[i]] = b[i];
    return 0;
}

/* The unused column that would lower the sum most steeply, or K: none. */
static size_t steepest(size_t K, const double *gram, const double *rhs,
                       const bool *used, const double *x)
{
    double best = 0;
    size_t chosen = K;

    for (size_t i = 0; i < K; i++) {
        double slope = rhs[i];

        for (size_t j = 0; j < K; j++)
            slope -= gram[i * K + j] * x[j];
        /* What this column alone could gain, so that units do not matter. */
        slope /= gram[i * K + i] > 0 ? gram[i * K + i] : 1;
        if (!used[i] && slope > best) {
            best = slope;
            chosen = i;
        }
    }
    return best > 1e-10 ? chosen : K;
}

/* Move from x towards y as far as no weight turns negative. */
static bool step(size_t K, const double *y, bool *used, double *x)
{
    double most = 1;

    for (size_t i = 0; i < K; i++)
        if (used[i] && y[i] <= 0 && x[i] / (x[i] - y[i]) < most)
            most = x[i] / (x[i] - y[i]);
    for (size_t i = 0; i < K; i++) {
        x[i] += most * (y[i] - x[i]);
        if (used[i] && most < 1 && y[i] <= 0 && x[i] <= 1e-12) {
            used[i] = false;
            x[i] = 0;
        }
    }
    return most < 1;
}

int nnls(size_t K, const double *gram, const double *rhs, double *x)
{
    bool used[NNLS_MAX] = {false};
    double y[NNLS_MAX];

    memset(x, 0, K * sizeof *x);
    for (size_t round = 0; round < 3 * K; round++) {
        size_t next = steepest(K, gram, rhs, used, x);

        if (next == K)
            break;
        used[next] = true;
        do
            if (solve_used(K, gram, rhs, used, y))
                return -1;
        while (step(K, y, used, x));
    }
    return 0;
}
