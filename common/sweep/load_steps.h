#ifndef SWEEP_LOAD_STEPS_H
#define SWEEP_LOAD_STEPS_H

#include "common/sweep/sweep_plan.h"

/*
 * What a run starts, and when: one command for most of them, one a step of a
 * pattern.
 */
struct load_step {
    int64_t from_ns, to_ns; /* since the load began */
    bool again;             /* start it anew while there is time */
    struct strings argv;    /* empty: nothing runs */
};

struct load_steps {
    struct load_step *at;
    size_t n, cap;
    struct strings before; /* a command that ends right before the recording */
};

/* The steps of a run; they cover its time, without holes. */
void load_steps_make(struct load_steps *ls, const struct sweep_run *r);
void load_steps_release(struct load_steps *ls);

/*
 * The load of a pattern in its n steps, low..high percent.  It follows from
 * the seed alone.
 */
void pattern_levels(const struct pattern *p, uint64_t seed, size_t n,
                    double *level);

/* stress-ng's words for one stressor: "--cpu 4 --cpu-method float". */
void stressor_words(struct strings *argv, const struct stressor *s,
                    unsigned workers);

#endif
