/*
 * rapl-stat: what recordings are worth.
 *
 * Reads   sample streams, window streams, folders of them
 * Writes  a table: text, TSV, JSON, Markdown
 *
 *     rapl-stat --ceiling all.rapl
 *
 * Exit: 0 done; 1 a requirement is not met; 2 usage; 3 bad data; 4 system.
 */
#include <stdlib.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/math/blas.h"
#include "common/math/feature.h"
#include "formats/config.h"
#include "formats/output.h"
#include "formats/recordings.h"
#include "formats/worth.h"

static const char FORMATS[] = "text|tsv|json|md";

#define ABOUT \
    "Say what recordings are worth: sample or window streams in, a table out."

#define EXAMPLES                                             \
    "  rapl-stat runs.rapl\n"                                \
    "  rapl-stat -q --require 'missing_pct<0.1' runs.rapl\n" \
    "  rapl-stat --ceiling --format tsv runs.rapl"

#define OPTIONS_INIT                                                      \
    {                                                                     \
        .common = CLI_COMMON_INIT, .target = "auto", .group = "workload", \
        .rows = 300000, .most_w = 1000, .apart_ns = 60 * NS_PER_S         \
    }

/* The questions; without any of them, all recordings are judged. */
enum question { EACH, GROUPS, COLUMNS, LAGS, CEILING, FINGERPRINT, QUESTIONS };

struct options {
    struct cli_common common;
    bool asked[QUESTIONS], allow_truncated;
    const char *features, *target, *group, *session;
    struct strings without_lists, without, require;
    int64_t rows, lags, apart_ns;
    double most_w;
    int format;
};

static int (*const ANSWERS[QUESTIONS])(const struct rowset *,
                                       const struct labelled *,
                                       const struct worth_options *,
                                       struct pool *, struct grid **,
                                       struct err *) = {
    [EACH] = worth_each,       [GROUPS] = worth_groups,
    [COLUMNS] = worth_columns, [LAGS] = worth_lags,
    [CEILING] = worth_ceiling, [FINGERPRINT] = worth_fingerprint,
};

/* The question that was asked; QUESTIONS: none. */
static enum question question_of(const struct options *o)
{
    int q = 0;

    while (q < QUESTIONS && !o->asked[q])
        q++;
    return (enum question)q;
}

/* judge: what is no recording is one of the checks, where others are. */
static int read_inputs(struct rowset *set, const struct strings *files,
                       bool judge, struct err *e)
{
    if (files->n == 0)
        return rowset_add(set, NULL, e);
    for (size_t i = 0; i < files->n; i++) {
        if (rowset_add(set, files->at[i], e) == 0)
            continue;
        if (!judge || e->code != ERR_DATA || files->n == 1)
            return -1;
        log_error("%s", e->msg);
        set->n_refused++;
    }
    return 0;
}

static int answer(const struct options *o, const struct rowset *set,
                  const struct labelled *rows, struct grid **g,
                  struct strings *failed, struct err *e)
{
    const struct worth_options how = {.session = o->session,
                                      .without = &o->without,
                                      .max_rows = (size_t)o->rows,
                                      .apart_ns = o->apart_ns,
                                      .seed = (uint64_t)o->common.seed,
                                      .most_w = o->most_w,
                                      .n_lags = (size_t)o->lags + 1,
                                      .require = &o->require};
    enum question q = question_of(o);
    struct pool *pool = pool_new(cli_threads(&o->common));
    int rc = q == QUESTIONS ? worth_judge(set, rows, &how, pool, g, failed, e)
                            : ANSWERS[q](set, rows, &how, pool, g, e);

    pool_free(pool);
    return rc;
}

/* Returns 0, ERR_DATA where a file was refused, ERR_VERDICT where a
 * requirement is not met, or -1. */
static int run(const struct options *o, const struct strings *files,
               int64_t *n_rows, struct err *e)
{
    enum question q = question_of(o);
    struct rowset set = {.features = o->features,
                         .target = o->target,
                         .group_key = o->group,
                         .keep_unlabelled = q != CEILING && q != FINGERPRINT,
                         /* whether they are whole is one of the checks */
                         .allow_truncated =
                             o->allow_truncated || q == QUESTIONS};
    struct labelled rows;
    struct grid *g = NULL;
    struct strings failed = {0};
    int rc = read_inputs(&set, files, q == QUESTIONS, e);

    if (rc == 0)
        rc = rowset_view(&set, &rows, e);
    if (rc == 0)
        rc = answer(o, &set, &rows, &g, &failed, e);
    if (rc == 0)
        rc = grid_write(g, o->common.output, (enum grid_format)o->format, e);
    for (size_t i = 0; rc == 0 && i < failed.n; i++)
        log_error("%s", failed.at[i]);
    if (rc == 0 && failed.n > 0)
        rc = ERR_VERDICT;
    if (rc >= 0 && set.n_refused > 0)
        rc = ERR_DATA;
    *n_rows = (int64_t)set.T;
    strings_release(&failed);
    grid_free(g);
    rowset_release(&set);
    return rc;
}

static void take_options(struct options *o, struct cli *cli,
                         const struct strings *files)
{
    struct err e;
    int n = 0;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    for (size_t i = 0; i < o->without_lists.n; i++)
        strings_split(&o->without, o->without_lists.at[i], ',');
    o->asked[LAGS] = o->lags > 0;
    for (int q = 0; q < QUESTIONS; q++)
        n += o->asked[q];
    if (n > 1)
        cli_usage_error("one question at a time: --each, --groups, --columns, "
                        "--lags, --ceiling or --fingerprint");
    if (n == 1 && o->require.n > 0)
        cli_usage_error("--require is about the checks of all recordings; "
                        "leave out --each, --ceiling, ...");
    if (output_check(o->common.output, o->common.config, files->at,
                     (int)files->n, &e) < 0)
        die(&e);
}

/* What the operands stand for. */
static void find_files(struct strings *files, char **paths)
{
    struct err e;

    for (; *paths; paths++)
        if (recordings_find(files, *paths, &e) < 0)
            die(&e);
}

/* From the operands to the table; its exit code. */
static int work(struct options *o, struct cli *cli, char **paths,
                int64_t *n_rows)
{
    struct strings files = {0};
    struct err e;
    int status;

    find_files(&files, paths);
    take_options(o, cli, &files);
    status = run(o, &files, n_rows, &e);
    if (status < 0)
        die(&e);
    strings_release(&files);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = OPTIONS_INIT;
    struct opt opts[] = {
        {OPT_FLAG, 0, "each", &o.asked[EACH], 0, "a row each", 0, 0, 0, 0},
        {OPT_FLAG, 0, "groups", &o.asked[GROUPS], 0,
         "a row a kind of work: which dominate", 0, 0, 0, 0},
        {OPT_FLAG, 0, "columns", &o.asked[COLUMNS], 0,
         "range and steps of the features and watts", 0, 0, 0, 0},
        {OPT_INT, 0, "lags", &o.lags, "N",
         "how long watts and load remember, to lag N", 2, 1e5, 0, 0},
        {OPT_FLAG, 0, "ceiling", &o.asked[CEILING], 0,
         "how well any model of the features could do", 0, 0, 0, 0},
        {OPT_FLAG, 0, "fingerprint", &o.asked[FINGERPRINT], 0,
         "which features tell sessions apart", 0, 0, 0, 0},
        {OPT_STRING, 0, "features", &o.features, "LIST",
         "of samples (default: guest, as recorded)", 0, 0, feature_names, 0},
        {OPT_STRING, 0, "target", &o.target, "ZONE",
         "watts: package, a zone, auto (the default)", 0, 0, "auto|package", 0},
        {OPT_STRING, 0, "group", &o.group, "LABEL",
         "what is held out as a whole (default workload)", 0, 0, 0, 0},
        {OPT_STRING, 0, "session", &o.session, "LABEL",
         "recorded together (default: each recording)", 0, 0, 0, 0},
        {OPT_STRINGS, 0, "without", &o.without_lists, "LIST",
         "score also without all of these features", 0, 0, 0, 0},
        {OPT_INT, 0, "rows", &o.rows, "N",
         "rows to find neighbours of (default 300000)", 1, 4e9, 0, 0},
        {OPT_DURATION, 0, "apart", &o.apart_ns, "TIME",
         "rows further apart are strangers (default 1m)", 0, 0, 0, 0},
        {OPT_REAL, 0, "most-watts", &o.most_w, "W",
         "more is impossible (default 1000)", 0, 1e9, 0, 0},
        {OPT_STRINGS, 0, "require", &o.require, "CHECK",
         "exit 1 unless 'late_pct<1', 'rows>1000', ...", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "text (the default), tsv, json, md", 0, 0, FORMATS, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "take a stream that was cut off", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "rapl-stat",
                      .usage = "[OPTIONS] [FILE|DIR...]",
                      .about = ABOUT,
                      .examples = EXAMPLES,
                      .opts = opts};
    int64_t n_rows = 0;
    int first, status;

    blas_start(argv);
    first = cli_parse(&cli, argc, argv, &o.common);
    status = work(&o, &cli, argv + first, &n_rows);
    return cli_finish(status, n_rows, -1);
}
