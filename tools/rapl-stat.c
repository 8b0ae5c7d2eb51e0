/*
 * rapl-stat: what a recording is worth.
 *
 * Reads   sample streams, window streams
 * Writes  a table: text, TSV, JSON, Markdown
 *
 *     rapl-stat --ceiling runs/*.rapl
 *
 * Exit: 0 done; 1 a requirement is not met; 2 usage; 3 bad data; 4 system.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pool.h"
#include "common/base/xalloc.h"
#include "common/math/additive.h"
#include "common/math/bins.h"
#include "common/math/blas.h"
#include "common/math/ceiling.h"
#include "common/math/fingerprint.h"
#include "formats/config.h"
#include "formats/grid.h"
#include "formats/output.h"
#include "formats/rowset.h"

static const char FORMATS[] = "text|tsv|json|md";

enum {
    BINS = 16,       /* of a feature */
    LOAD_BINS = 8,   /* of the load, where features are compared at its level */
    RUN_FOLDS = 10,  /* that whole runs are held out in */
    MAX_FOLDS = 64,  /* groups beyond are held out together */
    DRAWS = 1000,    /* of the bootstrap */
};

struct options {
    struct cli_common common;
    bool ceiling, fingerprint, allow_truncated;
    const char *features, *target, *group, *session;
    int64_t rows, apart_ns;
    int format;
};

/* ---- scores of a plain model on rows that it was not trained on ---- */

/* Bins of all features, and who is held out with whom. */
struct held_out {
    const struct labelled *rows;
    struct pool *pool;
    uint8_t *code;     // (T, D)
    uint16_t *n_codes; // (D)
    uint32_t *fold;    // (T)
};

static void held_out_init(struct held_out *h, const struct labelled *rows,
                          struct pool *pool)
{
    h->rows = rows;
    h->pool = pool;
    h->code = xreallocarray(NULL, rows->T, rows->D);
    h->n_codes = xcalloc(rows->D, sizeof *h->n_codes);
    h->fold = xcalloc(rows->T, sizeof *h->fold);
    bins_code(rows->x, rows->T, rows->D, BINS, h->code, h->n_codes);
}

static void held_out_release(struct held_out *h)
{
    free(h->code);
    free(h->n_codes);
    free(h->fold);
}

/* A model for folds by the number that each file has, at most `most` folds. */
static struct additive *fold_by(struct held_out *h, const uint32_t *of_file,
                                uint32_t most)
{
    const struct labelled *l = h->rows;

    for (size_t i = 0; i < l->T; i++)
        h->fold[i] = (of_file ? of_file[l->file[i]] : l->file[i]) % most;
    return additive_new(h->code, h->n_codes, l->y, h->fold, l->T, l->D, most,
                        h->pool);
}

/* ---- the ceiling ---- */

struct figure_row {
    enum ceiling_figure figure;
    const char *name, *what;
};

static const struct figure_row figure_rows[] = {
    {CEILING_VARIANCE, "variance", "of the measured watts"},
    {CEILING_GAMMA + SCOPE_FILE, "same_file",
     "error left by the most similar row of the same file, some time away"},
    {CEILING_GAMMA + SCOPE_GROUP, "same_group", "... of another file of the group"},
    {CEILING_GAMMA + SCOPE_OTHER, "other_group", "... of another group"},
    {CEILING_NOISE, "noise", "same_file: beyond any model of these features"},
    {CEILING_HIDDEN, "hidden",
     "same_group - same_file: session, placement; what calibration can remove"},
    {CEILING_GAP, "gap", "other_group - same_group: what unseen work costs"},
};

static void put_ceiling(struct grid *g, const struct ceiling *c)
{
    double variance = c->w2[CEILING_VARIANCE].value;

    for (size_t i = 0; i < sizeof figure_rows / sizeof *figure_rows; i++) {
        const struct figure_row *r = &figure_rows[i];
        const struct estimate *w2 = &c->w2[r->figure];
        int scope = (int)r->figure - CEILING_GAMMA;
        bool is_scope = scope >= 0 && scope < SCOPES;

        grid_string(g, r->name);
        grid_number(g, w2->value, 2);
        grid_number(g, w2->low, 2);
        grid_number(g, w2->high, 2);
        grid_number(g, 100 * w2->value / variance, 1);
        grid_number(g, is_scope ? 1 - w2->value / variance : NAN, 3);
        grid_number(g, is_scope ? sqrt(w2->value) : NAN, 2);
        grid_number(g, is_scope ? c->apart[scope] : NAN, 3);
        grid_string(g, r->what);
    }
}

static void put_left_out(struct grid *g, double mse, double r2, double variance)
{
    grid_string(g, "additive");
    grid_number(g, mse, 2);
    grid_number(g, NAN, 2);
    grid_number(g, NAN, 2);
    grid_number(g, 100 * mse / variance, 1);
    grid_number(g, r2, 3);
    grid_number(g, sqrt(mse), 2);
    grid_number(g, NAN, 3);
    grid_string(g, "error of a plain model, each group left out in turn");
}

static void note_ceiling(struct grid *g, const struct options *o,
                         const struct rowset *set, const struct ceiling *c)
{
    char apart[32];

    duration_format(o->apart_ns, apart, sizeof apart);
    grid_note(g, "%zu rows of %zu files in %zu groups (label %s), %zu features; "
                 "asked for %zu rows, %zu used.",
              set->T, set->n_files, set->groups.n, o->group, set->D, c->asked,
              c->used);
    grid_note(g, "Same file: rows over %s apart.  low, high: 90 %% of %d draws "
                 "of files.", apart, DRAWS);
    if (c->n[SCOPE_GROUP] == 0)
        grid_note(g, "No group has a second file: hidden state cannot be told "
                     "from the gap.");
    if (c->n[SCOPE_OTHER] == 0)
        grid_note(g, "There is one group only: nothing is unseen work.");
}

static int run_ceiling(const struct options *o, const struct rowset *set,
                       const struct labelled *rows, struct pool *pool,
                       struct grid **grid, struct err *e)
{
    const struct ceiling_options how = {.apart_ns = o->apart_ns,
                                        .max_rows = (size_t)o->rows,
                                        .draws = DRAWS,
                                        .seed = (uint64_t)o->common.seed};
    struct ceiling c;
    int rc = 0;

    *grid = grid_new("figure,w2,low_w2,high_w2,share_pct,r2,rmse_w,distance,what");
    ceiling_estimate(rows, &how, pool, &c);
    if (c.used == 0)
        return err_set(e, ERR_DATA, "no row has a neighbour to compare with");
    put_ceiling(*grid, &c);
    if (rows->n_groups > 1) {
        struct held_out h;
        struct additive_score score;
        struct additive *a;

        held_out_init(&h, rows, pool);
        a = fold_by(&h, rows->group, MAX_FOLDS);
        rc = additive_held_out(a, NULL, &score, e);
        if (rc == 0)
            put_left_out(*grid, score.mse, score.r2,
                         c.w2[CEILING_VARIANCE].value);
        additive_free(a);
        held_out_release(&h);
    }
    note_ceiling(*grid, o, set, &c);
    return rc;
}

/* ---- the fingerprint check ---- */

/* The feature that says how busy the machine is; -1: none. */
static int find_load(const struct rowset *set)
{
    static const char *const loads[] = {"busy_cpus", "busy_pct", "busy_share",
                                        "idle_pct",  "user_pct", "user_cpus"};

    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        int at = strings_find(&set->names, loads[i]);

        if (at >= 0)
            return at;
    }
    return -1;
}

/* What the model scores in each way of holding out, without feature d. */
static int score_without(struct additive *const *model, size_t d, size_t D,
                         struct additive_score *score, struct err *e)
{
    bool *use = xcalloc(D, sizeof *use);
    int rc = 0;

    for (size_t i = 0; i < D; i++)
        use[i] = i != d;
    for (int k = 0; k < 3 && rc == 0; k++) {
        score[k].r2 = NAN;
        if (model[k])
            rc = additive_held_out(model[k], use, &score[k], e);
    }
    free(use);
    return rc;
}

static void put_fingerprint(struct grid *g, const char *name,
                            const struct fingerprint *f,
                            const struct additive_score *score)
{
    grid_string(g, name);
    grid_number(g, 100 * f->accuracy, 1);
    grid_number(g, f->bits, 2);
    grid_number(g, f->bits_at_load, 2);
    for (int k = 0; k < 3; k++)
        grid_number(g, score[k].r2, 3);
}

static int run_fingerprint(const struct options *o, const struct rowset *set,
                           const struct labelled *rows, struct pool *pool,
                           struct grid **grid, struct err *e)
{
    const char *session = o->session;
    struct held_out h;
    uint32_t *id = xcalloc(rows->n_files, sizeof *id);
    uint8_t *load = NULL;
    uint16_t n_loads;
    int at = find_load(set), rc = 0;
    struct additive *model[3] = {0};
    struct additive_score score[3];
    struct fingerprints f = {0};
    struct fingerprint_options how;

    held_out_init(&h, rows, pool);
    how = (struct fingerprint_options){.session = id,
                                       .n_sessions = rowset_number(set, session, id),
                                       .code = h.code,
                                       .n_codes = h.n_codes,
                                       .block_ns = o->apart_ns};
    if (at >= 0) {
        float *x = xreallocarray(NULL, rows->T, sizeof *x);
        load = xcalloc(rows->T, 1);
        for (size_t i = 0; i < rows->T; i++)
            x[i] = rows->x[i * rows->D + (size_t)at];
        bins_code(x, rows->T, 1, LOAD_BINS, load, &n_loads);
        how.load = load;
        how.n_loads = n_loads;
        free(x);
    }
    f.feature = xcalloc(rows->D, sizeof *f.feature);
    fingerprint_check(rows, &how, pool, &f);
    model[0] = fold_by(&h, NULL, RUN_FOLDS);
    model[1] = fold_by(&h, rows->group, MAX_FOLDS);
    model[2] = fold_by(&h, id, MAX_FOLDS);
    *grid = grid_new("feature,accuracy_pct,bits,bits_at_load,r2_run,r2_group,r2_session");
    for (size_t d = rows->D; rc == 0 && d != SIZE_MAX; d = d == rows->D ? 0 : d + 1 == rows->D ? SIZE_MAX : d + 1) {
        rc = score_without(model, d, rows->D, score, e);
        if (rc == 0)
        put_fingerprint(*grid, d == rows->D ? "all" : set->names.at[d], d == rows->D ? &f.joint : &f.feature[d], score);
    }
    grid_note(*grid, "chance %.1f entropy %.2f; %zu sessions; trained %zu held %zu", 100*f.chance, f.entropy, how.n_sessions, f.n_trained, f.n_held_out);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT, .group = "workload", .session = "run", .rows = 300000, .apart_ns = 60 * NS_PER_S};
    struct opt opts[] = {
        {OPT_FLAG, 0, "ceiling", &o.ceiling, 0, "how well any model could do", 0, 0, 0, 0},
        {OPT_FLAG, 0, "fingerprint", &o.fingerprint, 0, "which features tell sessions apart", 0, 0, 0, 0},
        {OPT_STRING, 0, "features", &o.features, "LIST", "of sample streams (default: guest)", 0, 0, 0, 0},
        {OPT_STRING, 0, "session", &o.session, "LIST", "of sample streams (default: guest)", 0, 0, 0, 0},
        {OPT_STRING, 0, "group", &o.group, "LIST", "of sample streams (default: guest)", 0, 0, 0, 0},
        {OPT_INT, 0, "rows", &o.rows, "N", "rows", 1, 1e9, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT", "text, tsv, json, md", 0, 0, FORMATS, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "rapl-stat", .usage = "[OPTIONS] [FILE...]", .about = "x", .examples = "x\n", .opts = opts};
    struct err e;
    blas_start(argv);
    int first = cli_parse(&cli, argc, argv, &o.common);
    struct rowset set = {.features = o.features, .group_key = o.group};
    for (int i = first; i < argc; i++)
        if (rowset_add(&set, argv[i], &e) < 0) die(&e);
    struct labelled rows;
    if (rowset_view(&set, &rows, &e) < 0) die(&e);
    struct pool *pool = pool_new(cli_threads(&o.common));
    struct grid *g = NULL;
    if ((o.ceiling ? run_ceiling : run_fingerprint)(&o, &set, &rows, pool, &g, &e) < 0 || grid_write(g, o.common.output, (enum grid_format)o.format, &e) < 0) die(&e);
    return cli_finish(0, (int64_t)set.T, -1);
}
