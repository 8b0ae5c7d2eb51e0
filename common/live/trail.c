#include "common/live/trail.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

void trail_init(struct trail *t, size_t S)
{
    *t = (struct trail){.S = S, .last = -1};
    t->at = xcalloc(TRAIL_SLOTS * S, sizeof *t->at);
}

void trail_release(struct trail *t)
{
    free(t->at);
    t->at = NULL;
}

static float *slot_at(const struct trail *t, int64_t slot)
{
    return t->at + (size_t)(slot % TRAIL_SLOTS) * t->S;
}

static void fill(struct trail *t, int64_t slot, const float *v)
{
    float *to = slot_at(t, slot);

    for (size_t i = 0; i < t->S; i++)
        to[i] = v ? v[i] : NAN;
}

/* How many slots the value covers, that are not older than the trail. */
static int64_t covered(int64_t slot, double dt_s)
{
    int64_t most = slot < TRAIL_SLOTS ? slot + 1 : TRAIL_SLOTS;
    double n = round(dt_s);

    return !(n > 1) ? 1 : n > (double)most ? most : (int64_t)n;
}

void trail_put(struct trail *t, int64_t t_ns, double dt_s, const float *v)
{
    int64_t slot = (t_ns - t->t0_ns + NS_PER_S / 2) / NS_PER_S, from;

    if (t->last < 0 || t_ns < t->t0_ns || slot < t->last) {
        t->t0_ns = t_ns;
        t->first = slot = 0;
        t->last = -1;
    }
    from = slot - covered(slot, dt_s) + 1;
    for (int64_t s = slot - t->last > TRAIL_SLOTS ? slot - TRAIL_SLOTS + 1
                                                  : t->last + 1;
         s < from; s++)
        fill(t, s, NULL);
    for (int64_t s = from; s <= slot; s++)
        fill(t, s, v);
    t->last = slot;
    if (t->first < slot - TRAIL_SLOTS + 1)
        t->first = slot - TRAIL_SLOTS + 1;
}

/* Seconds a column, so that the slots first to last lie in C of them. */
static int64_t width_for(int64_t first, int64_t last, size_t C)
{
    int64_t w = 1;

    while (last / w - first / w + 1 > (int64_t)C)
        w++;
    return w;
}

static float mean_of(const struct trail *t, size_t series, int64_t from,
                     int64_t to)
{
    double sum = 0;
    int64_t n = 0;

    if (from < t->first)
        from = t->first;
    for (int64_t s = from; s <= to && s <= t->last; s++) {
        float v = slot_at(t, s)[series];

        if (!isnan(v)) {
            sum += v;
            n++;
        }
    }
    return n ? (float)(sum / (double)n) : NAN;
}

size_t trail_columns(const struct trail *t, size_t series, int64_t ahead,
                     size_t C, float *out)
{
    int64_t end = t->last + (ahead < TRAIL_SLOTS ? ahead : TRAIL_SLOTS), first;
    int64_t w, newest;

    for (size_t c = 0; c < C; c++)
        out[c] = NAN;
    if (t->last < 0 || C == 0)
        return 1;
    first = t->first < end - TRAIL_SLOTS + 1 ? end - TRAIL_SLOTS + 1 : t->first;
    w = width_for(first, end, C);
    newest = end / w;
    for (size_t c = 0; c < C; c++) {
        int64_t at = newest - (int64_t)(C - 1 - c);

        if (at >= 0)
            out[c] = mean_of(t, series, at * w, at * w + w - 1);
    }
    return (size_t)w;
}
