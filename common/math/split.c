#include "common/math/split.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/labels.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"

enum { N_PARTS = 3, TRAIN = 1, VALID = 2, TEST = 3 };

static int parse_ratios(struct split *s, const char *text, struct err *e)
{
    double sum = 0;

    for (int p = 0; p < N_PARTS; p++) {
        char *end;

        s->ratio[p] = strtod(text, &end);
        if (end == text || !(s->ratio[p] >= 0) || !isfinite(s->ratio[p]) ||
            *end != (p < N_PARTS - 1 ? ',' : '\0'))
            return err_set(e, ERR_USAGE,
                           "--ratios: three numbers, train,valid,test, such "
                           "as 80,10,10");
        sum += s->ratio[p];
        text = end + 1;
    }
    if (!(sum > 0) || !isfinite(sum))
        return err_set(e, ERR_USAGE, "--ratios: nothing is left of 0,0,0");
    for (int p = 0; p < N_PARTS; p++)
        s->ratio[p] /= sum;
    return 0;
}

/* A value reaches up to a comma that another KEY=VALUE follows. */
static const char *value_end(const char *value)
{
    const char *comma = strchr(value, ',');

    while (comma && comma[1 + strcspn(comma + 1, "=,")] != '=')
        comma = strchr(comma + 1, ',');
    return comma ? comma : value + strlen(value);
}

static int parse_leave(struct split *s, const char *text, struct err *e)
{
    s->kind = SPLIT_LEAVE;
    for (const char *end = text; *end; text = end + (*end == ',')) {
        const char *equals = strchr(text, '=');
        char *key, *value;

        end = equals ? value_end(equals + 1) : text;
        if (!equals || equals == text || end == equals + 1)
            return err_set(e, ERR_USAGE,
                           "--split leave:KEY=VALUE, not leave:%s", text);
        key = xstrndup(text, (size_t)(equals - text));
        value = xstrndup(equals + 1, (size_t)(end - equals - 1));
        strings_add(&s->key, key);
        strings_add(&s->value, value);
        free(key);
        free(value);
    }
    if (s->ratio[0] + s->ratio[1] > 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "--ratios: neither train nor valid has a share of what "
                   "is not left out");
}

int split_parse(struct split *s, const char *text, const char *ratios,
                uint64_t seed, struct err *e)
{
    static const struct {
        const char *name;
        enum split_kind kind;
    } plain[] = {{"none", SPLIT_NONE},
                 {"shuffle", SPLIT_SHUFFLE},
                 {"run", SPLIT_RUN},
                 {"time", SPLIT_TIME}};

    memset(s, 0, sizeof *s);
    s->seed = seed;
    if (parse_ratios(s, ratios, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(text, plain[i].name) == 0) {
            s->kind = plain[i].kind;
            return 0;
        }
    if (strncmp(text, "leave:", 6) == 0 && text[6])
        return parse_leave(s, text + 6, e);
    if (strncmp(text, "group:", 6) != 0 || !text[6])
        return err_set(e, ERR_USAGE,
                       "--split none, shuffle, run, group:KEY, "
                       "leave:KEY=VALUE or time, not '%s'",
                       text);
    s->kind = SPLIT_GROUP;
    strings_split(&s->key, text + 6, ',');
    return strings_find(&s->key, "") < 0
               ? 0
               : err_set(e, ERR_USAGE, "--split %s: an empty label", text);
}

void split_release(struct split *s)
{
    strings_release(&s->key);
    strings_release(&s->value);
    memset(s, 0, sizeof *s);
}

bool split_needs_all(const struct split *s)
{
    return s->kind >= SPLIT_RUN;
}

/* ---- whole groups ---- */

struct group {
    const char *name;
    uint64_t rows;
    uint8_t part;
};

static int by_name(const void *a, const void *b)
{
    const struct group *p = a, *q = b;

    return strcmp(p->name, q->name);
}

/* Sort by name and put those of one name together; returns how many remain. */
static size_t merge_groups(struct group *g, size_t n)
{
    size_t m = 0;

    qsort(g, n, sizeof *g, by_name);
    for (size_t i = 0; i < n; i++)
        if (m > 0 && strcmp(g[m - 1].name, g[i].name) == 0)
            g[m - 1].rows += g[i].rows;
        else
            g[m++] = g[i];
    return m;
}

/* The part that misses most rows; `only_empty`: of those that have no group. */
static int neediest(const double missing[N_PARTS], const double ratio[N_PARTS],
                    const size_t groups[N_PARTS], bool only_empty)
{
    int best = -1;

    for (int p = 0; p < N_PARTS; p++)
        if (ratio[p] > 0 && !(only_empty && groups[p] > 0) &&
            (best < 0 || missing[p] > missing[best]))
            best = p;
    return best;
}

/* Give each group, in a random order, to the part that misses most rows. */
static void deal(struct group *g, size_t n, const double ratio[N_PARTS],
                 uint64_t seed)
{
    uint32_t *order = xcalloc(n + 1, sizeof *order);
    size_t groups[N_PARTS] = {0}, empty = 0;
    double missing[N_PARTS], total = 0;
    struct rng rng;

    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
        total += (double)g[i].rows;
    }
    for (int p = 0; p < N_PARTS; p++) {
        missing[p] = ratio[p] * total;
        empty += ratio[p] > 0;
    }
    rng_init(&rng, seed, split_hash("split"));
    rng_shuffle(&rng, order, n);
    for (size_t i = 0; i < n; i++) {
        struct group *it = &g[order[i]];
        int p = neediest(missing, ratio, groups, empty > 0 && n - i <= empty);

        assert(p >= 0); /* some part has a share: split_parse() */
        empty -= groups[p]++ == 0;
        missing[p] -= (double)it->rows;
        it->part = (uint8_t)(p + TRAIN);
    }
    free(order);
}

bool split_leaves(const char *left_out, const char *value)
{
    size_t n = strlen(value);

    if (strcmp(left_out, value) == 0)
        return true;
    for (const char *at = left_out; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (n > 0 && strncmp(at, value, n) == 0 &&
            (at[n] == '|' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* How many of the values to leave out a run has. */
static size_t n_left_out(const struct split *s, const struct split_run *r)
{
    struct strings values = {0};
    size_t n = 0;

    strings_split(&values, r->value, '\n');
    for (size_t i = 0; i < values.n && i < s->value.n; i++)
        n += split_leaves(s->value.at[i], values.at[i]);
    strings_release(&values);
    return n;
}

/* What the group of a run is called; NULL: it is left out, and `part` its. */
static const char *group_of(const struct split *s, const struct split_run *r,
                            uint8_t *part)
{
    size_t n = s->kind == SPLIT_LEAVE ? n_left_out(s, r) : 0;

    if (s->kind == SPLIT_GROUP)
        return r->value;
    *part = n == s->value.n ? TEST : 0;
    return n ? NULL : r->run;
}

/* Has a run this value of label k? */
static bool occurs(const struct split_run *runs, size_t n, size_t k,
                   const char *value)
{
    bool found = false;

    for (size_t i = 0; i < n && !found; i++) {
        struct strings values = {0};

        strings_split(&values, runs[i].value, '\n');
        found = k < values.n && strcmp(values.at[k], value) == 0;
        strings_release(&values);
    }
    return found;
}

/* Of several values to leave out of one label, does each occur? */
static bool all_occur(const struct split *s, const struct split_run *runs,
                      size_t n)
{
    bool all = true;

    for (size_t k = 0; k < s->value.n && all; k++) {
        struct strings one = {0};

        strings_split(&one, s->value.at[k], '|');
        for (size_t i = 0; i < one.n && all; i++)
            all = occurs(runs, n, k, one.at[i]) ||
                  occurs(runs, n, k, s->value.at[k]);
        strings_release(&one);
    }
    return all;
}

static int nothing_to_leave(const struct split *s, struct group *g, size_t n,
                            const struct split_run *runs, struct err *e)
{
    char values[512] = "", *keys = strings_join(&s->key, ",");
    char *wanted = strings_join(&s->value, ",");
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        g[i] = (struct group){.name = runs[i].value};
    n = merge_groups(g, n);
    for (size_t i = 0; i < n && len < sizeof values; i++)
        len += (size_t)snprintf(values + len, sizeof values - len, "%s%s",
                                i ? ", " : "", g[i].name);
    for (size_t i = 0; values[i]; i++)
        values[i] = values[i] == '\n' ? '/' : values[i];
    err_set(e, ERR_DATA, "no run has %s=%s; there is %s", keys, wanted,
            n ? values : "no run at all");
    free(keys);
    free(wanted);
    return -1;
}

int split_runs(const struct split *s, struct split_run *runs, size_t n,
               struct err *e)
{
    struct group *g = xcalloc(n + 1, sizeof *g);
    double ratio[N_PARTS] = {s->ratio[0], s->ratio[1], s->ratio[2]};
    size_t m = 0, n_test = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        const char *name = group_of(s, &runs[i], &runs[i].part);

        if (name)
            g[m++] = (struct group){name, runs[i].rows, 0};
        else
            n_test += runs[i].part == TEST;
    }
    if (s->kind == SPLIT_LEAVE) {
        ratio[0] /= s->ratio[0] + s->ratio[1];
        ratio[1] = 1 - ratio[0];
        ratio[2] = 0;
        if (n_test == 0 || !all_occur(s, runs, n))
            rc = nothing_to_leave(s, g, n, runs, e);
    }
    if (rc == 0) {
        m = merge_groups(g, m);
        deal(g, m, ratio, s->seed);
    }
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct group key = {.name = group_of(s, &runs[i], &runs[i].part)};
        struct group *found =
            key.name ? bsearch(&key, g, m, sizeof *g, by_name) : NULL;

        if (found)
            runs[i].part = found->part;
    }
    free(g);
    return rc;
}

/* ---- single windows ---- */

static uint8_t part_at(const double ratio[N_PARTS], double at)
{
    if (at < ratio[0])
        return TRAIN;
    return at < ratio[0] + ratio[1] || ratio[2] <= 0 ? VALID : TEST;
}

uint64_t split_hash(const char *run)
{
    uint64_t h = 0;

    for (; *run; run++)
        h = rng_mix(h ^ (uint8_t)*run);
    return h;
}

uint8_t split_shuffle(const struct split *s, uint64_t run_hash, uint64_t row)
{
    return part_at(s->ratio, rng_unit(rng_at(s->seed, run_hash, row)));
}

uint8_t split_time(const struct split *s, uint64_t n_rows, uint64_t row,
                   uint64_t span)
{
    uint8_t part = part_at(s->ratio, (double)row / (double)n_rows);

    if (part_at(s->ratio,
                row < span ? 0 : (double)(row - span) / (double)n_rows) != part)
        return 0; /* the window reaches back over a border */
    return part;
}
