#ifndef LIVE_TRAIL_H
#define LIVE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The latest minutes of S series of values, a slot a second.  The first value
 * lies in the middle of its slot, so that ticks of a second that come a little
 * early or late have one each.  Where nothing is known a slot is NaN.
 */
enum { TRAIL_SLOTS = 600 };

struct trail {
    size_t S;
    int64_t t0_ns;       /* of the first value */
    int64_t first, last; /* slots that were filled since; last < 0: none */
    float *at;           /* (TRAIL_SLOTS, S), slot modulo TRAIL_SLOTS */
};

void trail_init(struct trail *t, size_t S);
void trail_release(struct trail *t);

/*
 * The values v (S) hold for the dt_s seconds up to t_ns.  Time that goes back,
 * as another recording does, begins a new trail.
 */
void trail_put(struct trail *t, int64_t t_ns, double dt_s, const float *v);

/*
 * One series as C columns, the newest last, with means of what is known in
 * each; NaN: nothing is.  Columns are as many seconds wide as the trail needs
 * to fit, and stay where they are while they fill.
 *
 * ahead  seconds that went by since the last value, shown as unknown
 * out    (C)
 * Returns the seconds of a column.
 */
size_t trail_columns(const struct trail *t, size_t series, int64_t ahead,
                     size_t C, float *out);

#endif
