/*
 * rapl-stat: what recordings are worth.
 *
 * Reads   sample streams, window streams
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
#include "formats/config.h"
#include "formats/output.h"
#include "formats/worth.h"

static const char FORMATS[] = "text|tsv|json|md";

struct options {
    struct cli_common common;
    bool ceiling, fingerprint, allow_truncated;
    const char *features, *target, *group, *session;
    struct strings without_lists, without;
    int64_t rows, apart_ns;
    int format;
};

static int read_inputs(struct rowset *set, char **paths, int n, struct err *e)
{
    if (n == 0)
        return rowset_add(set, NULL, e);
    for (int i = 0; i < n; i++)
        if (rowset_add(set, paths[i], e) < 0)
            return -1;
    return 0;
}

static int run(const struct options *o, struct rowset *set, char **paths, int n,
               struct err *e)
{
    const struct worth_options how = {.session = o->session,
                                      .without = &o->without,
                                      .max_rows = (size_t)o->rows,
                                      .apart_ns = o->apart_ns,
                                      .seed = (uint64_t)o->common.seed};
    struct labelled rows;
    struct pool *pool = NULL;
    struct grid *g = NULL;
    int rc = read_inputs(set, paths, n, e);

    if (rc == 0)
        rc = rowset_view(set, &rows, e);
    if (rc == 0) {
        pool = pool_new(cli_threads(&o->common));
        rc = (o->ceiling ? worth_ceiling : worth_fingerprint)(set, &rows, &how,
                                                              pool, &g, e);
    }
    if (rc == 0)
        rc = grid_write(g, o->common.output, (enum grid_format)o->format, e);
    grid_free(g);
    pool_free(pool);
    return rc;
}

static void take_options(struct options *o, struct cli *cli)
{
    struct err e;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    for (size_t i = 0; i < o->without_lists.n; i++)
        strings_split(&o->without, o->without_lists.at[i], ',');
    if (o->ceiling == o->fingerprint)
        cli_usage_error("give one of --ceiling and --fingerprint");
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT,
                        .target = "auto",
                        .group = "workload",
                        .rows = 300000,
                        .apart_ns = 60 * NS_PER_S};
    struct opt opts[] = {
        {OPT_FLAG, 0, "ceiling", &o.ceiling, 0,
         "how well any model of the features could do", 0, 0, 0, 0},
        {OPT_FLAG, 0, "fingerprint", &o.fingerprint, 0,
         "which features tell sessions apart", 0, 0, 0, 0},
        {OPT_STRING, 0, "features", &o.features, "LIST",
         "of sample streams (default: guest, as recorded)", 0, 0, 0, 0},
        {OPT_STRING, 0, "target", &o.target, "ZONE",
         "watts of samples: package, a zone, auto (the default)", 0, 0, 0, 0},
        {OPT_STRING, 0, "group", &o.group, "LABEL",
         "what is held out as a whole (default workload)", 0, 0, 0, 0},
        {OPT_STRING, 0, "session", &o.session, "LABEL",
         "what was recorded together (default: each recording)", 0, 0, 0, 0},
        {OPT_STRINGS, 0, "without", &o.without_lists, "LIST",
         "score also without all of these features", 0, 0, 0, 0},
        {OPT_INT, 0, "rows", &o.rows, "N",
         "rows to find neighbours of (default 300000)", 1, 4e9, 0, 0},
        {OPT_DURATION, 0, "apart", &o.apart_ns, "TIME",
         "rows of a recording are strangers beyond (default 1m)", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "text (the default), tsv, json, md", 0, 0, FORMATS, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "take a stream that was cut off", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {
        .name = "rapl-stat",
        .usage = "[OPTIONS] [FILE...]",
        .about = "Say what recordings are worth: sample or window streams in, "
                 "a table out.",
        .examples = "  rapl-stat --ceiling all.rapl\n"
                    "  rapl-stat --fingerprint --format tsv all.rapl",
        .opts = opts};
    struct rowset set = {0};
    struct err e;
    int first;

    blas_start(argv);
    first = cli_parse(&cli, argc, argv, &o.common);
    take_options(&o, &cli);
    set = (struct rowset){.features = o.features,
                          .target = o.target,
                          .group_key = o.group,
                          .allow_truncated = o.allow_truncated};
    if (output_check(o.common.output, o.common.config, argv + first,
                     argc - first, &e) < 0 ||
        run(&o, &set, argv + first, argc - first, &e) < 0)
        die(&e);
    return cli_finish(0, (int64_t)set.T, -1);
}
