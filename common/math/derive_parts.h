#ifndef MATH_DERIVE_PARTS_H
#define MATH_DERIVE_PARTS_H

#include "common/math/counter.h"
#include "common/math/derive.h"
#include "common/math/feature.h"

/*
 * What derive_resolve.c (channels to inputs), derive.c (inputs to features) and
 * derive_made.c (signals of several inputs) share; for nobody else.
 */

#define MAX_TICKS_BACK 100 /* idle, iowait: see counter.h */

/*
 * N rows of a call, D features, K inputs.  An input is a channel that is
 * needed: a signal of the features, a part of one that is made of several
 * (PART), or a zone of the label (ZONE).
 */
enum { ZONE = -1, PART = -2 };

/* Of the clock; and of a CPU's time, what is work and what is not. */
enum made_part { PART_CYCLES, PART_TICKS, PART_KHZ, PART_BUSY, PART_REST };

/* Columns that signals are made in. */
enum {
    MADE_KHZ,
    MADE_SPREAD, /* while it is made: the sum of squares */
    MADE_BUSIEST,
    MADE_SUM,
    MADE_BUSY,
    MADE_WHOLE,
    N_MADE
};

struct input {
    int signal;          /* enum signal_id, PART or ZONE */
    enum made_part part; /* PART: which */
    size_t cpu;          /* PART: of the CPUs in turn */
    size_t target;       /* ZONE: of which target */
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
    bool has_clock, has_cpus; /* parts of made signals are inputs */
    bool binned;              /* the interval is coarser than the recording */
    bool needs_prev;          /* some input is a counter */

    bool have_prev;
    int64_t prev_ns;      /* the last reading */
    bool bin_open;        /* a stretch has begun: the next three hold */
    bool bin_first;       /* no bin of the stretch is done */
    int64_t bin_start_ns; /* end of the bin before */
    int64_t bin_end_ns;   /* where the bin should end */

    int64_t *t_ns;        // (cap), binned only
    double *dt_s;         // (cap)
    double *total, *zero; // (cap) ticks of all fields; zeros
    double *made[N_MADE]; // (cap)
    float **label_w;      // (K)(cap)
    uint8_t *state;       // (cap)
};

/* Make a channel an input of `signal`, by its unit; -1 with e filled. */
int derive_add_input(struct derive *d, const struct channels *cs, int channel,
                     int signal, const struct signal *what, struct err *e);

/* Make the channels that make a signal inputs: 1, or 0 where it is made of
 * none; -1 with e filled. */
int made_add(struct derive *d, const struct channels *cs, int signal,
             struct err *e);
void made_room(struct derive *d, size_t n);
/* Make them, of n rows of the inputs, and enter them in s. */
void made_compute(struct derive *d, size_t n, struct signals *s);
void made_free(struct derive *d);

static inline bool is_cpu_time(int signal)
{
    return signal >= SIG_CPU_USER && signal <= SIG_CPU_STEAL;
}

#endif
