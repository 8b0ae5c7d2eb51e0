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
#include <inttypes.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/cli.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/math/metric.h"
#include "formats/config.h"
#include "formats/output.h"
#include "formats/prediction.h"
#include "formats/text.h"

enum { PICK_AUTO, PICK_ALL, PICK_TRAIN, PICK_VALID, PICK_TEST };
static const char PICKS[] = "auto|all|train|valid|test";
static const char FORMATS[] = "tsv|json|md";
static const enum text_format FORMAT_OF[] = {TEXT_TSV, TEXT_JSON, TEXT_MD};

struct options {
    struct cli_common common;
    struct strings by_lists, gates_text;
    const char *mape_floor;
    int format, pick;
    bool allow_truncated;

    struct strings by; /* the lists, cut at commas */
    bool by_part;      /* "part" was among them */
    double mape_floor_w;
    struct metric_gate *gates;
};

/* The rows that share model, split, part and the labels of --by. */
enum { KEY_MODEL, KEY_SPLIT, KEY_PART, KEY_BY };

struct group {
    struct strings key;
    struct metric metric;
    int64_t unmeasured;
};

struct scores {
    const struct options *o;
    void *groups; /* a tree of struct group, in the order of their keys */
    struct strings models; /* that were named with -v */
    bool *label_seen;      /* of each label of --by */
    bool warned;
    int64_t rows, picked, measured;
};

/* ---- reading ---- */

static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;

    for (size_t i = 0; i < x->key.n; i++) {
        int order = strcmp(x->key.at[i], y->key.at[i]);

        if (order)
            return order;
    }
    return 0;
}

static const char *meta(const struct stream_header *h, const char *key,
                        const char *otherwise)
{
    return labels_get_or(&h->meta, key, otherwise);
}

/* How the windows were split; rapl-window's own words where nobody says more.
 */
static const char *split_of(const struct stream_header *h)
{
    return meta(h, META_SPLIT, meta(h, "window.split", "none"));
}

static bool has_split(const struct stream_header *h)
{
    return strcmp(split_of(h), "none") != 0;
}

/* The part of a row's key, or NULL where the row is not asked for. */
static const char *part_of_key(const struct options *o,
                               const struct stream_header *h, enum part part)
{
    static const enum part wanted[] = {[PICK_TRAIN] = PART_TRAIN,
                                       [PICK_VALID] = PART_VALID,
                                       [PICK_TEST] = PART_TEST};
    int pick = o->pick;

    if (pick == PICK_AUTO)
        pick = has_split(h) && !o->by_part ? PICK_TEST : PICK_ALL;
    if (pick == PICK_ALL)
        return o->by_part ? part_name(part) : "all";
    return part == wanted[pick] ? part_name(part) : NULL;
}

/*
 * The group of the rows of a segment that are of this part.  Splits that leave
 * out one group after another ("leave:workload=io") are one: their name ends
 * at the sign.
 */
static struct group *find_group(struct scores *s, const struct stream_header *h,
                                const char *part)
{
    struct group *g = xcalloc(1, sizeof *g), **found;
    char *split = xstrdup(split_of(h));

    split[strcspn(split, "=")] = '\0';
    strings_add(&g->key, meta(h, META_MODEL, "unknown"));
    strings_add(&g->key, split);
    strings_add(&g->key, part);
    free(split);
    for (size_t i = 0; i < s->o->by.n; i++)
        strings_add(&g->key, meta(h, s->o->by.at[i], ""));
    found = tsearch(g, &s->groups, compare_groups);
    if (!found)
        die(&(struct err){ERR_SYSTEM, "out of memory"});
    if (*found != g) {
        strings_release(&g->key);
        free(g);
    }
    return *found;
}

/* The test rows of one split are training rows of another. */
static void warn_of_leaks(struct scores *s, const struct stream_header *h)
{
    const char *trained = meta(h, META_TRAINED_ON, ""), *split = split_of(h);
    size_t n = strlen(split);

    if (s->warned || !*trained ||
        (has_split(h) && strncmp(trained, split, n) == 0 &&
         (trained[n] == ' ' || !trained[n])))
        return;
    s->warned = true;
    log_note(
        "the model was trained on split '%s', and these rows are of "
        "split '%s': if it learnt from some of them, the scores flatter it",
        trained, split);
}

static void name_model(struct scores *s, const struct stream_header *h)
{
    char *model = xasprintf("model %s, sha256 %s, trained on %s",
                            meta(h, META_MODEL, "unknown"),
                            meta(h, META_MODEL_HASH, "unknown"),
                            meta(h, META_TRAINED_ON, "unknown"));

    if (strings_find(&s->models, model) < 0) {
        strings_add(&s->models, model);
        log_verbose("%s", model);
    }
    free(model);
}

/* Which rows of the segment are asked for, by part. */
static void begin_segment(struct scores *s, const struct stream_header *h,
                          bool *wanted)
{
    const struct options *o = s->o;

    for (int part = PART_NONE; part <= PART_TEST; part++)
        wanted[part] = part_of_key(o, h, (enum part)part) != NULL;
    for (size_t i = 0; i < o->by.n; i++)
        s->label_seen[i] |= labels_get(&h->meta, o->by.at[i]) != NULL;
    warn_of_leaks(s, h);
    if (log_level() >= LOG_VERBOSE)
        name_model(s, h);
}

static void add_row(struct scores *s, struct group *g,
                    const struct prediction *p)
{
    const struct metric_row row = {.predicted_w = (double)p->power_w,
                                   .measured_w = (double)p->measured_w,
                                   .lower_w = (double)p->lower_w,
                                   .upper_w = (double)p->upper_w,
                                   .dt_s = (double)p->dt_s};

    s->picked++;
    if (isnan(p->measured_w)) {
        g->unmeasured++;
        return;
    }
    s->measured++;
    metric_add(&g->metric, &row, s->o->mape_floor_w);
}

static int score_file(struct scores *s, const char *path, struct err *e)
{
    struct prediction_reader *r = NULL;
    struct group *group[PART_TEST + 1] = {NULL};
    bool wanted[PART_TEST + 1] = {false}, new_segment;
    struct prediction p;
    int status;

    if (prediction_reader_open(&r, path, e) < 0)
        return -1;
    stream_reader_allow_truncated(prediction_reader_stream(r),
                                  s->o->allow_truncated);
    while ((status = prediction_reader_next(r, &p, &new_segment, e)) > 0) {
        const struct stream_header *h = prediction_reader_header(r);

        s->rows++;
        if (new_segment) {
            begin_segment(s, h, wanted);
            memset(group, 0, sizeof group);
        }
        if (!wanted[p.part])
            continue;
        if (!group[p.part])
            group[p.part] = find_group(s, h, part_of_key(s->o, h, p.part));
        add_row(s, group[p.part], &p);
    }
    prediction_reader_close(r);
    return status;
}

/* Is there anything to compare?  If not, say why and what to do. */
static int check_rows(const struct scores *s, struct err *e)
{
    const struct options *o = s->o;

    if (s->rows == 0)
        return err_set(e, ERR_DATA, "no predictions in the input");
    for (size_t i = 0; i < o->by.n; i++)
        if (!s->label_seen[i])
            return err_set(e, ERR_DATA,
                           "no segment has the label '%s' of --by (rapl-dump "
                           "--header shows the labels)",
                           o->by.at[i]);
    if (s->picked == 0)
        return err_set(e, ERR_DATA,
                       "none of the %" PRId64 " rows is of the part asked for "
                       "(--part all takes every row)",
                       s->rows);
    if (s->measured == 0)
        return err_set(e, ERR_DATA,
                       "none of the %" PRId64 " rows has a measured value to "
                       "compare with",
                       s->picked);
    return 0;
}

/* ---- writing ---- */

struct report {
    const struct options *o;
    struct text_writer *text;
    struct group pooled; /* of the groups with the same model, split, part */
    int status;          /* of the last row */
    bool gate_failed;
    struct err *e;
};

static void add_columns(struct text_writer *w, const struct options *o)
{
    char title[32];

    for (size_t i = 0; i < o->by.n; i++)
        text_column(w, o->by.at[i]);
    text_column(w, "model");
    text_column(w, "split");
    text_column(w, "part");
    text_column(w, "n");
    text_column(w, "unmeasured");
    for (int i = 0; i < METRIC_FIGURES; i++) {
        metric_figure_title(&metric_figures[i], title, sizeof title);
        text_column(w, title);
    }
    text_column(w, "mape_floor_w");
}

/* JSON is for programs and is not rounded. */
static void put_figure(const struct report *r, double v, int decimals)
{
    if (FORMAT_OF[r->o->format] == TEXT_JSON)
        text_real(r->text, v);
    else
        text_fixed(r->text, v, decimals);
}

static void write_group(struct report *r, const struct group *g, bool pooled)
{
    struct text_writer *w = r->text;

    for (size_t i = 0; i < r->o->by.n; i++)
        text_string(w, pooled ? "all" : g->key.at[KEY_BY + i]);
    text_string(w, g->key.at[KEY_MODEL]);
    text_string(w, g->key.at[KEY_SPLIT]);
    text_string(w, g->key.at[KEY_PART]);
    text_u64(w, g->metric.n);
    text_int(w, g->unmeasured);
    for (int i = 0; i < METRIC_FIGURES; i++)
        put_figure(r, metric_figures[i].value(&g->metric),
                   metric_figures[i].decimals);
    text_real(w, r->o->mape_floor_w);
    if (r->status == 0)
        r->status = text_row(w, r->e);
}

static void check_gates(struct report *r)
{
    const struct group *g = &r->pooled;

    for (size_t i = 0; i < r->o->gates_text.n; i++) {
        const struct metric_gate *gate = &r->o->gates[i];

        if (metric_gate_passes(gate, &g->metric))
            continue;
        r->gate_failed = true;
        log_error("gate %s failed: %g (model %s, split %s, part %s)",
                  r->o->gates_text.at[i], gate->figure->value(&g->metric),
                  g->key.at[KEY_MODEL], g->key.at[KEY_SPLIT],
                  g->key.at[KEY_PART]);
    }
}

/* The pooled row, behind its groups. */
static void write_pooled(struct report *r)
{
    if (r->pooled.key.n == 0)
        return;
    write_group(r, &r->pooled, true);
    check_gates(r);
    strings_release(&r->pooled.key);
    memset(&r->pooled, 0, sizeof r->pooled);
}

static bool same_pool(const struct group *a, const struct group *b)
{
    for (size_t i = 0; i < KEY_BY; i++)
        if (strcmp(a->key.at[i], b->key.at[i]) != 0)
            return false;
    return true;
}

/* Called for each group, in the order of the keys. */
static void visit_group(const void *node, VISIT when, void *arg)
{
    const struct group *g = *(struct group *const *)node;
    struct report *r = arg;

    if (when != postorder && when != leaf)
        return;
    if (r->pooled.key.n && !same_pool(&r->pooled, g))
        write_pooled(r);
    if (r->pooled.key.n == 0)
        strings_copy(&r->pooled.key, &g->key);
    metric_merge(&r->pooled.metric, &g->metric);
    r->pooled.unmeasured += g->unmeasured;
    if (r->o->by.n)
        write_group(r, g, false);
}

/* Returns 0, ERR_VERDICT where a gate failed, or -1. */
static int write_scores(const struct scores *s, struct text_writer *text,
                        struct err *e)
{
    struct report r = {.o = s->o, .text = text, .e = e};

    add_columns(text, s->o);
    twalk_r(s->groups, visit_group, &r);
    write_pooled(&r);
    if (r.status < 0)
        return -1;
    return r.gate_failed ? ERR_VERDICT : 0;
}

static void free_group(void *node)
{
    struct group *g = node;

    strings_release(&g->key);
    free(g);
}

/* ---- the program ---- */

static int run(const struct options *o, char **paths, int n_paths,
               struct text_writer *text, int64_t *rows, struct err *e)
{
    struct scores s = {.o = o};
    int status = 0;

    s.label_seen = xcalloc(o->by.n + 1, sizeof *s.label_seen);
    if (n_paths == 0)
        status = score_file(&s, NULL, e);
    for (int i = 0; i < n_paths && status == 0; i++)
        status = score_file(&s, paths[i], e);
    if (status == 0)
        status = check_rows(&s, e);
    if (status == 0)
        status = write_scores(&s, text, e);
    *rows = s.rows;
    tdestroy(s.groups, free_group);
    strings_release(&s.models);
    free(s.label_seen);
    return status;
}

/* "workload,run"; model, split and part have columns of their own. */
static void take_labels(struct options *o)
{
    struct strings names = {0};

    for (size_t i = 0; i < o->by_lists.n; i++)
        strings_split(&names, o->by_lists.at[i], ',');
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.at[i];

        if (!*name)
            cli_usage_error("--by: an empty label");
        o->by_part |= strcmp(name, "part") == 0;
        if (strcmp(name, META_MODEL) != 0 && strcmp(name, META_SPLIT) != 0 &&
            strcmp(name, "part") != 0 && strings_find(&o->by, name) < 0)
            strings_add(&o->by, name);
    }
    strings_release(&names);
}

static void take_options(struct options *o, struct cli *cli)
{
    struct err e;
    char *end;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    take_labels(o);
    o->mape_floor_w = strtod(o->mape_floor, &end);
    if (end == o->mape_floor || (*end && strcmp(end, "W") != 0) ||
        !(o->mape_floor_w >= 0 && o->mape_floor_w < 1e9))
        cli_usage_error("--mape-floor: '%s' is no power; write 1W",
                        o->mape_floor);
    o->gates = xcalloc(o->gates_text.n + 1, sizeof *o->gates);
    for (size_t i = 0; i < o->gates_text.n; i++)
        if (metric_gate_parse(&o->gates[i], o->gates_text.at[i], &e) < 0)
            cli_usage_error("--gate: %s", e.msg);
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT, .mape_floor = "1W"};
    struct opt opts[] = {
        {OPT_STRINGS, 0, "by", &o.by_lists, "LABEL,...",
         "a row for each value of the labels", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "part", &o.pick, "PART",
         "rows to score: auto, all, train, valid, test", 0, 0, PICKS, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT", "tsv, json, md", 0, 0,
         FORMATS, 0},
        {OPT_STRING, 0, "mape-floor", &o.mape_floor, "WATTS",
         "MAPE over rows measured above (default 1W)", 0, 0, 0, 0},
        {OPT_STRINGS, 0, "gate", &o.gates_text, "GATE",
         "exit 1 unless 'mae<2.5', 'r2>0.8', ...", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "score what a truncated stream holds", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {
        .name = "rapl-score",
        .usage = "[OPTIONS] [FILE...]",
        .about = "Compare predicted with measured power: prediction streams "
                 "in, a table out.",
        .examples = "  rapl-infer v4.ckpt windows.rapl | rapl-score --by "
                    "workload\n  rapl-score --gate 'mae<2.5' p.rapl",
        .opts = opts};
    struct text_writer *text = NULL;
    struct err e;
    int64_t rows = 0;
    int first = cli_parse(&cli, argc, argv, &o.common), status;

    take_options(&o, &cli);
    if (output_check(o.common.output, o.common.config, argv + first,
                     argc - first, &e) < 0 ||
        text_writer_open(&text, o.common.output, FORMAT_OF[o.format], &e) < 0)
        die(&e);
    status = run(&o, argv + first, argc - first, text, &rows, &e);
    if (status < 0 || text_writer_close(text, &e) < 0)
        die(&e);
    return cli_finish(status, rows, -1);
}
