#ifndef PLOT_TIMEBINS_H
#define PLOT_TIMEBINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * S series over time, in TIMEBINS bins at most however long they are: of each
 * bin the least, the greatest and the mean of what fell into it, so that no
 * peak is lost.  Bins are as wide as the time needs, a millisecond times a
 * power of two; NaN is no value.
 */
enum { TIMEBINS = 720 };

struct timebin {
    float min, max;
    double sum;
    uint64_t n;
};

struct timebins {
    size_t S;
    int64_t width_ns;
    int64_t last;          /* the last bin with a row; -1: none */
    uint64_t most;         /* rows in one bin, at most */
    struct timebin *at;    /* (TIMEBINS, S) */
    bool broken[TIMEBINS]; /* does not follow from the bin before it */
    uint64_t rows[TIMEBINS];
};

void timebins_init(struct timebins *b, size_t S);
void timebins_release(struct timebins *b);

/* The values v (S) at t_ns >= 0; broken: they do not follow from those before.
 */
void timebins_add(struct timebins *b, int64_t t_ns, const float *v,
                  bool broken);

static inline const struct timebin *timebins_at(const struct timebins *b,
                                                int64_t bin, size_t series)
{
    return &b->at[(size_t)bin * b->S + series];
}

/* Does that series have any value? */
bool timebins_any(const struct timebins *b, size_t series);

#endif
