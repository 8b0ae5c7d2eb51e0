#ifndef MATH_DERIVE_PARTS_H
#define MATH_DERIVE_PARTS_H

#include "common/math/counter.h"
#include "common/math/derive.h"
#include "common/math/feature.h"

/*
 * What derive_resolve.c (channels to inputs) and derive.c (inputs to features)
 * share; for nobody else.
 */

/*
 * N rows of a call, D features, K inputs.  An input is a channel that is
 * needed: a signal of the features, or a zone of the label (ZONE).
 */
enum { ZONE = -1 };

struct input {
    int signal;    /* enum signal_id or ZONE */
    size_t target; /* ZONE: of which target */
    size_t channel;
    enum channel_type type;
    bool counter;
    double scale;
    struct counter_rule rule;
    uint64_t prev; /* counter: its last reading */
    double sum;    /* of the bin that is being filled */
    double *col;   /* (cap) steps or values; then the signal */
};

struct derive {
    struct input *inputs; // (K)
    size_t n_inputs, cap_inputs;
    const struct feature **features; // (D)
    float **x;                       // (D)(cap)
    size_t n_features, cap;
    struct strings targets; // those that were found
    char *target;           /* their names, or "none" */
    size_t n_labels;        /* K: targets, 1 if there is none */
    double n_cpus;
    int64_t recorded_ns, interval_ns;
    bool binned;     /* the interval is coarser than the recording */
    bool needs_prev; /* some input is a counter */

    bool have_prev;
    int64_t prev_ns;      /* the last reading */
    bool bin_open;        /* a stretch has begun: the next three hold */
    bool bin_first;       /* no bin of the stretch is done */
    int64_t bin_start_ns; /* end of the bin before */
    int64_t bin_end_ns;   /* where the bin should end */

    int64_t *t_ns;        // (cap), binned only
    double *dt_s;         // (cap)
    double *total, *zero; // (cap) ticks of all fields; zeros
    float **label_w;      // (K)(cap)
    uint8_t *state;       // (cap)
};

static inline bool is_cpu_time(int signal)
{
    return signal >= SIG_CPU_USER && signal <= SIG_CPU_STEAL;
}

#endif
