#include "common/sweep/sweep_plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"

/* doc/sampling.md has 7 bytes a row of `stat` and an energy zone on a quiet
 * machine; a busy one, and more signals, need more. */
enum { BYTES_STAT = 24, BYTES_ALL = 120, BYTES_BESIDE = 16 << 10 };

enum { STREAM_ORDER = 1, STREAM_RUNS = 2 }; /* of the generator */

static size_t count_part(const struct sweep_part *p)
{
    size_t n = p->count;

    if (p->kind != PART_COMBINE)
        return n;
    for (unsigned k = 0; k < p->n_stressors && n <= SWEEP_MAX_RUNS; k++)
        n *= p->stressor[k].n_levels;
    return n;
}

/* The i-th combination: the last stressor changes fastest. */
static void set_workers(struct sweep_run *r, size_t i)
{
    const struct sweep_part *p = r->part;

    r->workers = xcalloc(p->n_stressors + 1, sizeof *r->workers);
    for (unsigned k = p->n_stressors; k-- > 0;) {
        const struct stressor *s = &p->stressor[k];

        r->workers[k] = s->level[p->kind == PART_COMBINE ? i % s->n_levels : 0];
        if (p->kind == PART_COMBINE)
            i /= s->n_levels;
    }
}

bool sweep_run_is_idle(const struct sweep_run *r)
{
    if (r->part->kind == PART_IDLE)
        return true;
    for (unsigned k = 0; k < r->part->n_stressors; k++)
        if (r->workers[k])
            return false;
    return r->part->kind == PART_COMBINE;
}

/* The stressors that work in it, "cpu+vm". */
static char *workload_of(const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;
    struct strings names = {0};
    char *joined;

    if (sweep_run_is_idle(r))
        return xstrdup("idle");
    if (p->kind != PART_COMBINE)
        return xstrdup(p->name);
    for (unsigned k = 0; k < p->n_stressors; k++)
        if (r->workers[k])
            strings_add(&names, p->stressor[k].name);
    joined = strings_join(&names, "+");
    strings_release(&names);
    return joined;
}

static char *name_of(const struct sweep_run *r, size_t total, size_t i)
{
    const struct sweep_part *p = r->part;
    char *name = xasprintf("run_%u_of_%zu", r->number, total), *longer;

    for (unsigned k = 0; p->kind == PART_COMBINE && k < p->n_stressors; k++) {
        longer = xasprintf("%s-%s%u", name, p->stressor[k].as, r->workers[k]);
        free(name);
        name = longer;
    }
    if (p->kind == PART_COMBINE)
        return name;
    longer = xasprintf("%s-%s%s%s-%zu", name,
                       p->kind == PART_PROGRAM ? "" : part_kind_name(p->kind),
                       p->kind == PART_PROGRAM ? "" : "_", p->name, i + 1);
    free(name);
    return longer;
}

static void shuffle(struct sweep_plan *p, uint64_t seed)
{
    struct sweep_run *runs = xcalloc(p->n, sizeof *runs);
    uint32_t *order = xcalloc(p->n, sizeof *order);
    struct rng rng;

    for (size_t i = 0; i < p->n; i++)
        order[i] = (uint32_t)i;
    rng_init(&rng, seed, STREAM_ORDER);
    rng_shuffle(&rng, order, p->n);
    for (size_t i = 0; i < p->n; i++)
        runs[i] = p->run[order[i]];
    free(order);
    free(p->run);
    p->run = runs;
}

static void add_part(struct sweep_plan *p, const struct sweep_spec *s,
                     const struct sweep_part *part, size_t total)
{
    size_t n = count_part(part);

    for (size_t i = 0; i < n; i++) {
        struct sweep_run *r = &p->run[p->n++];

        r->number = (unsigned)p->n;
        r->part = part;
        r->seed = rng_at(s->seed, STREAM_RUNS, r->number);
        set_workers(r, i);
        r->name = name_of(r, total, i);
        r->workload = workload_of(r);
        p->total_ns += sweep_run_total_ns(r);
    }
}

static double years_of(const struct sweep_spec *s)
{
    double ns = 0;

    for (size_t i = 0; i < s->n_parts; i++) {
        const struct sweep_times *t = &s->part[i].times;

        ns += (double)count_part(&s->part[i]) *
              ((double)t->cool_down_ns + (double)t->warm_up_ns +
               (double)t->run_ns + (double)t->ramp_down_ns);
    }
    return ns / NS_PER_S / (365 * 86400.);
}

int sweep_plan_make(struct sweep_plan *p, const struct sweep_spec *s,
                    struct err *e)
{
    size_t total = 0;

    *p = (struct sweep_plan){0};
    for (size_t i = 0; i < s->n_parts && total <= SWEEP_MAX_RUNS; i++)
        total += count_part(&s->part[i]);
    if (total > SWEEP_MAX_RUNS)
        return err_set(e, ERR_DATA, "%s: more than %d runs; take fewer levels",
                       s->name, SWEEP_MAX_RUNS);
    if (years_of(s) > SWEEP_MAX_YEARS)
        return err_set(e, ERR_DATA, "%s: takes more than %d years", s->name,
                       SWEEP_MAX_YEARS);
    p->run = xcalloc(total, sizeof *p->run);
    for (size_t i = 0; i < s->n_parts; i++)
        add_part(p, s, &s->part[i], total);
    if (s->shuffled)
        shuffle(p, s->seed);
    return 0;
}

void sweep_plan_release(struct sweep_plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->run[i].name);
        free(p->run[i].workload);
        free(p->run[i].workers);
    }
    free(p->run);
    *p = (struct sweep_plan){0};
}

int64_t sweep_run_recorded_ns(const struct sweep_run *r)
{
    const struct sweep_times *t = &r->part->times;

    return t->warm_up_ns + t->run_ns + t->ramp_down_ns;
}

int64_t sweep_run_total_ns(const struct sweep_run *r)
{
    return sweep_run_recorded_ns(r) + r->part->times.cool_down_ns;
}

int64_t sweep_run_bytes(const struct sweep_run *r, const struct sweep_spec *s)
{
    int64_t rows = sweep_run_recorded_ns(r) / s->interval_ns + 1;
    bool small = strcmp(s->signals, "stat") == 0;

    return rows * (small ? BYTES_STAT : BYTES_ALL) + BYTES_BESIDE;
}
