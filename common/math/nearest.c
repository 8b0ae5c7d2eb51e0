#include "common/math/nearest.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/math/vector.h"

/*
 * L leaves of LEAF points.  The node of leaves a..b-1 stands before its halves
 * a..mid-1 and mid..b-1: a subtree of m leaves has 2 m - 1 nodes, so that no
 * links are stored.
 */
enum { LEAF = 16 };

struct nearest {
    size_t D, n, n_leaves;
    const float *x;
    uint32_t *row; // (n) in the order of the leaves
    float *point;  // (L, D, LEAF) beyond n: infinite
    float *box;    // (2 L - 1, 2, D) least and greatest
};

static size_t middle(size_t a, size_t b)
{
    return a + (b - a) / 2;
}

static size_t right_of(size_t node, size_t a, size_t b)
{
    return node + 2 * (middle(a, b) - a);
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- building ---- */

static void fit_box(const struct nearest *t, size_t node, size_t from,
                    size_t to)
{
    float *low = t->box + node * 2 * t->D, *high = low + t->D;

    for (size_t d = 0; d < t->D; d++) {
        low[d] = INFINITY;
        high[d] = -INFINITY;
    }
    for (size_t i = from; i < to; i++) {
        const float *p = t->x + (size_t)t->row[i] * t->D;

        for (size_t d = 0; d < t->D; d++) {
            low[d] = fminf(low[d], p[d]);
            high[d] = fmaxf(high[d], p[d]);
        }
    }
}

static size_t widest_side(const struct nearest *t, size_t node)
{
    const float *low = t->box + node * 2 * t->D, *high = low + t->D;
    size_t widest = 0;

    for (size_t d = 1; d < t->D; d++)
        if (high[d] - low[d] > high[widest] - low[widest])
            widest = d;
    return widest;
}

/* Order rows from..to-1 so that those before k are not above those from k on
 * (Hoare's selection). */
static void select_kth(const struct nearest *t, size_t d, size_t from,
                       size_t to, size_t k)
{
    const float *x = t->x + d;
    uint32_t *row = t->row;

    while (to - from > 1) {
        float pivot = x[(size_t)row[middle(from, to - 1)] * t->D];
        size_t i = from, j = to - 1;

        for (;;) {
            while (x[(size_t)row[i] * t->D] < pivot)
                i++;
            while (x[(size_t)row[j] * t->D] > pivot)
                j--;
            if (i >= j)
                break;
            uint32_t swapped = row[i];

            row[i++] = row[j];
            row[j--] = swapped;
        }
        if (k <= j)
            to = j + 1;
        else
            from = j + 1;
    }
}

static void fill_leaf(struct nearest *t, size_t leaf)
{
    size_t from = leaf * LEAF, to = min_size(from + LEAF, t->n);
    float *point = t->point + leaf * t->D * LEAF;

    for (size_t d = 0; d < t->D; d++)
        for (size_t i = 0; i < LEAF; i++)
            point[d * LEAF + i] =
                from + i < to ? t->x[(size_t)t->row[from + i] * t->D + d]
                              : INFINITY;
}

static void build(struct nearest *t, size_t node, size_t a, size_t b)
{
    size_t from = a * LEAF, to = min_size(b * LEAF, t->n), mid = middle(a, b);

    fit_box(t, node, from, to);
    if (b - a == 1) {
        fill_leaf(t, a);
        return;
    }
    select_kth(t, widest_side(t, node), from, to, mid * LEAF);
    build(t, node + 1, a, mid);
    build(t, right_of(node, a, b), mid, b);
}

struct nearest *nearest_new(const float *x, size_t D, const uint32_t *rows,
                            size_t n)
{
    struct nearest *t = xcalloc(1, sizeof *t);

    *t = (struct nearest){
        .D = D, .n = n, .n_leaves = (n + LEAF - 1) / LEAF, .x = x};
    if (n == 0)
        return t;
    t->row = xreallocarray(NULL, n, sizeof *t->row);
    memcpy(t->row, rows, n * sizeof *rows);
    t->point = xmalloc_aligned(t->n_leaves * D * LEAF, sizeof *t->point);
    t->box = xreallocarray(NULL, (2 * t->n_leaves - 1) * 2 * D, sizeof *t->box);
    build(t, 0, 0, t->n_leaves);
    return t;
}

void nearest_free(struct nearest *t)
{
    if (!t)
        return;
    free(t->row);
    free(t->point);
    free(t->box);
    free(t);
}

/* ---- searching ---- */

/*
 * Squares are summed in the order of the features here and below, and without
 * fused multiply-add: rounding never puts a box beyond a point that lies in
 * it, and who is nearest does not depend on the processor.
 */
#if defined __GNUC__ && !defined __clang__
#define UNFUSED __attribute__((optimize("fp-contract=off")))
#else
#define UNFUSED
#endif

UNFUSED VECTOR static void leaf_distances(const float *restrict point,
                                          const float *restrict q, size_t D,
                                          float *restrict d2)
{
    for (size_t i = 0; i < LEAF; i++)
        d2[i] = 0;
    for (size_t d = 0; d < D; d++) {
        VECTOR_LOOP
        for (size_t i = 0; i < LEAF; i++) {
            float step = point[d * LEAF + i] - q[d];
            float square = step * step;

            d2[i] += square;
        }
    }
}

UNFUSED static float box_distance(const struct nearest *t, size_t node,
                                  const float *q)
{
    const float *low = t->box + node * 2 * t->D, *high = low + t->D;
    float d2 = 0;

    for (size_t d = 0; d < t->D; d++) {
        float below = low[d] - q[d], above = q[d] - high[d];
        float step = below > above ? below : above;

        step = step > 0 ? step * step : 0;
        d2 += step;
    }
    return d2;
}

static bool counts(const struct nearest_query *q, uint32_t row)
{
    int64_t apart = q->t_ns ? q->t_ns[row] - q->at_ns : 0;

    return !q->t_ns || apart > q->apart_ns || -apart > q->apart_ns;
}

static void offer(const struct nearest_query *q, float d2, uint32_t row,
                  struct neighbour *best)
{
    uint64_t draw = rng_at(q->seed, 0, row);

    if (d2 == best->d2 && draw >= best->draw)
        return;
    *best = (struct neighbour){.d2 = d2, .row = row, .draw = draw};
}

static void search_leaf(const struct nearest *t, size_t leaf,
                        const struct nearest_query *q, struct neighbour *best)
{
    size_t from = leaf * LEAF, n = min_size(LEAF, t->n - from);
    float d2[LEAF];

    leaf_distances(t->point + leaf * t->D * LEAF, q->point, t->D, d2);
    for (size_t i = 0; i < n; i++)
        if (d2[i] <= best->d2 && counts(q, t->row[from + i]))
            offer(q, d2[i], t->row[from + i], best);
}

static void search(const struct nearest *t, size_t node, size_t a, size_t b,
                   const struct nearest_query *q, struct neighbour *best)
{
    size_t mid = middle(a, b), left = node + 1, right = right_of(node, a, b);
    float to_left, to_right;

    if (b - a == 1) {
        search_leaf(t, a, q, best);
        return;
    }
    to_left = box_distance(t, left, q->point);
    to_right = box_distance(t, right, q->point);
    if (to_left <= to_right && to_left <= best->d2)
        search(t, left, a, mid, q, best);
    if (to_right <= best->d2)
        search(t, right, mid, b, q, best);
    if (to_left > to_right && to_left <= best->d2)
        search(t, left, a, mid, q, best);
}

void nearest_search(const struct nearest *t, const struct nearest_query *q,
                    struct neighbour *best)
{
    if (t->n > 0 && box_distance(t, 0, q->point) <= best->d2)
        search(t, 0, 0, t->n_leaves, q, best);
}
