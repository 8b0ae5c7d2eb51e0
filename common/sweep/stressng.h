#ifndef SWEEP_STRESSNG_H
#define SWEEP_STRESSNG_H

#include "common/sweep/sweep_plan.h"

/* What the stress-ng here says of itself, and of what a sweep wants of it. */
struct ability {
    char *what; /* "--cpu --cpu-method float", "program xz" */
    char *why;  /* it cannot; NULL: it can */
};

struct abilities {
    char version[32]; /* of stress-ng; "" where the sweep needs none */
    struct ability *at;
    size_t n, cap, n_cannot;
};

/*
 * Ask for each stressor of the sweep with its options once, in a dry run, and
 * look for the programs that its commands need.  Returns 0, or -1 with e filled
 * (ERR_SYSTEM): there is no stress-ng.
 */
int abilities_ask(struct abilities *a, const struct sweep_spec *s,
                  struct err *e);
void abilities_release(struct abilities *a);

/* Can this part be done?  Otherwise *why, borrowed, says what is missing. */
bool part_can(const struct abilities *a, const struct sweep_part *p,
              const char **why);

#endif
