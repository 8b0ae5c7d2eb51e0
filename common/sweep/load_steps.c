#include "common/sweep/load_steps.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"

/* Streams of the generator, so that what is drawn for one use does not move
 * what is drawn for another. */
enum { DRAW_LEVEL, DRAW_BURST, DRAW_KIND, DRAW_STRESSOR };

enum { STAIRS = 5 }; /* of a staircase: 0, 25, 50, 75, 100 % of its range */

static const double BURST_SHARE = .3; /* of the time */
static const double WALK = .25;       /* a step's most, of the range */

/* ---- patterns: each gives 0..1 of the range ---- */

static double sine(double phase)
{
    return .5 - .5 * cos(2 * M_PI * phase);
}

/* Up and down again, over one period. */
static double stairs(double phase)
{
    double up = phase < .5 ? 2 * phase : 2 - 2 * phase;
    int stair = (int)(up * STAIRS);

    return (double)(stair < STAIRS ? stair : STAIRS - 1) / (STAIRS - 1);
}

/* A walk that is thrown back at both ends. */
static double walk(double at, double draw)
{
    double next = at + WALK * (2 * draw - 1);

    return next < 0 ? -next : next > 1 ? 2 - next : next;
}

void pattern_levels(const struct pattern *p, uint64_t seed, size_t n,
                    double *level)
{
    double at = .5;

    for (size_t i = 0; i < n; i++) {
        double t = (double)i * (double)p->step_ns / (double)p->period_ns;
        double draw = rng_unit(rng_at(seed, DRAW_LEVEL, i));
        double burst = rng_unit(rng_at(seed, DRAW_BURST, i));
        enum pattern_kind kind = p->kind;

        at = walk(at, draw);
        if (kind == PATTERN_MIXED)
            kind = (enum pattern_kind)(rng_at(seed, DRAW_KIND, (uint64_t)t) %
                                       PATTERN_MIXED);
        level[i] = kind == PATTERN_SINE       ? sine(t)
                   : kind == PATTERN_STEPS    ? stairs(t - floor(t))
                   : kind == PATTERN_BROWNIAN ? at
                   : kind == PATTERN_BURST    ? burst < BURST_SHARE
                                              : draw;
        level[i] = p->low + (p->high - p->low) * level[i];
    }
}

/* ---- commands ---- */

static void add_number(struct strings *argv, uint64_t v, const char *unit)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64 "%s", v, unit);
    strings_add(argv, text);
}

void stressor_words(struct strings *argv, const struct stressor *s,
                    unsigned workers)
{
    char *option = xasprintf("--%s", s->name);

    strings_add(argv, option);
    add_number(argv, workers, "");
    for (size_t i = 0; i < s->options.n; i++)
        strings_add(argv, s->options.at[i]);
    free(option);
}

/* stress-ng counts whole seconds; what is shorter is ended from outside. */
static void add_timeout(struct strings *argv, int64_t ns)
{
    strings_add(argv, "--metrics-brief");
    strings_add(argv, "--timeout");
    add_number(argv, (uint64_t)((ns + NS_PER_S - 1) / NS_PER_S), "s");
}

static struct load_step *add_step(struct load_steps *ls, int64_t from_ns,
                                  int64_t to_ns)
{
    struct load_step *step;

    ls->at = xgrow(ls->at, ls->n, &ls->cap, sizeof *ls->at);
    step = &ls->at[ls->n++];
    *step = (struct load_step){.from_ns = from_ns, .to_ns = to_ns};
    return step;
}

static void combine(struct load_steps *ls, const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;
    struct load_step *step = add_step(ls, 0, p->times.run_ns);

    if (sweep_run_is_idle(r) && p->kind == PART_COMBINE)
        return;
    strings_add(&step->argv, "stress-ng");
    for (unsigned k = 0; k < p->n_stressors; k++)
        if (r->workers[k])
            stressor_words(&step->argv, &p->stressor[k], r->workers[k]);
    add_timeout(&step->argv, p->times.run_ns);
}

/* A CPU worker takes a share of its CPU; of others some work and some not. */
static void add_level(struct load_step *step, const struct stressor *s,
                      double percent)
{
    bool cpu = strcmp(s->name, "cpu") == 0;
    unsigned workers = s->level[0];

    if (!cpu)
        workers = (unsigned)lround(workers * percent / 100);
    if (workers == 0 || (cpu && lround(percent) == 0))
        return;
    strings_add(&step->argv, "stress-ng");
    stressor_words(&step->argv, s, workers);
    if (cpu) {
        strings_add(&step->argv, "--cpu-load");
        add_number(&step->argv, (uint64_t)lround(percent), "");
    }
    add_timeout(&step->argv, step->to_ns - step->from_ns);
}

static void follow_pattern(struct load_steps *ls, const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;
    int64_t step_ns = p->pattern.step_ns, run_ns = p->times.run_ns;
    size_t n = (size_t)((run_ns + step_ns - 1) / step_ns);
    double *level = xcalloc(n, sizeof *level);

    pattern_levels(&p->pattern, r->seed, n, level);
    for (size_t i = 0; i < n; i++) {
        int64_t from = (int64_t)i * step_ns, to = from + step_ns;
        uint64_t k = rng_at(r->seed, DRAW_STRESSOR, i) % p->n_stressors;

        add_level(add_step(ls, from, to < run_ns ? to : run_ns),
                  &p->stressor[k], level[i]);
    }
    free(level);
}

static void heat(struct load_steps *ls, const struct sweep_run *r)
{
    int64_t ns = r->part->times.cool_down_ns;

    add_step(ls, 0, r->part->times.run_ns);
    strings_add(&ls->before, "stress-ng");
    stressor_words(&ls->before, &r->part->stressor[0], r->workers[0]);
    add_timeout(&ls->before, ns > NS_PER_S ? ns : NS_PER_S);
}

static void idle(struct load_steps *ls, const struct sweep_run *r)
{
    if (r->part->idle == IDLE_AFTER_LOAD)
        heat(ls, r);
    else if (r->part->idle == IDLE_TIMERS)
        combine(ls, r);
    else
        add_step(ls, 0, r->part->times.run_ns);
}

static void program(struct load_steps *ls, const struct sweep_run *r)
{
    struct load_step *step = add_step(ls, 0, r->part->times.run_ns);

    step->again = true;
    strings_add(&step->argv, "sh");
    strings_add(&step->argv, "-c");
    strings_add(&step->argv, r->part->command);
}

void load_steps_make(struct load_steps *ls, const struct sweep_run *r)
{
    static void (*const make[])(struct load_steps *,
                                const struct sweep_run *) = {
        [PART_COMBINE] = combine,
        [PART_PATTERN] = follow_pattern,
        [PART_IDLE] = idle,
        [PART_PROGRAM] = program,
    };

    *ls = (struct load_steps){0};
    make[r->part->kind](ls, r);
}

void load_steps_release(struct load_steps *ls)
{
    for (size_t i = 0; i < ls->n; i++)
        strings_release(&ls->at[i].argv);
    free(ls->at);
    strings_release(&ls->before);
    *ls = (struct load_steps){0};
}
