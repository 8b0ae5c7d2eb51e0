#ifndef SWEEP_NEXT_SPACE_H
#define SWEEP_NEXT_SPACE_H

#include "common/sweep/sweep_plan.h"

/*
 * The space that the runs of a sweep lie in: an axis a stressor with its
 * options, from 0 without workers to 1 with the most, the levels of the sweep
 * evenly between, as whoever wrote it spaced them; and one a pattern, a kind of
 * idleness, a program, which is 1 for such runs.
 */
enum { NEXT_MAX_AXES = 256 };

enum axis_kind { AXIS_STRESSOR, AXIS_PATTERN, AXIS_IDLE, AXIS_PROGRAM };

struct next_axis {
    enum axis_kind kind;
    char *name, *options; /* options: words between blanks, "" for none */
    unsigned *level;      /* ascending, from 0 */
    size_t n_levels, cap;
};

struct next_space {
    const struct sweep_spec *spec;
    struct next_axis *axis;
    size_t n, cap;
};

/* Start with {0}.  Returns 0, or -1 with e filled (ERR_DATA): too many axes; to
 * be released in either case.  The sweep must stay. */
int next_space_make(struct next_space *s, const struct sweep_spec *spec,
                    struct err *e);
void next_space_release(struct next_space *s);

/* Where a run of the plan lies: at (n). */
void next_space_of_run(const struct next_space *s, const struct sweep_run *r,
                       float *at);

/* Where a recording lies, by the labels that a sweep gives it.  Returns
 * whether it is known. */
bool next_space_of_labels(const struct next_space *s, const struct labels *meta,
                          float *at);

/*
 * Which runs of the plan are recorded: by the name of the run, where the
 * recording is of a sweep of that name or says no sweep, else one that lies at
 * the same place.
 *
 * meta, at  (R), (R, n)  the recordings and where they lie, filled in here
 * known     (R)          out: whether that is known
 * recorded  (p->n)       out
 */
void next_space_match(const struct next_space *s, const struct sweep_plan *p,
                      const struct labels *const *meta, size_t R, float *at,
                      bool *known, bool *recorded);

#endif
