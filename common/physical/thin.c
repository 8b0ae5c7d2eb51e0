#include "common/physical/thin.h"

#include "common/physical/basis.h"

/* How many of the count[] rows of each bin: a row each in turn, up to most. */
static void share_out(const size_t *count, size_t most, size_t *quota)
{
    size_t before;

    do {
        before = most;
        for (int k = 0; k < BASIS_BINS; k++) {
            if (most > 0 && quota[k] < count[k]) {
                quota[k]++;
                most--;
            }
        }
    } while (most < before);
}

/* How many of the first `seen` of `count` rows are kept, so that each kept one
 * is in the middle of what it stands for. */
static size_t kept_of(size_t seen, size_t count, size_t quota)
{
    return (2 * seen * quota + count) / (2 * count);
}

size_t thin_rows(float *busy, float *watts, size_t n, double n_cpus,
                 size_t most)
{
    size_t count[BASIS_BINS] = {0}, quota[BASIS_BINS] = {0};
    size_t seen[BASIS_BINS] = {0}, kept = 0;

    for (size_t i = 0; i < n; i++)
        count[basis_bin(busy[i], n_cpus)]++;
    share_out(count, most, quota);
    for (size_t i = 0; i < n; i++) {
        int k = basis_bin(busy[i], n_cpus);
        size_t before = kept_of(seen[k]++, count[k], quota[k]);

        if (kept_of(seen[k], count[k], quota[k]) == before)
            continue;
        busy[kept] = busy[i];
        watts[kept++] = watts[i];
    }
    return kept;
}
