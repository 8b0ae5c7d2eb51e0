/*
 * rapl-window: samples to windows, what models are trained on and fed.
 *
 * Reads   sample streams
 * Writes  a window stream: each sample's features, label and part once, and in
 *         the header how windows are laid over them
 *
 *     rapl-sample -i 16ms | rapl-window --like v4.ckpt | rapl-infer v4.ckpt
 *
 * Exit: 0 done, 2 usage, 3 bad data, 4 system.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/math/feature.h"
#include "formats/checkpoint.h"
#include "formats/config.h"
#include "formats/output.h"
#include "formats/windower.h"

static const char EXAMPLES[] =
    "  rapl-sample -i 16ms | rapl-window --like MODEL | rapl-infer MODEL\n"
    "  rapl-window --split group:workload runs/*.rapl -o w.rapl";

struct options {
    struct cli_common common;
    const char *features, *like, *target, *split, *ratios, *skip;
    int64_t delays, tau, interval_ns;
    double transient_cpus;
    bool list_features, allow_truncated;
};

#define OPTIONS_INIT                                                         \
    {                                                                        \
        .common = CLI_COMMON_INIT, .features = "portable", .target = "auto", \
        .split = "none", .ratios = "80,10,10", .delays = 25, .tau = 1        \
    }

static void list_features(void)
{
    char needs[256];

    printf("%-15s %-12s %-46s %s\n", "FEATURE", "UNIT", "FORMULA", "NEEDS");
    for (size_t i = 0; i < feature_table_n; i++) {
        const struct feature *f = &feature_table[i];

        feature_needs_text(f, needs, sizeof needs);
        printf("%-15s %-12s %-46s %s\n", f->name, f->unit, f->formula, needs);
    }
    printf("\n%-15s %s\n", "SET", "FEATURES");
    for (size_t i = 0; i < feature_sets_n; i++)
        printf("%-15s %s (%s)\n", feature_sets[i].name, feature_sets[i].list,
               feature_sets[i].what);
}

static int parse_skip(struct windower_options *w, const char *text,
                      struct err *e)
{
    unsigned long long n;

    if (!*text || text[strspn(text, "0123456789")]) {
        if (duration_parse(text, &w->skip_ns, e) < 0)
            return err_prefix(e, "--skip-startup");
        if (w->skip_ns > INT64_MAX / 2)
            return err_set(e, ERR_USAGE, "--skip-startup: %s is too long",
                           text);
        return 0;
    }
    errno = 0;
    n = strtoull(text, NULL, 10);
    if (errno)
        return err_set(e, ERR_USAGE, "--skip-startup: %s is too many", text);
    w->skip_rows = n;
    return 0;
}

static bool is_given(const struct cli *cli, const char *name)
{
    for (const struct opt *o = cli->opts; o->type != OPT_END; o++)
        if (strcmp(o->name, name) == 0)
            return o->given;
    return false;
}

/* Set what the options say, or, after a model's, what they say loudly. */
static int spec_from_options(struct window_spec *s, const struct options *o,
                             const struct cli *cli, bool all, struct err *e)
{
    if (all || is_given(cli, "delays"))
        s->delays = (int)o->delays;
    if (all || is_given(cli, "tau"))
        s->tau = (int)o->tau;
    if (all || is_given(cli, "interval"))
        s->interval_ns = o->interval_ns;
    if (!all && !is_given(cli, "features"))
        return 0;
    strings_release(&s->features);
    return features_parse(&s->features, o->features, e) < 0
               ? err_prefix(e, "--features")
               : 0;
}

/* What a model wants; options may say the same again, but nothing else. */
static int spec_like(struct windower_options *w, const struct options *o,
                     const struct cli *cli, struct err *e)
{
    struct window_spec asked;
    int rc;

    if (checkpoint_window_spec(o->like, &w->spec, e) < 0)
        return -1;
    w->target_optional = true;
    window_spec_copy(&asked, &w->spec);
    rc = spec_from_options(&asked, o, cli, false, e);
    if (rc == 0 && window_spec_check(&w->spec, &asked, e) < 0) {
        rc = err_prefix(e, "--like %s", o->like);
        e->code = ERR_USAGE;
    }
    window_spec_release(&asked);
    return rc;
}

static int check_target(const struct options *o, struct err *e)
{
    struct strings names = {0};
    int rc = window_targets_parse(&names, o->target, e);

    strings_release(&names);
    if (rc == 0)
        return 0;
    e->code = ERR_USAGE;
    return err_prefix(e, "--target");
}

static int take_options(struct windower_options *w, const struct options *o,
                        const struct cli *cli, struct err *e)
{
    struct window_spec *s = &w->spec;

    if ((o->like ? spec_like(w, o, cli, e)
                 : spec_from_options(s, o, cli, true, e)) < 0 ||
        check_target(o, e) < 0 ||
        split_parse(&w->split, o->split, o->ratios, (uint64_t)o->common.seed,
                    e) < 0 ||
        (o->skip && parse_skip(w, o->skip, e) < 0))
        return -1;
    if (s->interval_ns > 24 * 3600 * NS_PER_S)
        return err_set(e, ERR_USAGE, "--interval: at most a day");
    if (!s->target || is_given(cli, "target")) {
        free(s->target);
        s->target = xstrdup(o->target);
        w->target_optional = false;
    }
    free(s->split);
    s->split = xstrdup(o->split);
    w->transient_cpus = o->transient_cpus;
    if (w->transient_cpus > 0 && w->split.kind == SPLIT_NONE)
        return err_set(e, ERR_USAGE,
                       "--transient leaves windows out of the test part: ask "
                       "for a --split");
    w->allow_truncated = o->allow_truncated;
    w->provenance = cli_provenance(cli, &o->common);
    return 0;
}

/* Whoever trains on them learns it only when there is nothing to score. */
static void warn_of_empty_parts(const struct windower_options *o,
                                const struct windower_stats *s)
{
    static const enum part parts[] = {PART_TRAIN, PART_VALID, PART_TEST};

    for (size_t i = 0; i < 3; i++)
        if (o->split.ratio[i] > 0 && s->n_part[parts[i]] == 0)
            log_warn("the %s part is empty: too few groups or rows for this "
                     "--split; record more, or split otherwise",
                     part_name(parts[i]));
}

static void report(const struct windower_options *o,
                   const struct windower_stats *s)
{
    if (s->n_windows == 0)
        log_warn("no window: no %zu rows stand in a row without a gap; record "
                 "longer, or ask for fewer --delays",
                 window_span(&o->spec));
    else if (o->split.kind != SPLIT_NONE)
        warn_of_empty_parts(o, s);
    log_verbose("%" PRIu64 " windows in %" PRIu64 " runs; %" PRIu64
                " gaps; %" PRIu64 " rows without a label",
                s->n_windows, s->n_runs, s->n_gaps, s->n_unlabelled);
    if (o->split.kind != SPLIT_NONE)
        log_verbose("rows: train %" PRIu64 ", valid %" PRIu64 ", test %" PRIu64
                    ", none %" PRIu64,
                    s->n_part[PART_TRAIN], s->n_part[PART_VALID],
                    s->n_part[PART_TEST], s->n_part[PART_NONE]);
}

/* Nothing that is read is written over. */
static int check_output(const struct options *o, char **files, int n,
                        struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_check_one(c->output, o->like, e) < 0)
        return -1;
    return output_check(c->output, c->config, files, n, e);
}

static int run(struct cli *cli, const struct options *o, char **files, int n,
               struct windower_stats *stats, struct err *e)
{
    struct windower_options w = {0};
    struct stream_writer *out = NULL;
    int rc = config_file_options(o->common.config, cli, e);

    if (rc == 0)
        rc = take_options(&w, o, cli, e);
    if (rc == 0)
        rc = check_output(o, files, n, e);
    if (rc == 0)
        rc = stream_writer_open(&out, o->common.output, 0, e);
    if (rc == 0)
        rc = windower_run(&w, files, n, out, stats, e);
    if (rc < 0)
        stream_writer_abandon(out);
    else
        rc = stream_writer_close(out, e);
    if (rc == 0)
        report(&w, stats);
    split_release(&w.split);
    window_spec_release(&w.spec);
    free(w.provenance);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = OPTIONS_INIT;
    struct opt opts[] = {
        {OPT_STRING, 0, "features", &o.features, "LIST",
         "features or sets, by commas (default portable)", 0, 0, feature_names,
         0},
        {OPT_FLAG, 0, "list-features", &o.list_features, 0,
         "list all features and sets", 0, 0, 0, 0},
        {OPT_INT, 'd', "delays", &o.delays, "N",
         "samples in a window (default 25)", 1, 4096, 0, 0},
        {OPT_INT, 't', "tau", &o.tau, "N",
         "step from sample to sample (default 1)", 1, 4096, 0, 0},
        {OPT_DURATION, 'i', "interval", &o.interval_ns, "TIME",
         "sum samples up to this interval", 0, 0, 0, 0},
        {OPT_STRING, 0, "like", &o.like, "MODEL",
         "features, d, tau, interval of a checkpoint", 0, 0, 0, 0},
        {OPT_STRING, 0, "target", &o.target, "ZONE,...",
         "labels: package, zones, auto (the default)", 0, 0,
         "auto|package|dram|core|uncore|none", 0},
        {OPT_STRING, 0, "skip-startup", &o.skip, "N|TIME",
         "drop the start of each run", 0, 0, 0, 0},
        {OPT_STRING, 0, "split", &o.split, "HOW",
         "run, group:KEY, leave:KEY=VALUE, time, shuffle", 0, 0,
         "none|run|time|shuffle|group:workload", 0},
        {OPT_STRING, 0, "ratios", &o.ratios, "A,B,C",
         "train, valid, test (default 80,10,10)", 0, 0, 0, 0},
        {OPT_REAL, 0, "transient", &o.transient_cpus, "CPUS",
         "test only where busy CPUs change by more", 1e-6, 1e6, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "take a stream that was cut off", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {
        .name = "rapl-window",
        .usage = "[OPTIONS] [FILE...]",
        .about = "Make windows of features and watts from sample streams.",
        .examples = EXAMPLES,
        .opts = opts};
    struct windower_stats stats = {0};
    struct err e;
    int first = cli_parse(&cli, argc, argv, &o.common);

    if (o.list_features) {
        list_features();
        return cli_finish(0, -1, -1);
    }
    if (run(&cli, &o, argv + first, argc - first, &stats, &e) < 0)
        die(&e);
    return cli_finish(0, (int64_t)stats.n_in, (int64_t)stats.n_out);
}
