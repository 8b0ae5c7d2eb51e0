#ifndef SWEEP_SURROUNDINGS_H
#define SWEEP_SURROUNDINGS_H

#include <stdint.h>

/* What a machine's clocks say, and how often its CPUs were slowed for heat. */
struct surroundings {
    int64_t real_ns, boot_ns, mono_ns;
    uint64_t throttles;
};

/* What happened between two looks; 0: nothing. */
struct happened {
    int64_t clock_step_ns; /* the wall clock was set, by so much */
    int64_t suspended_ns;
    uint64_t throttled; /* times that CPUs were slowed down, being hot */
};

/* sys: where /sys is; NULL: there. */
void surroundings_look(struct surroundings *s, const char *sys);

void surroundings_compare(struct happened *h, const struct surroundings *before,
                          const struct surroundings *after);

#endif
