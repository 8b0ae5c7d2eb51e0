#include "common/math/bins.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

enum { SORTED = 100000 }; /* values that quantiles are taken from */

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/*
 * The greatest value of each bin but the last: quantiles, each once.  Returns
 * how many there are.
 */
static size_t find_edges(const float *sorted, size_t n, size_t n_bins,
                         float *edge)
{
    size_t count = 0;

    for (size_t b = 1; b < n_bins; b++) {
        float v = sorted[(n - 1) * b / n_bins];

        if (v < sorted[n - 1] && (count == 0 || v > edge[count - 1]))
            edge[count++] = v;
    }
    return count;
}

/* How many edges lie below v. */
static size_t find_bin(const float *edge, size_t n, float v)
{
    size_t low = 0;

    while (n > 0) {
        size_t half = n / 2;

        if (edge[low + half] < v) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

void bins_code(const float *x, size_t T, size_t D, size_t n_bins, uint8_t *code,
               uint16_t *n_codes)
{
    size_t step = T / SORTED + 1, n = (T + step - 1) / step;
    float *sorted = xreallocarray(NULL, n + 1, sizeof *sorted), edge[256];

    for (size_t d = 0; d < D; d++) {
        size_t n_edges;

        for (size_t i = 0; i < n; i++)
            sorted[i] = x[i * step * D + d];
        qsort(sorted, n, sizeof *sorted, compare);
        n_edges = n > 0 ? find_edges(sorted, n, n_bins, edge) : 0;
        for (size_t i = 0; i < T; i++)
            code[i * D + d] = (uint8_t)find_bin(edge, n_edges, x[i * D + d]);
        n_codes[d] = (uint16_t)(n_edges + 1);
    }
    free(sorted);
}
