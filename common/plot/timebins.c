#include "common/plot/timebins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

void timebins_init(struct timebins *b, size_t S)
{
    *b = (struct timebins){.S = S, .width_ns = NS_PER_MS, .last = -1};
    b->at = xcalloc(TIMEBINS * S, sizeof *b->at);
}

void timebins_release(struct timebins *b)
{
    free(b->at);
    memset(b, 0, sizeof *b);
}

static void merge(struct timebin *to, const struct timebin *from)
{
    if (from->n == 0)
        return;
    if (to->n == 0 || from->min < to->min)
        to->min = from->min;
    if (to->n == 0 || from->max > to->max)
        to->max = from->max;
    to->sum += from->sum;
    to->n += from->n;
}

/* Bins of twice the width: two become one. */
static void widen(struct timebins *b)
{
    for (int64_t i = 0; i < TIMEBINS; i++) {
        size_t to = (size_t)i / 2;

        if (i % 2 == 0) {
            memmove(b->at + to * b->S, b->at + (size_t)i * b->S,
                    b->S * sizeof *b->at);
            b->broken[to] = b->broken[i];
            b->rows[to] = b->rows[i];
        } else {
            for (size_t s = 0; s < b->S; s++)
                merge(&b->at[to * b->S + s], timebins_at(b, i, s));
            b->broken[to] |= b->broken[i];
            b->rows[to] += b->rows[i];
        }
        if (i % 2 && b->rows[to] > b->most)
            b->most = b->rows[to];
    }
    memset(b->at + TIMEBINS / 2 * b->S, 0, TIMEBINS / 2 * b->S * sizeof *b->at);
    memset(b->broken + TIMEBINS / 2, 0, TIMEBINS / 2 * sizeof *b->broken);
    memset(b->rows + TIMEBINS / 2, 0, TIMEBINS / 2 * sizeof *b->rows);
    b->width_ns *= 2;
    b->last /= 2;
}

void timebins_add(struct timebins *b, int64_t t_ns, const float *v, bool broken)
{
    int64_t i;

    while (t_ns / b->width_ns >= TIMEBINS)
        widen(b);
    i = t_ns / b->width_ns;
    if (i > b->last)
        b->last = i;
    b->broken[i] |= broken;
    if (++b->rows[i] > b->most)
        b->most = b->rows[i];
    for (size_t s = 0; s < b->S; s++)
        if (isfinite(v[s])) {
            struct timebin one = {v[s], v[s], (double)v[s], 1};

            merge(&b->at[(size_t)i * b->S + s], &one);
        }
}

bool timebins_any(const struct timebins *b, size_t series)
{
    for (int64_t i = 0; i <= b->last; i++)
        if (timebins_at(b, i, series)->n > 0)
            return true;
    return false;
}
