#ifndef FORMATS_JOULES_H
#define FORMATS_JOULES_H

#include "common/math/derive.h"
#include "formats/stream.h"

/*
 * The energy of a recording, told twice: by what its counters gained from the
 * first row to the last, whatever lies between, and by its watts times its
 * time.  The watts are those of the rows, and, where the recording has them as
 * well as the counter, those that it came with, whose unit nobody has checked.
 */
enum { JOULES_ZONES = 16 };

struct joules {
    size_t n; /* counters of the label; 0: nothing to compare with */
    struct joules_zone {
        size_t channel;
        int gauge; /* the channel power:ZONE, -1: none */
        uint64_t wrap, prev;
    } zone[JOULES_ZONES];
    bool begun;
    int64_t prev_ns;
    double counted_j, counted_s;   /* of the steps that are known */
    double labelled_j, labelled_s; /* of the rows with watts */
    double gauged_j, gauged_s;     /* of the watts that it came with */
};

/* Which channels of a segment of samples that is; derive makes its label. */
void joules_begin(struct joules *j, const struct channels *cs,
                  const struct derive *derive);

/* Is this channel needed? */
bool joules_wants(const struct joules *j, size_t channel);

/* A block as it was recorded, and its rows as they were derived. */
void joules_take(struct joules *j, const struct block *b,
                 const struct derived *rows);

/* By how much the two differ, in per cent of what the counters gained; NaN:
 * there is only one of them. */
double joules_off_pct(const struct joules *j);

#endif
