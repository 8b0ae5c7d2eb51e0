#ifndef MATH_NEAREST_H
#define MATH_NEAREST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Exact nearest neighbours by Euclidean distance, in a tree of boxes: cut at
 * the median of the widest side, down to leaves of a few points.
 *
 * x     (T, D)  finite; must stay until nearest_free()
 * rows  (n)     the rows of x that the tree holds; copied
 */
struct nearest;

struct nearest *nearest_new(const float *x, size_t D, const uint32_t *rows,
                            size_t n);
void nearest_free(struct nearest *tree);

/* Whose neighbour is looked for. */
struct nearest_query {
    const float *point;  /* (D) */
    const int64_t *t_ns; /* (T) times of the rows of x, or NULL */
    int64_t at_ns;    /* where there are times: rows whose time is not over */
    int64_t apart_ns; /* apart_ns from at_ns do not count */
    uint64_t seed;    /* of the choice among rows at the same distance */
};

/* The nearest so far; start with NEIGHBOUR_NONE. */
struct neighbour {
    float d2;      /* squared distance; INFINITY: none yet */
    uint32_t row;  /* of x */
    uint64_t draw; /* that the row drew: the least wins a tie */
};

#define NEIGHBOUR_NONE                               \
    (struct neighbour)                               \
    {                                                \
        .d2 = INFINITY, .row = 0, .draw = UINT64_MAX \
    }

/*
 * Improve `best` by the rows of this tree.  Of rows at the same distance one
 * is chosen at random, by the seed and its number alone: quantised features
 * give many, and always taking the first would make it the neighbour of all.
 * Searching several trees one after another, in any order, finds what one
 * tree of all their rows would.
 */
void nearest_search(const struct nearest *tree, const struct nearest_query *q,
                    struct neighbour *best);

#endif
