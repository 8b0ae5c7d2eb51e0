#include "common/math/spd.h"

#include <math.h>

int spd_factor(size_t K, double *a)
{
    for (size_t i = 0; i < K; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * K + j];

            for (size_t k = 0; k < j; k++)
                sum -= a[i * K + k] * a[j * K + k];
            if (j < i)
                a[i * K + j] = sum / a[j * K + j];
            else if (sum > 0 && isfinite(sum))
                a[i * K + i] = sqrt(sum);
            else
                return -1;
        }
    }
    return 0;
}

void spd_solve(size_t K, const double *l, double *b)
{
    for (size_t i = 0; i < K; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * K + k] * b[k];
        b[i] /= l[i * K + i];
    }
    for (size_t i = K; i-- > 0;) {
        b[i] /= l[i * K + i];
        for (size_t k = 0; k < i; k++)
            b[k] -= l[i * K + k] * b[i];
    }
}

void spd_invert(size_t K, const double *l, double *inverse)
{
    for (size_t i = 0; i < K; i++) {
        double *row = inverse + i * K; /* symmetric: a row is a column */

        for (size_t k = 0; k < K; k++)
            row[k] = k == i;
        spd_solve(K, l, row);
    }
}

double spd_log_det(size_t K, const double *l)
{
    double sum = 0;

    for (size_t i = 0; i < K; i++)
        sum += log(l[i * K + i]);
    return 2 * sum;
}
