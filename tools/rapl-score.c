/*
 * rapl-score: how good predictions are.
 *
 * Reads   prediction streams
 * Writes  a table of scores: TSV, JSON, Markdown
 *
 *     rapl-infer v4.ckpt windows.rapl | rapl-score --by workload
 *
 * Exit: 0 done; 1 a gate failed; 2 usage; 3 bad data, or nothing was measured;
 * 4 system.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/cli.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/output.h"
#include "formats/score_table.h"

static const char PICKS[] = "auto|all|train|valid|test"; /* PICK_AUTO, ... */
static const char FORMATS[] = "tsv|json|md";
static const enum text_format FORMAT_OF[] = {TEXT_TSV, TEXT_JSON, TEXT_MD};
enum { SELECT_NESTED };

struct options {
    struct cli_common common;
    struct strings by_lists, gates_text;
    const char *mape_floor, *columns, *criterion, *idle, *far;
    int format, select;
    int64_t draws;
    bool compare, shared;

    struct metric_gate *gates;
    const struct metric_figure *by_figure; /* the criterion */
};

#define OPTIONS_INIT                                                      \
    {                                                                     \
        .common = CLI_COMMON_INIT, .mape_floor = "1W", .criterion = "r2", \
        .idle = "workload=idle", .far = "4W", .select = -1                \
    }

/* Does it pass?  Each gate that it does not is said. */
static bool check_gates(const struct options *o, const struct metric *m,
                        const char *model, const char *split, const char *part)
{
    bool passed = true;

    for (size_t i = 0; i < o->gates_text.n; i++) {
        const struct metric_gate *gate = &o->gates[i];

        if (metric_gate_passes(gate, m))
            continue;
        passed = false;
        log_error("gate %s failed: %g (model %s, split %s, part %s)",
                  o->gates_text.at[i], gate->figure->value(m), model, split,
                  part);
    }
    return passed;
}

static bool check_pools(const struct options *o, const struct scorebook *b)
{
    bool passed = true;

    for (size_t i = 0; i < b->n_pools; i++) {
        const struct score_group *g = &b->pool[i].all;

        passed &= check_gates(o, &g->metric, g->key.at[KEY_MODEL],
                              g->key.at[KEY_SPLIT], g->key.at[KEY_PART]);
    }
    return passed;
}

/* A narrow table has no column of the idle bias where nothing was idle. */
static void drop_idle(struct score_table *t, const struct scorebook *b)
{
    bool idle = false;

    for (size_t i = 0; i < b->n_pools; i++)
        idle |= b->pool[i].all.metric.n_idle > 0;
    if (!idle)
        score_table_drop(t, metric_figure_find("idle_bias"));
}

/* Returns 0, ERR_VERDICT where a gate failed, or -1. */
static int write_scores(const struct options *o, struct score_table *t,
                        const struct scorebook *b, struct err *e)
{
    struct metric nested;
    bool passed;

    if (t->main)
        drop_idle(t, b);
    if (o->select == SELECT_NESTED) {
        if (score_table_select(t, b, o->by_figure, &nested, e) < 0)
            return -1;
        passed =
            check_gates(o, &nested, "nested", b->pool[0].all.key.at[KEY_SPLIT],
                        b->pool[0].all.key.at[KEY_PART]);
    } else {
        if ((o->compare ? score_table_compare : score_table_write)(t, b, e) < 0)
            return -1;
        passed = check_pools(o, b);
    }
    return passed ? 0 : ERR_VERDICT;
}

static int add_all(struct scorebook *b, char **paths, int n, struct err *e)
{
    int status = n == 0 ? scorebook_add(b, NULL, e) : 0;

    for (int i = 0; i < n && status == 0; i++)
        status = scorebook_add(b, paths[i], e);
    return status;
}

/* Read everything once to learn which rows all models have. */
static int find_common(struct score_common *c, const struct scorebook *like,
                       char **paths, int n, struct err *e)
{
    struct scorebook b = {.pick = like->pick,
                          .by_part = like->by_part,
                          .allow_truncated = like->allow_truncated,
                          .note = c};
    int status;

    for (int i = 0; i < n; i++)
        if (strcmp(paths[i], "-") == 0)
            n = 0;
    if (n == 0)
        return err_set(e, ERR_USAGE,
                       "--common reads predictions twice: give files");
    status = add_all(&b, paths, n, e);
    scorebook_release(&b);
    return status == 0 ? score_common_close(c, e) : status;
}

static int run(const struct options *o, char **paths, int n,
               struct scorebook *b, struct score_table *t, struct err *e)
{
    struct score_common *c = o->shared ? score_common_new() : NULL;
    int status = c ? find_common(c, b, paths, n, e) : 0;

    b->common = c;
    if (status == 0)
        status = add_all(b, paths, n, e);
    score_common_free(c);
    if (status == 0)
        status = scorebook_close(b, e);
    if (status == 0)
        status = write_scores(o, t, b, e);
    scorebook_release(b);
    return status;
}

/* "workload,run"; model, split and part have columns of their own. */
static void take_labels(const struct options *o, struct scorebook *b)
{
    struct strings names = {0};

    for (size_t i = 0; i < o->by_lists.n; i++)
        strings_split(&names, o->by_lists.at[i], ',');
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.at[i];

        if (!*name)
            cli_usage_error("--by: an empty label");
        b->by_part |= strcmp(name, "part") == 0;
        if (strcmp(name, META_MODEL) != 0 && strcmp(name, META_SPLIT) != 0 &&
            strcmp(name, "part") != 0 && strings_find(&b->by, name) < 0)
            strings_add(&b->by, name);
    }
    strings_release(&names);
}

static void take_gates(struct options *o)
{
    struct err e;

    o->gates = xcalloc(o->gates_text.n + 1, sizeof *o->gates);
    for (size_t i = 0; i < o->gates_text.n; i++)
        if (metric_gate_parse(&o->gates[i], o->gates_text.at[i], &e) < 0)
            cli_usage_error("--gate: %s", e.msg);
}

static void check_modes(const struct options *o, const struct scorebook *b)
{
    int f = metric_figure_find(o->criterion);

    if (o->compare && o->select >= 0)
        cli_usage_error("--compare and --select are two tables: ask for one");
    if (o->compare && b->by.n + (size_t)b->by_part)
        cli_usage_error("--compare pools all groups: leave --by out");
    if (o->select >= 0 && (b->by.n == 0 || b->by_part))
        cli_usage_error("--select needs --by LABEL, the groups that were left "
                        "out in turn");
    if (f < 0 || metric_figures[f].better == 0)
        cli_usage_error("--criterion: '%s' is no figure to choose by (r2, mae, "
                        "rmse, wape, mape, winkler, wis)",
                        o->criterion);
}

/* "1W" */
static double take_watts(const char *option, const char *text)
{
    char *end;
    double w = strtod(text, &end);

    if (end == text || (*end && strcmp(end, "W") != 0) || !(w >= 0 && w < 1e9))
        cli_usage_error("%s: '%s' is no power; write 1W", option, text);
    return w;
}

/* What is chosen by is shown. */
static void take_columns(const struct options *o, struct score_table *t)
{
    const char *columns = o->columns                               ? o->columns
                          : o->compare                             ? "r2,mae"
                          : o->select >= 0 || t->format == TEXT_MD ? "main"
                                                                   : "all";
    struct err e;

    if (score_table_columns(t, columns, &e) < 0)
        cli_usage_error("--columns: %s", e.msg);
    if (!o->columns && o->select >= 0)
        score_table_want(t, metric_figure_find(o->criterion));
}

static void take_options(struct options *o, struct scorebook *b,
                         struct score_table *t, struct cli *cli)
{
    struct err e;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    take_labels(o, b);
    take_gates(o);
    check_modes(o, b);
    o->by_figure = &metric_figures[metric_figure_find(o->criterion)];
    b->keep_units = o->draws > 0;
    b->by_beside = o->select == SELECT_NESTED;
    b->mape_floor_w = take_watts("--mape-floor", o->mape_floor);
    b->far_w = take_watts("--far", o->far);
    if (idle_rule_parse(&b->idle, o->idle, &e) < 0)
        cli_usage_error("--idle: %s", e.msg);
    t->format = FORMAT_OF[o->format];
    take_columns(o, t);
    t->by = &b->by;
    t->mape_floor_w = b->mape_floor_w;
    t->draws = (size_t)o->draws;
    t->seed = (uint64_t)o->common.seed;
}

static const char ABOUT[] = "Compare predicted with measured power: prediction "
                            "streams in, a table out.";
static const char EXAMPLES[] =
    "  rapl-infer v4.ckpt windows.rapl | rapl-score --by workload\n"
    "  rapl-score --gate 'mae<2.5' p.rapl";

/* Nothing that is read is written over. */
static int open_output(const struct options *o, struct score_table *t,
                       char **paths, int n, struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_check(c->output, c->config, paths, n, e) < 0)
        return -1;
    return text_writer_open(&t->text, c->output, t->format, e);
}

int main(int argc, char **argv)
{
    struct options o = OPTIONS_INIT;
    struct scorebook b = {.pick = PICK_AUTO};
    struct opt opts[] = {
        {OPT_STRINGS, 0, "by", &o.by_lists, "LABEL,...",
         "a row for each value of the labels", 0, 0, 0, 0},
        {OPT_FLAG, 0, "compare", &o.compare, 0,
         "a row a model: splits side by side, and the gap", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "select", &o.select, "HOW",
         "nested: choose for each group by the others", 0, 0, "nested", 0},
        {OPT_FLAG, 0, "common", &o.shared, 0,
         "only rows that every model of a split has", 0, 0, 0, 0},
        {OPT_STRING, 0, "criterion", &o.criterion, "FIGURE",
         "what --select chooses by (default r2)", 0, 0,
         "r2|mae|rmse|wape|mape|winkler|wis", 0},
        {OPT_INT, 0, "bootstrap", &o.draws, "N",
         "95 % intervals over runs, from N draws", 1, 100000, 0, 0},
        {OPT_STRING, 0, "columns", &o.columns, "LIST",
         "all, main, or figures by commas", 0, 0, "all|main", 0},
        {OPT_STRING, 0, "idle", &o.idle, "RULE",
         "idle rows: workload=idle (default), '<3W'", 0, 0, 0, 0},
        {OPT_DURATION, 0, "idle-settle", &b.idle.settle_ns, "DURATION",
         "of each run, before its idle rows count", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "part", &b.pick, "PART",
         "rows to score: auto, all, train, valid, test", 0, 0, PICKS, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT", "tsv, json, md", 0, 0,
         FORMATS, 0},
        {OPT_STRING, 0, "mape-floor", &o.mape_floor, "WATTS",
         "MAPE over rows measured above (default 1W)", 0, 0, 0, 0},
        {OPT_STRING, 0, "far", &o.far, "WATTS",
         "errors that support should tell (default 4W)", 0, 0, 0, 0},
        {OPT_STRINGS, 0, "gate", &o.gates_text, "GATE",
         "exit 1 unless 'mae<2.5', 'r2>0.8', ...", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &b.allow_truncated, 0,
         "score what a truncated stream holds", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "rapl-score",
                      .usage = "[OPTIONS] [FILE...]",
                      .about = ABOUT,
                      .examples = EXAMPLES,
                      .opts = opts};
    struct score_table table = {.draws = 0};
    struct err e;
    int first = cli_parse(&cli, argc, argv, &o.common), status;

    take_options(&o, &b, &table, &cli);
    if (open_output(&o, &table, argv + first, argc - first, &e) < 0 ||
        (status = run(&o, argv + first, argc - first, &b, &table, &e)) < 0 ||
        text_writer_close(table.text, &e) < 0)
        die(&e);
    return cli_finish(status, b.rows, -1);
}
