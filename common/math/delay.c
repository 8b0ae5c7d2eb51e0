#include "common/math/delay.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/bins.h"

enum { BINS = 16 };

void delay_autocorrelation(const float *x, size_t n, size_t n_lags, double *out)
{
    double mean = 0, variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)x[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += pow((double)x[i] - mean, 2) / (double)n;
    for (size_t lag = 0; lag < n_lags; lag++) {
        double sum = 0;

        for (size_t i = lag; i < n; i++)
            sum += ((double)x[i] - mean) * ((double)x[i - lag] - mean);
        out[lag] = lag < n && variance > 1e-12 * mean * mean
                       ? sum / (double)(n - lag) / variance
                       : NAN;
    }
}

static double plogp(double count, double n)
{
    return count > 0 ? count / n * log2(count / n) : 0;
}

/* Of n pairs of codes, `lag` apart. */
static double information(const uint8_t *code, size_t n, size_t lag)
{
    double joint[BINS][BINS] = {{0}}, before[BINS] = {0}, after[BINS] = {0};
    double bits = 0, cells = 0;

    for (size_t i = 0; i < n; i++) {
        joint[code[i]][code[i + lag]]++;
        before[code[i]]++;
        after[code[i + lag]]++;
    }
    for (size_t i = 0; i < BINS; i++) {
        bits -= plogp(before[i], (double)n) + plogp(after[i], (double)n);
        cells -= (before[i] > 0) + (after[i] > 0);
        for (size_t j = 0; j < BINS; j++) {
            bits += plogp(joint[i][j], (double)n);
            cells += joint[i][j] > 0;
        }
    }
    bits -= (cells + 1) / (2 * (double)n * M_LN2);
    return bits > 0 ? bits : 0;
}

void delay_information(const float *x, size_t n, size_t n_lags, double *out)
{
    uint8_t *code = xcalloc(n + 1, 1);
    uint16_t n_codes;

    bins_code(x, n, 1, BINS, code, &n_codes);
    for (size_t lag = 0; lag < n_lags; lag++)
        out[lag] = lag < n ? information(code, n - lag, lag) : NAN;
    free(code);
}

size_t delay_of_autocorrelation(const double *acf, size_t n_lags)
{
    for (size_t lag = 1; lag < n_lags; lag++)
        if (acf[lag] < exp(-1))
            return lag;
    return 0;
}

size_t delay_of_information(const double *ami, size_t n_lags)
{
    for (size_t lag = 1; lag + 1 < n_lags; lag++)
        if (ami[lag] < ami[lag - 1] && ami[lag] <= ami[lag + 1])
            return lag;
    return 0;
}
