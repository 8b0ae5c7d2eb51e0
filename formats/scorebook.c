#include "formats/scorebook.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/math/split.h"
#include "formats/sample.h"
#include "formats/score_split.h"

/* ---- idle rows ---- */

int idle_rule_parse(struct idle_rule *r, const char *text, struct err *e)
{
    const char *equals = strchr(text, '=');
    char *end;

    if (text[0] == '<') {
        r->below_w = strtod(text + 1, &end);
        if (end > text + 1 && strcmp(end, "W") == 0 && r->below_w > 0)
            return 0;
    } else if (equals && equals > text) {
        r->key = xstrndup(text, (size_t)(equals - text));
        r->value = xstrdup(equals + 1);
        return 0;
    }
    return err_set(e, ERR_USAGE,
                   "'%s' names no idle rows; write workload=idle or '<3W'",
                   text);
}

void idle_rule_release(struct idle_rule *r)
{
    free(r->key);
    free(r->value);
}

/* start: of the segment; labelled: it has the rule's label. */
static bool is_idle(const struct idle_rule *r, const struct prediction *p,
                    bool labelled, int64_t start_ns)
{
    if (p->t_ns - start_ns < r->settle_ns)
        return false;
    return r->key ? labelled : (double)p->measured_w < r->below_w;
}

/* ---- groups ---- */

static int by_run(const void *a, const void *b)
{
    const struct score_unit *x = a, *y = b;

    return (x->run > y->run) - (x->run < y->run);
}

/* Put units in order, those of one run together. */
static void merge_units(struct score_group *g)
{
    size_t n = 0;

    if (g->n_units)
        qsort(g->unit, g->n_units, sizeof *g->unit, by_run);
    for (size_t i = 0; i < g->n_units; i++)
        if (n && g->unit[n - 1].run == g->unit[i].run)
            metric_merge(&g->unit[n - 1].metric, &g->unit[i].metric);
        else
            g->unit[n++] = g->unit[i];
    g->n_units = n;
}

static struct score_unit *add_unit(struct score_group *g, uint64_t run)
{
    if (g->n_units == g->cap) {
        g->cap = g->cap ? 2 * g->cap : 4;
        g->unit = xreallocarray(g->unit, g->cap, sizeof *g->unit);
    }
    g->unit[g->n_units] = (struct score_unit){.run = run};
    return &g->unit[g->n_units++];
}

void score_group_sum(struct score_group *g)
{
    merge_units(g);
    g->metric = (struct metric){0};
    for (size_t i = 0; i < g->n_units; i++)
        metric_merge(&g->metric, &g->unit[i].metric);
}

void score_group_merge(struct score_group *to, const struct score_group *from)
{
    for (size_t i = 0; i < from->n_units; i++)
        add_unit(to, from->unit[i].run)->metric = from->unit[i].metric;
    to->unmeasured += from->unmeasured;
    to->mixed |= from->mixed;
}

char *score_group_name(const struct score_group *g)
{
    struct strings values = {.at = g->key.at + KEY_BY, .n = g->key.n - KEY_BY};

    return strings_join(&values, ",");
}

void score_group_release(struct score_group *g)
{
    strings_release(&g->key);
    free(g->unit);
    free(g->model_hash);
    free(g->beside);
}

static int compare_groups(const void *a, const void *b)
{
    const struct score_group *x = a, *y = b;

    for (size_t i = 0; i < x->key.n; i++) {
        int order = strcmp(x->key.at[i], y->key.at[i]);

        if (order)
            return order;
    }
    return strcmp(x->beside ? x->beside : "", y->beside ? y->beside : "");
}

/* ---- reading ---- */

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
static const char *part_of_key(const struct scorebook *b,
                               const struct stream_header *h, enum part part)
{
    static const enum part wanted[] = {[PICK_TRAIN] = PART_TRAIN,
                                       [PICK_VALID] = PART_VALID,
                                       [PICK_TEST] = PART_TEST};
    int pick = b->pick;

    if (pick == PICK_AUTO)
        pick = has_split(h) && !b->by_part ? PICK_TEST : PICK_ALL;
    if (pick == PICK_ALL)
        return b->by_part ? part_name(part) : "all";
    return part == wanted[pick] ? part_name(part) : NULL;
}

/* The kind of split, and whether only transients are in the test part. */
static char *split_name(const struct stream_header *h)
{
    const char *cpus = labels_get(&h->meta, META_WINDOW_TRANSIENT);
    char *split = score_split_pooled(split_of(h)), *name;

    if (!cpus)
        return split;
    name = xasprintf("%s transient>%s", split, cpus);
    free(split);
    return name;
}

static struct score_group *find_group(struct scorebook *b,
                                      const struct stream_header *h,
                                      const char *part)
{
    struct score_group *g = xcalloc(1, sizeof *g), **found;
    char *split = split_name(h);

    strings_add(&g->key, meta(h, META_MODEL, "unknown"));
    strings_add(&g->key, split);
    strings_add(&g->key, part);
    free(split);
    for (size_t i = 0; i < b->by.n; i++)
        strings_add(&g->key, meta(h, b->by.at[i], ""));
    g->beside = b->by_beside ? score_split_beside(split_of(h), &h->meta) : NULL;
    found = tsearch(g, &b->tree, compare_groups);
    if (found && *found != g) {
        score_group_release(g);
        free(g);
    }
    return found ? *found : NULL;
}

/* A hash of the run that a segment is of. */
static uint64_t run_of(const struct scorebook *b, const struct stream_header *h)
{
    char *run =
        labels_get(&h->meta, META_RUN)
            ? xasprintf("%s\n%s\n%s",
                        meta(h, META_MACHINE, meta(h, META_HOST, "")),
                        meta(h, META_WORKLOAD, ""), meta(h, META_RUN, ""))
            : xasprintf("segment %" PRIu64, b->segments);
    uint64_t hash = split_hash(run);

    free(run);
    return hash;
}

/* The group that a segment's rows of a part go to, and in it their unit. */
static int enter_group(struct scorebook *b, const struct stream_header *h,
                       const char *part, struct score_group **out,
                       struct err *e)
{
    const char *hash = meta(h, META_MODEL_HASH, "");
    struct score_group *g = *out = find_group(b, h, part);
    uint64_t unit = b->keep_units ? run_of(b, h) : 0;

    if (!g)
        return err_set(e, ERR_SYSTEM, "out of memory");
    if (!g->model_hash)
        g->model_hash = xstrdup(hash);
    g->mixed |= strcmp(g->model_hash, hash) != 0;
    if (!g->n_units || g->unit[g->n_units - 1].run != unit)
        add_unit(g, unit);
    return 0;
}

/* The test rows of one split are training rows of another. */
static void warn_of_leaks(struct scorebook *b, const struct stream_header *h)
{
    const char *trained = meta(h, META_TRAINED_ON, ""), *split = split_of(h);
    size_t n = strlen(split);

    if (b->warned || !*trained ||
        (has_split(h) && strncmp(trained, split, n) == 0 &&
         (trained[n] == ' ' || !trained[n])))
        return;
    b->warned = true;
    log_note(
        "the model was trained on split '%s', and these rows are of "
        "split '%s': if it learnt from some of them, the scores flatter it",
        trained, split);
}

static void name_model(struct scorebook *b, const struct stream_header *h)
{
    char *model = xasprintf("model %s, sha256 %s, trained on %s",
                            meta(h, META_MODEL, "unknown"),
                            meta(h, META_MODEL_HASH, "unknown"),
                            meta(h, META_TRAINED_ON, "unknown"));

    if (strings_find(&b->models, model) < 0) {
        strings_add(&b->models, model);
        log_verbose("%s", model);
    }
    free(model);
}

/* A segment that is being read. */
struct segment_rows {
    struct score_group *group[PART_TEST + 1]; /* NULL: not yet looked for */
    bool wanted[PART_TEST + 1], idle;         /* idle: by its label */
    int64_t start_ns;
    char *split;  /* with common rows alone, as is ... */
    uint64_t run; /* ... this */
};

static void begin_segment(struct scorebook *b, const struct stream_header *h,
                          const struct prediction *p, struct segment_rows *s)
{
    const char *label = b->idle.key ? labels_get(&h->meta, b->idle.key) : NULL;

    free(s->split);
    *s = (struct segment_rows){.start_ns = p->t_ns};
    s->idle = label && strcmp(label, b->idle.value) == 0;
    b->segments++;
    if (b->note || b->common) {
        s->split = split_name(h);
        s->run = run_of(b, h);
    }
    if (!b->label_seen)
        b->label_seen = xcalloc(b->by.n + 1, sizeof *b->label_seen);
    for (int part = PART_NONE; part <= PART_TEST; part++)
        s->wanted[part] = part_of_key(b, h, (enum part)part) != NULL;
    for (size_t i = 0; i < b->by.n; i++)
        b->label_seen[i] |= labels_get(&h->meta, b->by.at[i]) != NULL;
    warn_of_leaks(b, h);
    if (log_level() >= LOG_VERBOSE)
        name_model(b, h);
}

static void add_row(struct scorebook *b, struct score_group *g,
                    const struct segment_rows *s, const struct prediction *p)
{
    struct metric_row row = {
        .predicted_w = (double)p->power_w,
        .measured_w = (double)p->measured_w,
        .dt_s = (double)p->dt_s,
        .idle = is_idle(&b->idle, p, s->idle, s->start_ns),
        .support = (double)p->support,
        .far = fabsf(p->power_w - p->measured_w) > (float)b->far_w,
    };

    for (int i = 0; i < INTERVALS; i++) {
        row.lower_w[i] = (double)p->lower_w[i];
        row.upper_w[i] = (double)p->upper_w[i];
    }
    b->picked++;
    if (isnan(p->measured_w)) {
        g->unmeasured++;
        return;
    }
    b->measured++;
    metric_add(&g->unit[g->n_units - 1].metric, &row, b->mape_floor_w);
}

/* Is a row to be scored?  If rows are noted it never is. */
static bool counts(struct scorebook *b, const struct stream_header *h,
                   const struct segment_rows *s, const struct prediction *p)
{
    if (!s->wanted[p->part])
        return false;
    if (b->note)
        score_common_note(b->note, meta(h, META_MODEL, "unknown"), s->split,
                          s->run, p->t_ns);
    return !b->note && (!b->common ||
                        score_common_has(b->common, s->split, s->run, p->t_ns));
}

int scorebook_add(struct scorebook *b, const char *path, struct err *e)
{
    struct prediction_reader *r = NULL;
    struct segment_rows s = {.idle = false};
    struct prediction p;
    bool fresh;
    int status;

    if (prediction_reader_open(&r, path, e) < 0)
        return -1;
    stream_reader_allow_truncated(prediction_reader_stream(r),
                                  b->allow_truncated);
    while ((status = prediction_reader_next(r, &p, &fresh, e)) > 0) {
        const struct stream_header *h = prediction_reader_header(r);

        b->rows++;
        if (fresh)
            begin_segment(b, h, &p, &s);
        if (!counts(b, h, &s, &p))
            continue;
        if (!s.group[p.part] && enter_group(b, h, part_of_key(b, h, p.part),
                                            &s.group[p.part], e) < 0) {
            status = -1;
            break;
        }
        add_row(b, s.group[p.part], &s, &p);
    }
    free(s.split);
    prediction_reader_close(r);
    return status;
}

/* ---- all were read ---- */

/* Is there anything to compare?  If not, say why and what to do. */
static int check_rows(const struct scorebook *b, struct err *e)
{
    if (b->rows == 0)
        return err_set(e, ERR_DATA, "no predictions in the input");
    for (size_t i = 0; i < b->by.n; i++)
        if (!b->label_seen[i])
            return err_set(e, ERR_DATA,
                           "no segment has the label '%s' of --by (rapl-dump "
                           "--header shows the labels)",
                           b->by.at[i]);
    if (b->picked == 0)
        return err_set(e, ERR_DATA,
                       "none of the %" PRId64 " rows is of the part asked for "
                       "(--part all takes every row)",
                       b->rows);
    if (b->measured == 0)
        return err_set(e, ERR_DATA,
                       "none of the %" PRId64 " rows has a measured value to "
                       "compare with",
                       b->picked);
    return 0;
}

/* Called for each group, in the order of the keys. */
static void list_group(const void *node, VISIT when, void *arg)
{
    struct scorebook *b = arg;

    if (when != postorder && when != leaf)
        return;
    b->group = xreallocarray(b->group, b->n_groups + 1, sizeof *b->group);
    b->group[b->n_groups] = *(struct score_group *const *)node;
    score_group_sum(b->group[b->n_groups++]);
}

static bool same_pool(const struct score_group *x, const struct score_group *y)
{
    for (size_t i = 0; i < KEY_BY; i++)
        if (strcmp(x->key.at[i], y->key.at[i]) != 0)
            return false;
    return true;
}

static void begin_pool(struct scorebook *b, size_t first)
{
    struct score_pool *p;

    b->pool = xreallocarray(b->pool, b->n_pools + 1, sizeof *b->pool);
    p = &b->pool[b->n_pools++];
    *p = (struct score_pool){.first = first};
    for (size_t i = 0; i < KEY_BY; i++)
        strings_add(&p->all.key, b->group[first]->key.at[i]);
    for (size_t i = 0; i < b->by.n; i++)
        strings_add(&p->all.key, "all");
}

int scorebook_close(struct scorebook *b, struct err *e)
{
    if (check_rows(b, e) < 0)
        return -1;
    twalk_r(b->tree, list_group, b);
    for (size_t i = 0; i < b->n_groups; i++) {
        struct score_pool *p;

        if (i == 0 || !same_pool(b->group[i - 1], b->group[i]))
            begin_pool(b, i);
        p = &b->pool[b->n_pools - 1];
        p->n++;
        score_group_merge(&p->all, b->group[i]);
    }
    for (size_t i = 0; i < b->n_pools; i++)
        score_group_sum(&b->pool[i].all);
    return 0;
}

static void free_group(void *node)
{
    score_group_release(node);
    free(node);
}

void scorebook_release(struct scorebook *b)
{
    tdestroy(b->tree, free_group);
    for (size_t i = 0; i < b->n_pools; i++)
        score_group_release(&b->pool[i].all);
    free(b->pool);
    free(b->group);
    free(b->label_seen);
    strings_release(&b->models);
    strings_release(&b->by);
    idle_rule_release(&b->idle);
}
