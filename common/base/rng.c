#include "common/base/rng.h"

void rng_init(struct rng *r, uint64_t seed, uint64_t stream)
{
    r->seed = seed;
    r->stream = stream;
    r->index = 0;
}

uint64_t rng_next(struct rng *r)
{
    return rng_at(r->seed, r->stream, r->index++);
}

double rng_uniform(struct rng *r, double lo, double hi)
{
    return lo + (hi - lo) * rng_unit(rng_next(r));
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % n;
    uint64_t bits;

    do /* reject the remainder, so that no value is favoured */
        bits = rng_next(r);
    while (bits >= limit);
    return bits % n;
}

void rng_shuffle(struct rng *r, uint32_t *x, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = rng_below(r, i);
        uint32_t t = x[i - 1];

        x[i - 1] = x[j];
        x[j] = t;
    }
}
