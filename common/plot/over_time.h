#ifndef PLOT_OVER_TIME_H
#define PLOT_OVER_TIME_H

#include "common/plot/canvas.h"
#include "common/plot/timebins.h"
#include "formats/stream.h"

/*
 * A recording over time: of samples and windows the shares of CPU time, the
 * context switches and the watts; of predictions the watts with their interval
 * and the support; and the notes of whoever recorded.  Recordings of several
 * runs stand one behind the other, whenever they were made.
 *
 *     struct over_time t;
 *     over_time_init(&t, allow_truncated);
 *     over_time_add(&t, path, &e);        for each input
 *     over_time_draw(&t, canvas);
 *     over_time_release(&t);
 */
enum {
    OVER_USER,
    OVER_SYSTEM,
    OVER_IOWAIT,
    OVER_BUSY,
    OVER_CTXT,
    OVER_MEASURED,
    OVER_PREDICTED,
    OVER_LOWER,
    OVER_UPPER,
    OVER_SUPPORT,
    OVER_SERIES,
};

enum { OVER_NOTES = 36, OVER_BORDERS = 12 }; /* of runs, that are drawn */

struct over_time {
    struct timebins bins;
    uint64_t rows, segments, gaps, notes; /* of notes the first are kept */
    struct over_note {
        int64_t t_ns;
        char *text; /* NULL: a run begins */
    } note[OVER_NOTES];
    struct labels meta; /* of the first segment with rows */
    bool mixed;         /* and others are of another workload */
    bool predicted;     /* something is a prediction */
    bool allow_truncated;

    int64_t base_ns, first_ns, last_ns, end_ns; /* of the segment; private */
    bool broken, fresh, other; /* no row yet; of another workload */
    struct derive *derive;
    int at[OVER_SERIES];
};

void over_time_init(struct over_time *t, bool allow_truncated);
void over_time_release(struct over_time *t);
int over_time_add(struct over_time *t, const char *path, struct err *e);

/* -1 with e filled (ERR_DATA): there is nothing to draw. */
int over_time_draw(const struct over_time *t, struct canvas *c, struct err *e);

#endif
