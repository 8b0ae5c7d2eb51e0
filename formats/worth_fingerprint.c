#include <math.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/bins.h"
#include "common/math/fingerprint.h"
#include "formats/plain.h"
#include "formats/worth.h"

enum {
    LOAD_BINS = 8,
    MOST_GROUPS = 32, /* that are told apart where work is the same */
};

/* The ways of holding out that a feature's removal is scored in. */
enum hold { HOLD_RUN, HOLD_GROUP, HOLD_SESSION, HOLDS };

struct check {
    const struct rowset *set;
    const struct labelled *rows;
    const struct worth_options *o;
    struct plain plain;
    uint32_t *session; // (n_files)
    size_t n_sessions;
    uint16_t *work; // (T)
    size_t n_works;
    struct additive *model[HOLDS]; /* NULL: nothing to hold out so */
    uint32_t *fold[HOLDS];         // (T)
    struct additive_score all[HOLDS];
    struct fingerprints found;
};

/* The feature that says how busy the machine is; -1: none. */
static int find_load(const struct strings *names)
{
    static const char *const loads[] = {"busy_cpus", "busy_pct",  "busy_share",
                                        "idle_pct",  "idle_cpus", "user_pct",
                                        "user_cpus"};

    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        int at = strings_find(names, loads[i]);

        if (at >= 0)
            return at;
    }
    return -1;
}

/* Rows of the same group at the same load do the same work. */
static void find_work(struct check *c)
{
    const struct labelled *l = c->rows;
    float *load = xcalloc(l->T, sizeof *load);
    uint8_t *code = xcalloc(l->T, sizeof *code);
    int at = find_load(&c->set->names);
    uint16_t n_loads;

    for (size_t i = 0; at >= 0 && i < l->T; i++)
        load[i] = l->x[i * l->D + (size_t)at];
    bins_code(load, l->T, 1, LOAD_BINS, code, &n_loads);
    c->work = xcalloc(l->T, sizeof *c->work);
    for (size_t i = 0; i < l->T; i++)
        c->work[i] =
            (uint16_t)(labelled_group(l, i) % MOST_GROUPS * n_loads + code[i]);
    c->n_works = (size_t)MOST_GROUPS * n_loads;
    free(load);
    free(code);
}

static void add_model(struct check *c, enum hold hold, const uint32_t *of_file,
                      uint32_t folds)
{
    c->fold[hold] = xcalloc(c->rows->T, sizeof *c->fold[hold]);
    c->model[hold] = plain_model(&c->plain, of_file, folds, c->fold[hold]);
}

static void check_init(struct check *c, struct pool *pool)
{
    const struct labelled *l = c->rows;

    plain_init(&c->plain, l, pool);
    c->session = xcalloc(l->n_files, sizeof *c->session);
    c->n_sessions = rowset_number(c->set, c->o->session, c->session);
    find_work(c);
    if (l->n_files > 1)
        add_model(c, HOLD_RUN, NULL, PLAIN_RUN_FOLDS);
    if (l->n_groups > 1)
        add_model(c, HOLD_GROUP, l->group, PLAIN_MAX_FOLDS);
    if (c->o->session && c->n_sessions > 1)
        add_model(c, HOLD_SESSION, c->session, PLAIN_MAX_FOLDS);
    c->found.feature = xcalloc(l->D, sizeof *c->found.feature);
}

static void check_release(struct check *c)
{
    plain_release(&c->plain);
    for (int k = 0; k < HOLDS; k++) {
        additive_free(c->model[k]);
        free(c->fold[k]);
    }
    free(c->session);
    free(c->work);
    free(c->found.feature);
}

/* ---- rows of the table ---- */

/* A row: what the features in question tell, and the scores with those in
 * use. */
static int put_row(struct grid *g, struct check *c, const char *name,
                   const struct fingerprint *f, const bool *use, struct err *e)
{
    grid_string(g, name);
    grid_number(g, f ? 100 * f->accuracy : NAN, 1);
    grid_number(g, f ? f->bits : NAN, 2);
    grid_number(g, f ? f->bits_same_work : NAN, 2);
    for (int k = 0; k < HOLDS; k++) {
        struct additive_score s = {NAN, NAN};

        if (c->model[k] && additive_held_out(c->model[k], use, &s, e) < 0)
            return -1;
        if (!use)
            c->all[k] = s;
        if (k == HOLD_SESSION && !c->o->session)
            continue;
        grid_number(g, s.r2, 3);
        grid_number(g, use ? c->all[k].r2 - s.r2 : NAN, 3);
    }
    return 0;
}

static int put_features(struct grid *g, struct check *c, struct err *e)
{
    size_t D = c->rows->D;
    bool *use = xcalloc(D, sizeof *use);
    int rc = put_row(g, c, "(all)", &c->found.joint, NULL, e);

    for (size_t d = 0; d < D && rc == 0; d++) {
        for (size_t i = 0; i < D; i++)
            use[i] = i != d;
        rc = put_row(g, c, c->set->names.at[d], &c->found.feature[d], use, e);
    }
    free(use);
    return rc;
}

/* The features of --without, all at once. */
static int put_without(struct grid *g, struct check *c, struct err *e)
{
    size_t D = c->rows->D;
    bool *use = xcalloc(D, sizeof *use);
    char *names = strings_join(c->o->without, "+");
    int rc = 0;

    for (size_t d = 0; d < D; d++)
        use[d] = strings_find(c->o->without, c->set->names.at[d]) < 0;
    for (size_t i = 0; i < c->o->without->n && rc == 0; i++)
        if (strings_find(&c->set->names, c->o->without->at[i]) < 0)
            rc = err_set(e, ERR_USAGE,
                         "--without: %s is none of the features here",
                         c->o->without->at[i]);
    if (rc == 0)
        rc = put_row(g, c, names, NULL, use, e);
    free(names);
    free(use);
    return rc;
}

static void put_notes(struct grid *g, const struct check *c)
{
    const struct fingerprints *f = &c->found;
    const char *session = c->o->session;

    grid_note(
        g, "%zu rows in %zu recordings, %zu groups by %s; %zu sessions (%s).",
        c->set->T, c->set->n_files, c->set->groups.n, c->set->group_key,
        c->n_sessions, session ? session : "each recording is one");
    grid_note(g,
              "accuracy: of guessing the session by that feature alone, on %zu "
              "rows held out; by chance %.1f %%.",
              f->n_held_out, 100 * f->chance);
    grid_note(g,
              "bits: that it tells of the session, of %.2f; same_work: of "
              "those, what it tells where group and load are",
              f->entropy);
    grid_note(g,
              "the same.  r2: of a plain model on rows held out (ten parts "
              "of the recordings%s, each group%s), without the",
              "", session ? ", each session" : "");
    grid_note(g, "feature; lost: what its removal costs.  A feature that helps "
                 "on held-out recordings, tells sessions of the");
    grid_note(g,
              "same work apart and does not help on held-out %s names the "
              "session, not the power.",
              session ? "sessions" : "groups");
}

int worth_fingerprint(const struct rowset *set, const struct labelled *rows,
                      const struct worth_options *o, struct pool *pool,
                      struct grid **g, struct err *e)
{
    struct check c = {.set = set, .rows = rows, .o = o};
    int rc = -1;

    check_init(&c, pool);
    if (c.n_sessions < 2) {
        err_set(e, ERR_DATA,
                "one session only: there is nothing to tell apart");
        goto out;
    }
    fingerprint_check(rows,
                      &(struct fingerprint_options){.session = c.session,
                                                    .n_sessions = c.n_sessions,
                                                    .code = c.plain.code,
                                                    .n_codes = c.plain.n_codes,
                                                    .work = c.work,
                                                    .n_works = c.n_works,
                                                    .block_ns = o->apart_ns},
                      pool, &c.found);
    *g =
        grid_new(o->session ? "feature,accuracy_pct,bits,same_work_bits,r2_run,"
                              "lost_run,r2_group,lost_group,r2_session,"
                              "lost_session"
                            : "feature,accuracy_pct,bits,same_work_bits,r2_run,"
                              "lost_run,r2_group,lost_group");
    rc = put_features(*g, &c, e);
    if (rc == 0 && o->without->n > 0)
        rc = put_without(*g, &c, e);
    put_notes(*g, &c);
out:
    check_release(&c);
    return rc;
}
