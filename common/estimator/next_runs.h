#ifndef ESTIMATOR_NEXT_RUNS_H
#define ESTIMATOR_NEXT_RUNS_H

#include "common/estimator/estimator.h"
#include "common/sweep/next_space.h"
#include "common/sweep/sweep_file.h"
#include "formats/grid.h"

/*
 * Which runs of a sweep a model would learn most from.
 *
 * Every run of the plan has a place (next_space.h).  What features a run will
 * show that is not recorded yet is interpolated from those that are
 * (design_interpolate), the model is asked how sure it is of such a machine,
 * and runs are picked one after another that lie far from all that is recorded
 * or picked, and where the model is in doubt (design_choose).
 */
enum next_why { NEXT_THIN, NEXT_UNCERTAIN };

struct next_run {
    const struct sweep_run *run; /* borrowed from the sweep */
    enum next_why why;           /* which of the two it has more of */
    double distance;             /* as design_choose() has it; NaN: none */
    double doubt_w; /* half the interval, and how wrong the model is on what is
                       recorded nearby; NaN: nothing is recorded */
    double support; /* of the model there, 0..1 */
};

struct next {
    struct next_run *at; /* best first */
    size_t n;
    size_t n_left;     /* runs that could be picked */
    size_t n_recorded; /* runs of the plan that are recorded */
    size_t n_held_out; /* that no model is to see */
    size_t n_passed;   /* that were given up or left out */
    size_t n_known;    /* recordings that are of some run of such a sweep */
    size_t n_unknown;  /* and those that are of none */
    double explained;  /* share of the variance of the features that runs left
                          out in turn explain; NaN: of too few */
};

struct next_options {
    size_t n;                    /* runs to pick */
    const struct strings *files; /* recordings: samples or windows */
    const bool *passed;          /* (by number of the run, less one) or NULL */
    bool allow_truncated;
};

/* Returns 0, or -1 with e filled; to be released in either case. */
int next_runs(struct next *out, struct estimator *m, const struct sweep_file *f,
              const struct next_options *o, struct err *e);
void next_release(struct next *out);

/* A row a run that was picked, which the caller frees. */
struct grid *next_table(const struct next *next);

#endif
