#ifndef MATH_COUNTER_H
#define MATH_COUNTER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The one place where differences of counters are taken and where they wrap.
 *
 * A counter that grew stepped by what it grew.  One that went back wrapped, if
 * it has a modulus and the step that this means is plausible; otherwise it was
 * reset, and nobody knows the step.  Where the largest plausible step reaches
 * the modulus, the counter may have gone round more than once between two
 * readings, and no difference of it means anything: also unknown, not guessed.
 *
 * The kernel's cpu.idle and cpu.iowait go back by a few ticks now and then (it
 * adds up per-CPU figures while they change): within `slack` that is a step of
 * 0, and counting goes on from the highest value seen, so that the sum of the
 * steps stays right.
 */
struct counter_rule {
    uint64_t wrap;   /* modulus; 0: 64 bits, which do not wrap */
    uint64_t slack;  /* largest step back that is taken for none */
    double max_rate; /* largest plausible step a second; 0: unknown, and then a
                        wrap is plausible up to half the modulus */
    double jitter_s; /* time that a step may be late: added to dt */
};

/* The step from a to b over dt_s seconds; NaN where it is unknown. */
double counter_step(const struct counter_rule *rule, uint64_t a, uint64_t b,
                    double dt_s);

/*
 * The steps of a column.
 *
 * v     (n)  readings
 * prev       the reading before v[0]
 * dt_s  (n)  seconds since the reading before
 * step  (n)  out: exact up to 2^53; NaN where unknown
 * Returns what is to be `prev` for the next column.  n > 0.
 */
uint64_t counter_steps(const struct counter_rule *rule, uint64_t prev,
                       const uint64_t *v, const double *dt_s, size_t n,
                       double *step);

#endif
