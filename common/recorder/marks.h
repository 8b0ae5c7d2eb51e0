#ifndef RECORDER_MARKS_H
#define RECORDER_MARKS_H

#include "common/probe/probe.h"
#include "common/probe/ticker.h"
#include "common/probe/watch.h"
#include "common/recorder/notes.h"
#include "formats/stream.h"

/*
 * Why a row may not follow from the one before it: ticks that were missed, a
 * machine that was suspended, a wall clock that was stepped, a counter that was
 * reset.  And notes of when much CPU time is stolen, and when no longer, and of
 * what others have to say.
 */
struct marks {
    const struct probe *probe; /* borrowed */
    struct ticker *ticker;     /* borrowed */
    struct watch *watch;       /* borrowed; NULL: nobody looks out */
    struct notes *notes;       /* borrowed; NULL: nobody says anything */
    bool moved; /* out: what comes is of another machine, for its header */
};

/* The row that comes: its time, on both clocks, and what is around it. */
struct moment {
    int64_t t_ns, mono_ns;
    int64_t missed;               /* ticks, since the row before */
    const uint64_t *before, *now; /* a cell a channel */
};

/* Write the marks that stand between the two rows.  Returns 0, or -1 with e
 * filled. */
int marks_put(struct marks *m, struct stream_writer *w, const struct moment *at,
              struct err *e);

/* What others said behind the last row, at t_ns.  0 or -1. */
int marks_end(struct marks *m, struct stream_writer *w, int64_t t_ns,
              struct err *e);

#endif
