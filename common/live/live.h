#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "common/live/trail.h"
#include "formats/second.h"

/*
 * What is known of a machine that is predicted live: the latest second, sums
 * since the start, the latest minutes.  layout.h makes a picture of it.
 *
 * Start with live_init(); the model's pointers are borrowed.
 */
struct live_model {
    const char *name;
    const struct window_spec *spec;
    const struct prediction_form *form;
    double support_low; /* less is too little */
};

/* A signal that the model is fed. */
struct live_signal {
    const char *name;
    char *unit; /* of the value, which is a rate where the model takes its
                   logarithm */
    bool logarithm;
    double value;  /* mean of the latest second */
    float adds_w;  /* more than were it as in the training; NaN: not told */
    double weight; /* sum of |adds_w| */
};

/* Energy, and the time that it was counted over. */
struct live_sum {
    double energy_j, time_s;
};

enum { LIVE_PREDICTED, LIVE_MEASURED, LIVE_SIGNALS }; /* series of the trail */

struct live {
    struct live_model model;
    size_t D;
    struct live_signal *signal; /* (D) */
    char *where;                /* of the segment: machine, workload */

    bool any; /* second: of a prediction */
    struct second_mean now;
    int64_t row_t_ns, arrived_ns; /* of the latest row, 0: none */
    size_t span;                  /* rows without a gap up to it */
    struct live_sum predicted, measured;
    double error_j; /* sum of |predicted - measured| over time */
    struct trail trail;

    const char *message; /* borrowed, the latest; NULL: none */
    bool paused;

    /* private */
    struct second second;
    double *x;   /* (D) sums over the second */
    float *slot; /* (LIVE_SIGNALS + D) */
    size_t n_x;
};

void live_init(struct live *v, const struct live_model *m);
void live_release(struct live *v);

/* A segment with this metadata begins. */
void live_begin(struct live *v, const struct labels *meta);

/* A row arrived; with `span` rows without a gap. */
void live_row(struct live *v, int64_t t_ns, size_t span, int64_t now_ns);

/*
 * A prediction, and the signals x (D) of its newest row.  Returns whether that
 * completes a second: there is something new to be seen.
 */
bool live_add(struct live *v, const struct prediction *p, const float *x);

/* How many watts each signal (D) adds was found out; NaN: it is not known. */
void live_drive(struct live *v, const float *adds_w);

/*
 * A copy that stays as it is while v goes on: for pictures, and live_drop().
 * It borrows the names of signals.
 */
void live_hold(struct live *held, const struct live *v);
void live_drop(struct live *held);

/* What came last is that old, s; a recording's rows are as old as their
 * arrival. */
double live_age_s(const struct live *v, int64_t now_ns);
bool live_is_recording(const struct live *v);

/* There are too few rows since a gap to predict from. */
bool live_is_waiting(const struct live *v);

/* How long nothing has been predicted, where that is longer than usual. */
int64_t live_seconds_since(const struct live *v, int64_t now_ns);

/* Rows have ceased to come as often as they should. */
bool live_is_stale(const struct live *v, int64_t now_ns);

#endif
