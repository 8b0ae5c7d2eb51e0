#include "common/sweep/next_space.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/sample.h"

/* ---- axes ---- */

static struct next_axis *find_axis(const struct next_space *s,
                                   enum axis_kind kind, const char *name,
                                   const char *options)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->axis[i].kind == kind && strcmp(s->axis[i].name, name) == 0 &&
            (!options || strcmp(s->axis[i].options, options) == 0))
            return &s->axis[i];
    return NULL;
}

static int add_axis(struct next_space *s, enum axis_kind kind, const char *name,
                    const char *options, struct err *e)
{
    if (find_axis(s, kind, name, options))
        return 0;
    if (s->n == NEXT_MAX_AXES)
        return err_set(e, ERR_DATA,
                       "%s: more than %d different stressors, patterns and "
                       "programs: make two sweeps of it",
                       s->spec->name, NEXT_MAX_AXES);
    s->axis = xgrow(s->axis, s->n, &s->cap, sizeof *s->axis);
    s->axis[s->n++] = (struct next_axis){
        .kind = kind, .name = xstrdup(name), .options = xstrdup(options)};
    return 0;
}

static void add_level(struct next_axis *a, unsigned level)
{
    size_t i = 0;

    while (i < a->n_levels && a->level[i] < level)
        i++;
    if (i < a->n_levels && a->level[i] == level)
        return;
    a->level = xgrow(a->level, a->n_levels, &a->cap, sizeof *a->level);
    memmove(a->level + i + 1, a->level + i,
            (a->n_levels - i) * sizeof *a->level);
    a->level[i] = level;
    a->n_levels++;
}

static int add_stressor(struct next_space *s, const struct stressor *from,
                        struct err *e)
{
    char *options = strings_join(&from->options, " ");
    int rc = add_axis(s, AXIS_STRESSOR, from->name, options, e);
    struct next_axis *a = find_axis(s, AXIS_STRESSOR, from->name, options);

    free(options);
    if (rc < 0)
        return -1;
    add_level(a, 0);
    for (unsigned i = 0; i < from->n_levels; i++)
        add_level(a, from->level[i]);
    return 0;
}

static enum axis_kind axis_of_part(const struct sweep_part *p)
{
    return p->kind == PART_PATTERN ? AXIS_PATTERN
           : p->kind == PART_IDLE  ? AXIS_IDLE
                                   : AXIS_PROGRAM;
}

int next_space_make(struct next_space *s, const struct sweep_spec *spec,
                    struct err *e)
{
    s->spec = spec;
    for (size_t i = 0; i < spec->n_parts; i++) {
        const struct sweep_part *p = &spec->part[i];

        for (unsigned k = 0; p->kind != PART_IDLE && k < p->n_stressors; k++)
            if (add_stressor(s, &p->stressor[k], e) < 0)
                return -1;
        if (p->kind != PART_COMBINE &&
            add_axis(s, axis_of_part(p), p->name, "", e) < 0)
            return -1;
    }
    return 0;
}

void next_space_release(struct next_space *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->axis[i].name);
        free(s->axis[i].options);
        free(s->axis[i].level);
    }
    free(s->axis);
    *s = (struct next_space){0};
}

/* ---- places ---- */

static float place_of(const struct next_axis *a, double workers)
{
    size_t i = 1;
    double low, high;

    if (a->n_levels < 2 || workers <= 0)
        return 0;
    while (i + 1 < a->n_levels && workers > a->level[i])
        i++;
    low = a->level[i - 1];
    high = a->level[i];
    workers = workers < high ? workers : high;
    return (float)(((double)i - 1 + (workers - low) / (high - low)) /
                   (double)(a->n_levels - 1));
}

static void set(const struct next_space *s, float *at,
                const struct next_axis *a, float value)
{
    if (a)
        at[a - s->axis] = value;
}

/* A pattern works at its mean load, as far as anybody knows before. */
static double share_of(const struct sweep_part *p)
{
    return p->kind == PART_PATTERN ? (p->pattern.low + p->pattern.high) / 200
                                   : 1;
}

void next_space_of_run(const struct next_space *s, const struct sweep_run *r,
                       float *at)
{
    const struct sweep_part *p = r->part;

    for (size_t i = 0; i < s->n; i++)
        at[i] = 0;
    for (unsigned k = 0; p->kind != PART_IDLE && k < p->n_stressors; k++) {
        char *options = strings_join(&p->stressor[k].options, " ");
        const struct next_axis *a =
            find_axis(s, AXIS_STRESSOR, p->stressor[k].name, options);

        if (a)
            set(s, at, a, place_of(a, r->workers[k] * share_of(p)));
        free(options);
    }
    /* what is just idle lies where a combination of nothing does */
    if (p->kind != PART_COMBINE &&
        !(p->kind == PART_IDLE && p->idle == IDLE_PLAIN))
        set(s, at, find_axis(s, axis_of_part(p), p->name, NULL), 1);
}

/* Of a stressor with several sets of options, the one that the label says;
 * where there is none, the first. */
static bool is_of_label(const struct next_space *s, const struct next_axis *a,
                        const struct labels *meta)
{
    char *key = xasprintf("options.%s", a->name);
    const char *options = labels_get(meta, key);
    const struct next_axis *said =
        options ? find_axis(s, AXIS_STRESSOR, a->name, options) : NULL;

    free(key);
    return a == (said ? said : find_axis(s, AXIS_STRESSOR, a->name, NULL));
}

static void place_workers(const struct next_space *s, const struct labels *meta,
                          const struct next_axis *a, float *at)
{
    char *key = xasprintf("workers.%s", a->name);
    const char *text = labels_get(meta, key);
    bool is_pattern = strcmp(labels_get_or(meta, "load", ""), "pattern") == 0;
    double workers = text ? strtod(text, NULL) : 0;

    free(key);
    if (workers > 0 && workers <= SWEEP_MAX_WORKERS && is_of_label(s, a, meta))
        set(s, at, a, place_of(a, is_pattern ? workers / 2 : workers));
}

bool next_space_of_labels(const struct next_space *s, const struct labels *meta,
                          float *at)
{
    const char *load = labels_get(meta, "load");
    const char *idle = labels_get_or(meta, "idle", "plain");

    for (size_t i = 0; i < s->n; i++)
        at[i] = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->axis[i].kind == AXIS_STRESSOR)
            place_workers(s, meta, &s->axis[i], at);
    if (!load)
        return false;
    if (strcmp(load, "pattern") == 0)
        set(s, at,
            find_axis(s, AXIS_PATTERN, labels_get_or(meta, "pattern", ""),
                      NULL),
            1);
    if (strcmp(load, "idle") == 0 && strcmp(idle, "plain") != 0)
        set(s, at, find_axis(s, AXIS_IDLE, idle, NULL), 1);
    if (strcmp(load, "program") == 0)
        set(s, at,
            find_axis(s, AXIS_PROGRAM, labels_get_or(meta, META_WORKLOAD, ""),
                      NULL),
            1);
    return true;
}

/* ---- what is recorded ---- */

struct named {
    const char *name;
    size_t at; /* of the plan */
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static struct named *sort_names(const struct sweep_plan *p)
{
    struct named *names = xcalloc(p->n + 1, sizeof *names);

    for (size_t i = 0; i < p->n; i++)
        names[i] = (struct named){p->run[i].name, i};
    qsort(names, p->n, sizeof *names, by_name);
    return names;
}

static const struct named *find_named(const struct next_space *s,
                                      const struct named *names, size_t n,
                                      const struct labels *meta)
{
    const char *sweep = labels_get_or(meta, "sweep", s->spec->name);
    const struct named wanted = {labels_get_or(meta, META_RUN, ""), 0};

    if (strcmp(sweep, s->spec->name) != 0)
        return NULL;
    return bsearch(&wanted, names, n, sizeof *names, by_name);
}

/* A run of the plan that lies there and is not recorded yet; p->n: none. */
static size_t find_place(const struct next_space *s, const struct sweep_plan *p,
                         const float *places, const float *at,
                         const bool *recorded)
{
    for (size_t i = 0; i < p->n; i++)
        if (!recorded[i] &&
            memcmp(places + i * s->n, at, s->n * sizeof *at) == 0)
            return i;
    return p->n;
}

void next_space_match(const struct next_space *s, const struct sweep_plan *p,
                      const struct labels *const *meta, size_t R, float *at,
                      bool *known, bool *recorded)
{
    struct named *names = sort_names(p);
    float *places = xcalloc(p->n * s->n + 1, sizeof *places);
    bool *is_named = xcalloc(R + 1, sizeof *is_named);

    for (size_t i = 0; i < p->n; i++) {
        next_space_of_run(s, &p->run[i], places + i * s->n);
        recorded[i] = false;
    }
    for (size_t r = 0; r < R; r++) {
        const struct named *found = find_named(s, names, p->n, meta[r]);

        is_named[r] = known[r] = found != NULL;
        if (!found)
            continue;
        recorded[found->at] = true;
        next_space_of_run(s, &p->run[found->at], at + r * s->n);
    }
    for (size_t r = 0; r < R; r++) {
        size_t i = p->n;

        if (!is_named[r] && next_space_of_labels(s, meta[r], at + r * s->n)) {
            known[r] = true;
            i = find_place(s, p, places, at + r * s->n, recorded);
        }
        if (i < p->n)
            recorded[i] = true;
    }
    free(is_named);
    free(places);
    free(names);
}
