#include "common/sweep/sweep_spec.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/near.h"
#include "common/base/xalloc.h"

static const char *const part_kinds[] = {"combine", "pattern", "idle",
                                         "program", NULL};
static const char *const pattern_kinds[] = {
    "random", "sine", "burst", "brownian", "steps", "mixed", NULL};
static const char *const idle_kinds[] = {"plain", "long", "after_load",
                                         "timers", NULL};
static const char *const orders[] = {"written", "shuffled", NULL};

const char *part_kind_name(enum part_kind kind)
{
    return part_kinds[kind];
}

const char *pattern_kind_name(enum pattern_kind kind)
{
    return pattern_kinds[kind];
}

/* ---- values ---- */

/* Which of the names (ends with NULL) the text at key is. */
static int take_choice(const struct node *map, const char *key,
                       const char *const *names, int *out, struct err *e)
{
    const char *text = NULL, *near;

    if (node_text(map, key, &text, e) < 0)
        return -1;
    if (!text)
        return 0;
    for (int i = 0; names[i]; i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *out = i;
        return 0;
    }
    near = near_name(text, names);
    return node_error(node_get(map, key), e,
                      "%s: '%.60s' is not known; %s is the nearest", key, text,
                      near ? near : names[0]);
}

/* A duration, or 0. */
static int take_time(const struct node *map, const char *key, int64_t *ns,
                     struct err *e)
{
    const char *text = NULL;
    struct err why;

    if (node_text(map, key, &text, e) < 0)
        return -1;
    if (!text)
        return 0;
    if (strcmp(text, "0") == 0 || strcmp(text, "0s") == 0) {
        *ns = 0;
        return 0;
    }
    if (duration_parse(text, ns, &why) < 0)
        return node_error(node_get(map, key), e, "%s: %s", key, why.msg);
    if (*ns > 7 * 86400 * NS_PER_S)
        return node_error(node_get(map, key), e, "%s: longer than a week", key);
    return 0;
}

int workers_parse(const char *text, unsigned cpus, unsigned *workers)
{
    unsigned long times = 1, by = 1;
    bool share = strchr(text, 'N') != NULL;
    char *end = (char *)text;

    if (*text >= '0' && *text <= '9')
        times = strtoul(text, &end, 10);
    if (share && *end++ != 'N')
        return -1;
    if (share && *end == '/' && end[1] >= '1' && end[1] <= '9')
        by = strtoul(end + 1, &end, 10);
    if (*end || end == text || times > SWEEP_MAX_WORKERS)
        return -1;
    times = share ? times * cpus / by : times;
    if (times > SWEEP_MAX_WORKERS)
        return -1;
    *workers = (unsigned)times;
    return 0;
}

/* Words between blanks; a word that holds one cannot be had. */
static void take_words(struct strings *words, const char *text)
{
    struct strings pieces = {0};

    strings_split(&pieces, text, ' ');
    for (size_t i = 0; i < pieces.n; i++)
        if (*pieces.at[i])
            strings_add(words, pieces.at[i]);
    strings_release(&pieces);
}

static int take_times(const struct node *map, struct sweep_times *t,
                      struct err *e)
{
    static const char *const known[] = {"cool_down", "warm_up", "run",
                                        "ramp_down", NULL};
    const struct node *times = node_get(map, "times");

    if (!times)
        return 0;
    if (node_check_keys(times, known, e) < 0 ||
        take_time(times, "cool_down", &t->cool_down_ns, e) < 0 ||
        take_time(times, "warm_up", &t->warm_up_ns, e) < 0 ||
        take_time(times, "run", &t->run_ns, e) < 0 ||
        take_time(times, "ramp_down", &t->ramp_down_ns, e) < 0)
        return -1;
    if (t->run_ns < 100 * NS_PER_MS)
        return node_error(times, e, "run: shorter than 100ms");
    return 0;
}

/* ---- stressors ---- */

static int add_level(struct stressor *s, const struct node *at, unsigned cpus,
                     struct err *e)
{
    unsigned workers;

    if (at->kind != NODE_SCALAR || workers_parse(at->text, cpus, &workers) < 0)
        return node_error(at, e,
                          "levels: workers are 0 to %d, or a share of the N "
                          "CPUs: N/4, N/2, N, 2N",
                          SWEEP_MAX_WORKERS);
    for (unsigned i = 0; i < s->n_levels; i++)
        if (s->level[i] == workers)
            return 0;
    if (s->n_levels == SWEEP_MAX_LEVELS)
        return node_error(at, e, "levels: more than %d", SWEEP_MAX_LEVELS);
    s->level[s->n_levels++] = workers;
    return 0;
}

static int take_levels(struct stressor *s, const struct node *map,
                       unsigned cpus, struct err *e)
{
    const struct node *levels = node_get(map, "levels");

    if (!levels || (levels->kind == NODE_LIST && levels->n == 0))
        return node_error(map, e, "%s: no levels; such as levels: [0, N/2, N]",
                          s->name);
    if (levels->kind != NODE_LIST)
        return add_level(s, levels, cpus, e);
    for (size_t i = 0; i < levels->n; i++)
        if (add_level(s, levels->item[i], cpus, e) < 0)
            return -1;
    return 0;
}

/* What goes into names of files and options. */
static int check_word(const struct node *at, const char *text, struct err *e)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    if (n == 0 || text[n] || *text == '-' || n > 40)
        return node_error(at, e,
                          "'%.60s': a name is made of letters, digits, _ "
                          "and -",
                          text);
    return 0;
}

static struct stressor *new_stressor(struct sweep_part *p,
                                     const struct node *at, const char *name,
                                     struct err *e)
{
    struct stressor *s = &p->stressor[p->n_stressors];

    if (p->n_stressors == SWEEP_MAX_STRESSORS) {
        node_error(at, e, "more than %d stressors", SWEEP_MAX_STRESSORS);
        return NULL;
    }
    if (check_word(at, name, e) < 0)
        return NULL;
    for (unsigned i = 0; i < p->n_stressors; i++)
        if (strcmp(p->stressor[i].name, name) == 0) {
            node_error(at, e, "%s is here twice", name);
            return NULL;
        }
    p->n_stressors++;
    s->name = s->as = name;
    return s;
}

static int take_stressor(struct sweep_part *p, const struct node *map,
                         unsigned cpus, struct err *e)
{
    static const char *const known[] = {"stressor", "as", "levels", "options",
                                        NULL};
    const char *name = NULL, *options = "";
    struct stressor *s;

    if (node_check_keys(map, known, e) < 0 ||
        node_text(map, "stressor", &name, e) < 0)
        return -1;
    if (!name)
        return node_error(map, e, "no stressor; such as stressor: cpu");
    s = new_stressor(p, map, name, e);
    if (!s || node_text(map, "as", &s->as, e) < 0 ||
        check_word(map, s->as, e) < 0 ||
        node_text(map, "options", &options, e) < 0)
        return -1;
    take_words(&s->options, options);
    return take_levels(s, map, cpus, e);
}

static int take_combination(struct sweep_part *p, const struct node *map,
                            unsigned cpus, struct err *e)
{
    const struct node *list = node_get(map, "combine");

    if (list->kind != NODE_LIST || list->n == 0)
        return node_error(list, e, "combine: a list of stressors is wanted");
    for (size_t i = 0; i < list->n; i++)
        if (take_stressor(p, list->item[i], cpus, e) < 0)
            return -1;
    return 0;
}

/* ---- other parts ---- */

static int take_pattern(struct sweep_part *p, const struct node *map,
                        unsigned cpus, struct err *e)
{
    const struct node *list = node_get(map, "stressors");
    const char *workers = "N", *options = "";
    unsigned most = 0;
    int kind = 0;

    p->pattern = (struct pattern){.high = 100, .step_ns = NS_PER_S};
    if (take_choice(map, "pattern", pattern_kinds, &kind, e) < 0 ||
        node_real(map, "low", 0, 100, &p->pattern.low, e) < 0 ||
        node_real(map, "high", 0, 100, &p->pattern.high, e) < 0 ||
        take_time(map, "step", &p->pattern.step_ns, e) < 0 ||
        node_text(map, "workers", &workers, e) < 0 ||
        node_text(map, "options", &options, e) < 0)
        return -1;
    p->pattern.period_ns = p->times.run_ns / 3;
    if (p->pattern.period_ns < p->pattern.step_ns)
        p->pattern.period_ns = p->pattern.step_ns;
    if (take_time(map, "period", &p->pattern.period_ns, e) < 0)
        return -1;
    p->pattern.kind = (enum pattern_kind)kind;
    p->name = pattern_kinds[kind];
    if (p->pattern.low > p->pattern.high ||
        p->pattern.step_ns < 100 * NS_PER_MS ||
        p->pattern.period_ns < p->pattern.step_ns)
        return node_error(map, e,
                          "low is to be at most high, a step 100ms or longer, "
                          "a period a step or longer");
    if (p->times.run_ns / p->pattern.step_ns >= SWEEP_MAX_STEPS)
        return node_error(map, e, "more than %d steps a run", SWEEP_MAX_STEPS);
    if (workers_parse(workers, cpus, &most) < 0 || most == 0)
        return node_error(map, e, "workers: '%.40s' is no number of them",
                          workers);
    if (list && list->kind != NODE_LIST)
        return node_error(list, e, "stressors: a list is wanted: [cpu]");
    for (size_t i = 0; i < (list ? list->n : 1); i++) {
        const struct node *at = list ? list->item[i] : map;
        struct stressor *s = NULL;

        if (at->kind != NODE_SCALAR && list)
            return node_error(at, e, "stressors: a name is wanted");
        s = new_stressor(p, at, list ? at->text : "cpu", e);
        if (!s)
            return -1;
        s->level[s->n_levels++] = most;
        if (strcmp(s->name, "cpu") == 0)
            take_words(&s->options, options);
    }
    return 0;
}

static int take_idle(struct sweep_part *p, const struct node *map,
                     unsigned cpus, struct err *e)
{
    static const char *const stressors[] = {
        [IDLE_AFTER_LOAD] = "cpu", [IDLE_TIMERS] = "timer"};
    struct stressor *s;
    int kind = 0;

    if (take_choice(map, "idle", idle_kinds, &kind, e) < 0)
        return -1;
    p->idle = (enum idle_kind)kind;
    p->name = idle_kinds[kind];
    if (kind == IDLE_PLAIN || kind == IDLE_LONG)
        return 0;
    s = new_stressor(p, map, stressors[kind], e);
    if (!s)
        return -1;
    s->level[s->n_levels++] = kind == IDLE_TIMERS ? 1 : cpus;
    if (kind == IDLE_TIMERS)
        take_words(&s->options, "--timer-freq 1000");
    return 0;
}

static int take_program(struct sweep_part *p, const struct node *map,
                        struct err *e)
{
    const char *needs = "";

    p->held_out = true;
    if (node_text(map, "program", &p->name, e) < 0 ||
        check_word(map, p->name, e) < 0 ||
        node_text(map, "command", &p->command, e) < 0 ||
        node_text(map, "needs", &needs, e) < 0)
        return -1;
    if (!p->command || !*p->command)
        return node_error(map, e, "%s: no command", p->name);
    take_words(&p->needs, needs);
    return 0;
}

static int kind_of(const struct node *map, struct err *e)
{
    for (int k = 0; part_kinds[k]; k++)
        if (node_get(map, part_kinds[k]))
            return k;
    return node_error(map, e,
                      "a part is a combine, a pattern, an idle or a program");
}

static int check_part_keys(const struct node *map, int kind, struct err *e)
{
    static const char *const known[][14] = {
        [PART_COMBINE] = {"combine", "times", "held_out", NULL},
        [PART_PATTERN] = {"pattern", "times", "held_out", "count", "stressors",
                          "workers", "options", "low", "high", "step", "period",
                          NULL},
        [PART_IDLE] = {"idle", "times", "held_out", "count", NULL},
        [PART_PROGRAM] = {"program", "times", "held_out", "count", "command",
                          "needs", NULL},
    };

    return node_check_keys(map, known[kind], e);
}

static int take_part(struct sweep_spec *s, const struct node *map,
                     const struct sweep_times *times, struct err *e)
{
    struct sweep_part *p = &s->part[s->n_parts++];
    int kind = kind_of(map, e), rc = 0;
    int64_t count = 1;

    p->times = *times;
    if (kind < 0 || check_part_keys(map, kind, e) < 0 ||
        take_times(map, &p->times, e) < 0 ||
        node_int(map, "count", 1, SWEEP_MAX_RUNS, &count, e) < 0)
        return -1;
    p->kind = (enum part_kind)kind;
    p->count = (unsigned)count;
    switch (p->kind) {
    case PART_COMBINE:
        rc = take_combination(p, map, s->cpus, e);
        break;
    case PART_PATTERN:
        rc = take_pattern(p, map, s->cpus, e);
        break;
    case PART_IDLE:
        rc = take_idle(p, map, s->cpus, e);
        break;
    case PART_PROGRAM:
        rc = take_program(p, map, e);
        break;
    }
    return rc < 0 ? -1 : node_bool(map, "held_out", &p->held_out, e);
}

static int take_parts(struct sweep_spec *s, const struct node *root,
                      const struct sweep_times *times, struct err *e)
{
    const struct node *parts = node_get(root, "parts");

    if (!parts || parts->kind != NODE_LIST || parts->n == 0)
        return node_error(parts ? parts : root, e,
                          "parts: a list of what to run is wanted");
    if (parts->n > SWEEP_MAX_PARTS)
        return node_error(parts, e, "parts: more than %d", SWEEP_MAX_PARTS);
    s->part = xcalloc(parts->n, sizeof *s->part);
    for (size_t i = 0; i < parts->n; i++)
        if (take_part(s, parts->item[i], times, e) < 0)
            return -1;
    return 0;
}

int sweep_spec_read(struct sweep_spec *s, const struct node *root,
                    unsigned cpus, struct err *e)
{
    static const char *const known[] = {
        "name",           "interval",   "signals", "energy",
        "require_energy", "attempts",   "order",   "seed",
        "times",          "reserve_mb", "parts",   NULL};
    struct sweep_times times = {15 * NS_PER_S, NS_PER_S, 45 * NS_PER_S,
                                2 * NS_PER_S};
    int64_t seed = 42, reserve_mb = 512;
    int order = 0;

    *s = (struct sweep_spec){.name = "sweep",
                             .signals = "stat",
                             .energy = "auto",
                             .interval_ns = 16 * NS_PER_MS,
                             .attempts = 3,
                             .cpus = cpus};
    if (node_check_keys(root, known, e) < 0 ||
        node_text(root, "name", &s->name, e) < 0 ||
        check_word(root, s->name, e) < 0 ||
        node_text(root, "signals", &s->signals, e) < 0 ||
        node_text(root, "energy", &s->energy, e) < 0 ||
        node_bool(root, "require_energy", &s->require_energy, e) < 0 ||
        take_time(root, "interval", &s->interval_ns, e) < 0 ||
        node_int(root, "attempts", 1, 100, &s->attempts, e) < 0 ||
        node_int(root, "reserve_mb", 0, 1 << 30, &reserve_mb, e) < 0 ||
        node_int(root, "seed", 0, INT64_MAX, &seed, e) < 0 ||
        take_choice(root, "order", orders, &order, e) < 0 ||
        take_times(root, &times, e) < 0)
        return -1;
    if (s->interval_ns < 100 * NS_PER_US || s->interval_ns > 60 * NS_PER_S)
        return node_error(root, e, "interval: not in 100us..1m");
    s->seed = (uint64_t)seed;
    s->reserve = reserve_mb * 1000000;
    s->shuffled = order == 1;
    return take_parts(s, root, &times, e);
}

void sweep_spec_release(struct sweep_spec *s)
{
    for (size_t i = 0; i < s->n_parts; i++) {
        for (unsigned k = 0; k < s->part[i].n_stressors; k++)
            strings_release(&s->part[i].stressor[k].options);
        strings_release(&s->part[i].needs);
    }
    free(s->part);
    s->part = NULL;
    s->n_parts = 0;
}
