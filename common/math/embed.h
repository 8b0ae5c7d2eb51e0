#ifndef MATH_EMBED_H
#define MATH_EMBED_H

#include <stddef.h>
#include <stdint.h>

enum { MAX_TARGETS = 16 }; /* power domains that a model predicts */

/*
 * Windows as a view over samples: the (N, D*d) matrix is built some rows at a
 * time, where it is used.  This is the one place that lays out a window, for
 * training and for live use.
 *
 * T samples, D features, d delays, N windows, K targets.
 */
struct window_set {
    const float *x;      /* (T, D) samples, scaled; borrowed */
    const float *label;  /* (T, K) what to predict; NULL where unknown.  Of
                            several, those that are not known are NaN */
    const uint32_t *end; /* (N) row at which each window ends; borrowed */
    size_t T, D, N;
    size_t delays, tau;      /* d >= 1 and tau >= 1, in samples */
    const uint16_t *machine; /* (T) which machine a row is of, from 0; NULL
                                where nothing asks */
    size_t n_targets;        /* K, labels a row; 0 stands for 1 */
    const uint16_t *class;   /* (T) the class of a row, from 0, and how much */
    const float *class_weight; /* each class counts in the loss; NULL: 1 */
};

/* K of a set. */
static inline size_t window_set_targets(const struct window_set *s)
{
    return s->n_targets ? s->n_targets : 1;
}

/* Rows that a window spans: (d - 1) tau + 1. */
size_t embed_span(size_t delays, size_t tau);

/*
 * Lay out windows: feature by feature, within each the values at
 * t-(d-1)tau, ..., t-tau, t: oldest first, newest last.
 *
 * x    (T, D)   samples
 * end  (n)      rows; end[i] >= embed_span() - 1
 * out  (n, D*d) caller's storage
 */
void embed(const float *x, size_t D, size_t delays, size_t tau,
           const uint32_t *end, size_t n, float *out);

/*
 * Turn each of n rows of `delays` values around: newest first, as no model is
 * trained.  It is there to measure what that fault costs.
 */
void embed_reverse(float *x, size_t n, size_t delays);

/* The labels of the windows that end at these rows, to out (n, K). */
void embed_labels(const struct window_set *s, const uint32_t *end, size_t n,
                  float *out);

/* How much they count in the loss, to out (n); NULL if all count 1. */
const float *embed_weights(const struct window_set *s, const uint32_t *end,
                           size_t n, float *out);

/*
 * Set use[t] = 1 for each row t that lies in one of the windows, so that
 * scaling is fitted to what a model sees in training and nothing else.
 *
 * use  (T)  caller's; rows of no window are left alone
 */
void embed_mark(const struct window_set *set, uint8_t *use);

#endif
