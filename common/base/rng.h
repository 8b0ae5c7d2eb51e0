#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/*
 * A counter-based generator: the value for (seed, stream, index) does not
 * depend on what was drawn before, nor by which thread.  The mixing function
 * is SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014).  Not for secrets.
 */
static inline uint64_t rng_mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The 64 random bits that belong to (seed, stream, index). */
static inline uint64_t rng_at(uint64_t seed, uint64_t stream, uint64_t index)
{
    return rng_mix(rng_mix(rng_mix(seed) ^ stream) + index);
}

/* Uniform in [0, 1), 53 bits. */
static inline double rng_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* A sequence drawn in order, for shuffles and initial weights. */
struct rng {
    uint64_t seed, stream, index;
};

void rng_init(struct rng *r, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);
double rng_uniform(struct rng *r, double lo, double hi);
uint64_t rng_below(struct rng *r, uint64_t n); /* uniform in 0..n-1, n > 0 */

/* Fisher-Yates over n indices. */
void rng_shuffle(struct rng *r, uint32_t *x, size_t n);

#endif
