#include <math.h>

#include "common/estimator/next_runs.h"

static void put_notes(struct grid *g, const struct next *next)
{
    grid_note(g,
              "%zu of %zu runs that can be picked; %zu are recorded, %zu held "
              "out, %zu given up or left out.",
              next->n, next->n_left, next->n_recorded, next->n_held_out,
              next->n_passed);
    if (next->n_known == 0)
        grid_note(g, "No recording of this sweep: runs are picked that are "
                     "unlike one another, whatever the model says.");
    else
        grid_note(g,
                  "By %zu recordings; from the others, each one's features are "
                  "known to %.0f %% of their variance.",
                  next->n_known, 100 * fmax(next->explained, 0));
    if (next->n_unknown > 0)
        grid_note(g,
                  "%zu recordings have no labels of a sweep, and do not count.",
                  next->n_unknown);
    grid_note(g, "why: far from what is recorded or picked (thin), or where "
                 "the model is in doubt (uncertain), by its rank.");
    grid_note(g, "distance: to the nearest of those; two runs drawn at random "
                 "are about 1 apart.  doubt_w: the error to expect.");
}

struct grid *next_table(const struct next *next)
{
    struct grid *g = grid_new("rank,run,workload,why,distance,doubt_w,support");

    for (size_t i = 0; i < next->n; i++) {
        const struct next_run *at = &next->at[i];

        grid_number(g, (double)i + 1, 0);
        grid_string(g, at->run->name);
        grid_string(g, at->run->workload);
        grid_string(g, at->why == NEXT_UNCERTAIN ? "uncertain" : "thin");
        grid_number(g, at->distance, 3);
        grid_number(g, at->doubt_w, 2);
        grid_number(g, at->support, 2);
    }
    put_notes(g, next);
    return g;
}
