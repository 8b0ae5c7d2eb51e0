#include "common/sweep/sweep_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/sweep/load_steps.h"

static void fact(struct grid *g, const char *what, char *value)
{
    grid_string(g, what);
    grid_string(g, value);
    free(value);
}

char *sweep_time_text(int64_t ns)
{
    int64_t s = (ns + NS_PER_S - 1) / NS_PER_S;

    if (s < 60)
        return xasprintf("%" PRId64 " s", s);
    if (s < 3600)
        return xasprintf("%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
    return xasprintf("%" PRId64 " h %02" PRId64 " min", s / 3600, s / 60 % 60);
}

static void count_kinds(struct grid *g, const struct sweep_plan *p)
{
    size_t kinds[4] = {0}, idle = 0, held_out = 0;

    for (size_t i = 0; i < p->n; i++) {
        bool none = sweep_run_is_idle(&p->run[i]);

        idle += none;
        kinds[p->run[i].part->kind] += !none;
        held_out += p->run[i].part->held_out;
    }
    fact(g, "runs", xasprintf("%zu", p->n));
    fact(g, "combinations", xasprintf("%zu", kinds[PART_COMBINE]));
    fact(g, "patterns", xasprintf("%zu", kinds[PART_PATTERN]));
    fact(g, "programs", xasprintf("%zu", kinds[PART_PROGRAM]));
    fact(g, "idle", xasprintf("%zu", idle));
    fact(g, "held out", xasprintf("%zu", held_out));
}

static void tell_needs(struct grid *g, const struct sweep_file *f)
{
    struct statvfs fs;
    int64_t bytes = 0;

    for (size_t i = 0; i < f->plan.n; i++)
        bytes += sweep_run_bytes(&f->plan.run[i], &f->spec);
    fact(g, "time", sweep_time_text(f->plan.total_ns));
    fact(g, "disk at most", xasprintf("%.1f MB", (double)bytes / 1e6));
    if (statvfs(".", &fs) == 0)
        fact(g, "disk free here",
             xasprintf("%.1f MB",
                       (double)fs.f_bavail * (double)fs.f_frsize / 1e6));
}

static void tell_abilities(struct grid *g, const struct abilities *a)
{
    fact(g, "stress-ng", xstrdup(*a->version ? a->version : "not needed"));
    for (size_t i = 0; i < a->n; i++)
        fact(g, a->at[i].why ? "cannot" : "can",
             xasprintf("%s%s%s", a->at[i].what, a->at[i].why ? ": " : "",
                       a->at[i].why ? a->at[i].why : ""));
}

/* What a run starts first, as a line. */
static char *command_of(const struct sweep_run *r)
{
    struct load_steps steps;
    char *text = NULL;

    load_steps_make(&steps, r);
    for (size_t i = 0; i < steps.n && !text; i++)
        if (steps.at[i].argv.n)
            text = strings_join(&steps.at[i].argv, " ");
    load_steps_release(&steps);
    return text;
}

struct grid *sweep_table_runs(const struct sweep_plan *p)
{
    struct grid *g = grid_new("run,workload,held_out,seconds,command");

    for (size_t i = 0; i < p->n; i++) {
        const struct sweep_run *r = &p->run[i];
        char *command = command_of(r);

        grid_string(g, r->name);
        grid_string(g, r->workload);
        grid_string(g, r->part->held_out ? "yes" : "no");
        grid_number(g, (double)sweep_run_total_ns(r) / NS_PER_S, 3);
        grid_string(g, command);
        free(command);
    }
    return g;
}

struct grid *sweep_table_plan(const struct sweep_file *f,
                              const struct abilities *a, const char *energy)
{
    struct grid *g = grid_new("what,value");

    fact(g, "sweep", xstrdup(f->spec.name));
    fact(g, "CPUs", xasprintf("%u", f->spec.cpus));
    count_kinds(g, &f->plan);
    tell_needs(g, f);
    fact(g, "energy", xstrdup(energy));
    tell_abilities(g, a);
    return g;
}

struct grid *sweep_table_status(const struct sweep_file *f,
                                const struct sweep_state *s, pid_t holder)
{
    size_t left = s->n - s->n_good - s->n_given_up - s->n_left_out;
    struct grid *g = grid_new("what,value");

    fact(g, "sweep", xstrdup(f->spec.name));
    fact(g, "state",
         holder      ? xasprintf("at work, process %d", (int)holder)
         : left == 0 ? xstrdup("done")
                     : xstrdup("stopped"));
    fact(g, "runs", xasprintf("%zu", s->n));
    fact(g, "good", xasprintf("%zu", s->n_good));
    fact(g, "given up", xasprintf("%zu", s->n_given_up));
    fact(g, "left out", xasprintf("%zu", s->n_left_out));
    fact(g, "bad attempts", xasprintf("%zu", s->n_bad));
    for (size_t i = 0; i < f->plan.n; i++)
        if (s->run[f->plan.run[i].number - 1].begun)
            fact(g, holder ? "now" : "interrupted",
                 xstrdup(f->plan.run[i].name));
    fact(g, "to do", xasprintf("%zu", left));
    fact(g, "time left", sweep_time_text(sweep_state_left_ns(s, &f->plan)));
    if (s->damaged)
        fact(g, "damaged lines", xasprintf("%zu", s->damaged));
    return g;
}
