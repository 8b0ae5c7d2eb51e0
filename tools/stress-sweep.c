/*
 * stress-sweep: from a machine to a labelled data set, run by run.
 *
 * Reads   a sweep in YAML
 * Writes  a plan of its runs
 *
 *     stress-sweep plan configs/sweep-original.yaml
 *
 * Exit: 0 done; 1 something of the sweep cannot be done here; 2 usage; 3 a bad
 * file; 4 system, such as no stress-ng.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/sweep/load_steps.h"
#include "common/sweep/stressng.h"
#include "common/sweep/sweep_file.h"
#include "formats/config.h"
#include "formats/grid.h"
#include "formats/output.h"

static const char FORMATS[] = "text|tsv|json|md";

struct options {
    struct cli_common common;
    int64_t cpus;
    struct strings set;
    bool list;
    int format;
};

/* ---- plan ---- */

static void fact(struct grid *g, const char *what, char *value)
{
    grid_string(g, what);
    grid_string(g, value);
    free(value);
}

static char *time_text(int64_t ns)
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
    fact(g, "time", time_text(f->plan.total_ns));
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

static struct grid *list_runs(const struct sweep_plan *p)
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

static struct grid *describe(const struct sweep_file *f,
                             const struct abilities *a)
{
    struct grid *g = grid_new("what,value");

    fact(g, "sweep", xstrdup(f->spec.name));
    fact(g, "CPUs", xasprintf("%u", f->spec.cpus));
    count_kinds(g, &f->plan);
    tell_needs(g, f);
    tell_abilities(g, a);
    return g;
}

/* Returns 0, ERR_VERDICT where something cannot be done, or -1. */
static int plan(const struct options *o, const char *path, struct err *e)
{
    struct abilities a = {0};
    struct grid *g = NULL;
    struct sweep_file f;
    int rc = sweep_file_open(&f, path, &o->set, (unsigned)o->cpus, e);

    if (rc == 0 && !o->list)
        rc = abilities_ask(&a, &f.spec, e);
    if (rc == 0) {
        g = o->list ? list_runs(&f.plan) : describe(&f, &a);
        rc = grid_write(g, o->common.output, (enum grid_format)o->format, e);
    }
    if (rc == 0 && a.n_cannot)
        rc = ERR_VERDICT;
    grid_free(g);
    abilities_release(&a);
    sweep_file_close(&f);
    return rc;
}

/* ---- the whole ---- */

static const struct verb {
    const char *name;
    int (*run)(const struct options *o, const char *operand, struct err *e);
} verbs[] = {{"plan", plan}};

static const struct verb *verb_of(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (name && strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT,
                        .cpus = sysconf(_SC_NPROCESSORS_ONLN)};
    struct opt opts[] = {
        {OPT_INT, 0, "cpus", &o.cpus, "N",
         "plan for N CPUs (default: those online here)", 1, 4096, 0, 0},
        {OPT_STRINGS, 0, "set", &o.set, "KEY=VALUE",
         "instead of what the file says: times.run=3s", 0, 0, 0, 0},
        {OPT_FLAG, 0, "list", &o.list, 0, "a line a run", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "text (the default), tsv, json, md", 0, 0, FORMATS, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {.name = "stress-sweep",
                      .usage = "plan [OPTIONS] SWEEP.yaml",
                      .about = "Put a machine under load, run by run, and "
                               "record each.",
                      .examples = "  stress-sweep plan sweep.yaml\n"
                                  "  stress-sweep plan --cpus 20 --list "
                                  "sweep.yaml",
                      .opts = opts};
    const struct verb *verb;
    struct err e;
    int first = cli_parse(&cli, argc, argv, &o.common), rc;

    if (config_file_options(o.common.config, &cli, &e) < 0)
        die(&e);
    verb = verb_of(argv[first]);
    if (!verb || argc - first != 2)
        cli_usage_error("say 'plan' and one file");
    if (output_check(o.common.output, o.common.config, argv + first + 1, 1,
                     &e) < 0)
        die(&e);
    rc = verb->run(&o, argv[first + 1], &e);
    if (rc < 0)
        die(&e);
    strings_release(&o.set);
    cli_release(&cli);
    return cli_finish(rc, -1, -1);
}
