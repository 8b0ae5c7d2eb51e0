#include "common/sweep/run_labels.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

static void add_pair(struct strings *argv, const char *option,
                     const char *value)
{
    strings_add(argv, option);
    strings_add(argv, value);
}

__attribute__((format(printf, 3, 4))) static void label(struct strings *argv,
                                                        const char *key,
                                                        const char *fmt, ...)
{
    char *value, *pair;
    va_list ap;

    va_start(ap, fmt);
    value = xvasprintf(fmt, ap);
    va_end(ap);
    pair = xasprintf("%s=%s", key, value);
    add_pair(argv, "-l", pair);
    free(pair);
    free(value);
}

static unsigned workers_of(const struct sweep_run *r, const char *stressor)
{
    if (r->part->kind == PART_IDLE && r->part->idle == IDLE_AFTER_LOAD)
        return 0; /* they worked before */
    for (unsigned k = 0; k < r->part->n_stressors; k++)
        if (strcmp(r->part->stressor[k].name, stressor) == 0)
            return r->workers[k];
    return 0;
}

/* Of those that work, as far as they have any. */
static void label_options(struct strings *argv, const struct sweep_run *r)
{
    for (unsigned k = 0; k < r->part->n_stressors; k++) {
        const struct stressor *s = &r->part->stressor[k];
        char key[64], *words;

        if (s->options.n == 0 || workers_of(r, s->name) == 0)
            continue;
        words = strings_join(&s->options, " ");
        snprintf(key, sizeof key, "options.%s", s->name);
        label(argv, key, "%s", words);
        free(words);
    }
}

/* Of every stressor of the sweep, so that runs can be compared. */
static void label_workers(struct strings *argv, const struct sweep_spec *s,
                          const struct sweep_run *r)
{
    struct strings seen = {0};

    for (size_t i = 0; i < s->n_parts; i++)
        for (unsigned k = 0; k < s->part[i].n_stressors; k++) {
            const char *name = s->part[i].stressor[k].name;
            char key[64];

            if (strings_find(&seen, name) >= 0)
                continue;
            strings_add(&seen, name);
            snprintf(key, sizeof key, "workers.%s", name);
            label(argv, key, "%u", workers_of(r, name));
        }
    strings_release(&seen);
}

static void label_load(struct strings *argv, const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;

    label(argv, "load", "%s",
          sweep_run_is_idle(r) ? "idle" : part_kind_name(p->kind));
    label(argv, "held_out", "%s", p->held_out ? "yes" : "no");
    label(argv, "pattern", "%s",
          p->kind == PART_PATTERN ? pattern_kind_name(p->pattern.kind)
                                  : "none");
    label(argv, "seed", "%" PRIu64, r->seed);
    if (p->kind == PART_IDLE)
        label(argv, "idle", "%s", p->name);
    if (p->kind == PART_PROGRAM)
        label(argv, "command", "%s", p->command);
}

void run_sampler_words(struct strings *argv, const struct run_context *c,
                       const struct sweep_run *r, const char *output,
                       size_t order, unsigned attempt)
{
    const struct sweep_spec *s = c->spec;
    char interval[32];

    duration_format(s->interval_ns, interval, sizeof interval);
    strings_add(argv, c->sampler);
    strings_add(argv, "-q");
    add_pair(argv, "-i", interval);
    add_pair(argv, "--signals", s->signals);
    add_pair(argv, "--energy", s->energy);
    if (s->require_energy)
        strings_add(argv, "--require-energy");
    if (c->proc)
        add_pair(argv, "--proc", c->proc);
    if (c->sys)
        add_pair(argv, "--sys", c->sys);
    add_pair(argv, "--notes", "-");
    add_pair(argv, "-o", output);
    label(argv, "run", "%s", r->name);
    label(argv, "workload", "%s", r->workload);
    label(argv, "sweep", "%s", s->name);
    label(argv, "order", "%zu", order);
    label(argv, "attempt", "%u", attempt);
    label(argv, "stress_ng", "%s", *c->stress_ng ? c->stress_ng : "none");
    label_load(argv, r);
    label_workers(argv, s, r);
    label_options(argv, r);
}
