#ifndef FORMATS_SECOND_H
#define FORMATS_SECOND_H

#include "formats/prediction.h"

/*
 * Predictions put together for people: means over each second of a recording,
 * or of single ones where they come less often.  Start with {0}.
 */
struct second_domain {
    double power, lower, upper, measured;
};

struct second {
    int64_t next_ns; /* a second is due */
    int64_t t_ns;    /* of the latest prediction */
    int64_t n, n_measured;
    double power, lower, upper, support, idle, dt, measured, error; /* sums */
    struct second_domain domain[PREDICTION_MAX_DOMAINS];
};

/* Means of what was known in all of a second, and of the power that was
 * measured in some of it; else NaN.  Intervals are those of 90 %. */
struct second_mean {
    int64_t t_ns; /* its end */
    double power_w, lower_w, upper_w, support, idle_w;
    double measured_w, error_w; /* predicted - measured, where measured */
    double dt_s;                /* the time that it covers, no mean */
    struct second_domain domain[PREDICTION_MAX_DOMAINS];
};

/* Add one; returns whether that completes a second, whose means are told. */
bool second_add(struct second *s, const struct prediction *p,
                struct second_mean *mean);

/* The means of what is left, less than a second; false: nothing is. */
bool second_end(struct second *s, struct second_mean *mean);

#endif
