#include <math.h>

#include "common/base/clock.h"
#include "common/math/ceiling.h"
#include "formats/plain.h"
#include "formats/worth.h"

enum { DRAWS = 1000 }; /* of the bootstrap */

static const struct {
    enum ceiling_figure figure;
    const char *name, *what;
} FIGURES[] = {
    {CEILING_VARIANCE, "variance", "of the measured watts"},
    {CEILING_GAMMA + SCOPE_FILE, "same_file",
     "error of the best model that knows the recording"},
    {CEILING_GAMMA + SCOPE_GROUP, "same_group",
     "... that knows the work, not the recording"},
    {CEILING_GAMMA + SCOPE_OTHER, "other_group", "... that knows neither"},
    {CEILING_NOISE, "noise", "same_file: no model of these features is better"},
    {CEILING_HIDDEN, "hidden", "same_group less same_file: session, placement"},
    {CEILING_GAP, "gap", "other_group less same_group: unseen work"},
};

/* An error of that many W^2, beside the variance. */
static void put_error(struct grid *g, const struct estimate *w2,
                      double variance, bool is_error)
{
    grid_number(g, w2->value, 2);
    grid_number(g, w2->low, 2);
    grid_number(g, w2->high, 2);
    grid_number(g, 100 * w2->value / variance, 1);
    grid_number(g, is_error ? 1 - w2->value / variance : NAN, 3);
    grid_number(g, is_error ? sqrt(w2->value) : NAN, 2);
}

static void put_ceiling(struct grid *g, const struct ceiling *c)
{
    double variance = c->w2[CEILING_VARIANCE].value;

    for (size_t i = 0; i < sizeof FIGURES / sizeof *FIGURES; i++) {
        int scope = (int)FIGURES[i].figure - CEILING_GAMMA;
        bool is_scope = scope >= 0 && scope < SCOPES;

        grid_string(g, FIGURES[i].name);
        put_error(g, &c->w2[FIGURES[i].figure], variance, is_scope);
        grid_number(g, is_scope ? c->apart[scope] : NAN, 3);
        grid_string(g, FIGURES[i].what);
    }
}

/* What a plain model makes of each group that it has not seen. */
static int put_plain(struct grid *g, const struct labelled *rows,
                     struct pool *pool, struct err *e)
{
    struct plain p;
    struct additive_score score;
    int rc;

    plain_init(&p, rows, pool);
    rc = plain_score(&p, rows->group, PLAIN_MAX_FOLDS, NULL, &score, e);
    plain_release(&p);
    if (rc < 0)
        return -1;
    grid_string(g, "plain_model");
    /* beside the variance of all rows: here none lacks a neighbour */
    put_error(g, &(struct estimate){score.mse, NAN, NAN},
              score.mse / (1 - score.r2), true);
    grid_number(g, NAN, 0);
    grid_string(g, "what a plain model reaches, each group left out in turn");
    return 0;
}

static void put_notes(struct grid *g, const struct rowset *set,
                      const struct worth_options *o, const struct ceiling *c)
{
    char apart[32];

    duration_format(o->apart_ns, apart, sizeof apart);
    grid_note(g, "%zu rows in %zu recordings, %zu groups by %s; %zu features.",
              set->T, set->n_files, set->groups.n, set->group_key, set->D);
    grid_note(g,
              "Each error is half the mean squared difference of watts between "
              "a row and the one most like it: in the same");
    grid_note(g,
              "recording, over %s away; in another recording of its group; in "
              "another group.  %zu rows were asked for, %zu",
              apart, c->asked, c->used);
    grid_note(g, "have all of these.  distance: to that row, in standard "
                 "deviations a feature; the larger, the more the error");
    grid_note(g,
              "overstates.  low, high: 5 %% and 95 %% of %d draws of "
              "recordings.  r2: 1 less the share of the variance.",
              DRAWS);
    if (c->w2[CEILING_HIDDEN].value < 0)
        grid_note(g, "hidden is below 0: rows that are alike are rarer within "
                     "a recording; noise is at most same_group.");
    if (c->n[SCOPE_FILE] == 0)
        grid_note(g, "No recording is longer than %s: noise is unknown.",
                  apart);
    if (c->n[SCOPE_GROUP] == 0)
        grid_note(g, "No group has two recordings: hidden state is unknown.");
    if (c->n[SCOPE_OTHER] == 0)
        grid_note(g, "There is one group: what unseen work costs is unknown.");
}

int worth_ceiling(const struct rowset *set, const struct labelled *rows,
                  const struct worth_options *o, struct pool *pool,
                  struct grid **g, struct err *e)
{
    const struct ceiling_options how = {.apart_ns = o->apart_ns,
                                        .max_rows = o->max_rows,
                                        .draws = DRAWS,
                                        .seed = o->seed};
    struct ceiling c;
    double variance;

    ceiling_estimate(rows, &how, pool, &c);
    variance = c.w2[CEILING_VARIANCE].value;
    if (c.used == 0 || !(variance > 0))
        return err_set(e, ERR_DATA,
                       c.used ? "the measured watts do not vary"
                              : "no row has another to be compared with: "
                                "record longer, or more");
    *g = grid_new("figure,w2,low_w2,high_w2,share_pct,r2,rmse_w,distance,what");
    put_ceiling(*g, &c);
    if (rows->n_groups > 1 && put_plain(*g, rows, pool, e) < 0)
        return -1;
    put_notes(*g, set, o, &c);
    return 0;
}
