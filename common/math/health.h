#ifndef MATH_HEALTH_H
#define MATH_HEALTH_H

#include <stddef.h>
#include <stdint.h>

/*
 * Are the watts of a recording plausible, and how much of it is idle?  Sums
 * of one recording after another give those of all.
 */
struct health_options {
    double most_w;     /* more than any package of this machine can draw */
    double idle_share; /* busy at most this share of the CPUs: idle */
    double settle_s;   /* idle for so long: settled, nothing is warm any more */
    double gap_s;      /* rows further apart than this do not follow */
};

struct health {
    size_t rows, labelled; /* all; with watts */
    double sum_w, min_w, max_w;
    size_t negative, impossible; /* rows below 0; above most_w */
    double stuck_s;   /* the longest time over which watts stay the same */
    size_t loaded;    /* rows whose load is known; of those: */
    size_t idle;      /* rows */
    double idle_s;    /* the longest idle time on end */
    double settled_s; /* idle time after settle_s on end */
};

/*
 * Look at n rows of one recording.
 *
 * t_ns (n)  times that grow
 * y    (n)  W; NaN: none
 * busy (n)  share of the CPUs, 0..1; NaN: unknown
 */
void health_of(const int64_t *t_ns, const float *y, const float *busy, size_t n,
               const struct health_options *o, struct health *out);

/* Sums, least, greatest; start with {0}. */
void health_merge(struct health *to, const struct health *from);

/* What values a column has. */
struct quantum {
    size_t distinct; /* values, NaN left out */
    double min, max;
    double step;  /* the least difference of two; NaN: fewer than two */
    double usual; /* the median difference of neighbouring values */
};

void health_quantum(const float *x, size_t n, size_t stride,
                    struct quantum *out);

#endif
