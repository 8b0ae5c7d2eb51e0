/*
 * stress-sweep: from a machine to a labelled data set, run by run.
 *
 * Reads   a sweep in YAML
 * Writes  a folder: a sample stream a run, a journal; or a table; or a sweep
 *
 *     stress-sweep run -o data sweep.yaml
 *
 * The one program that starts others: stress-ng and rapl-sample.
 *
 * Exit: 0 done, or ended by a signal; 1 something of the sweep cannot be done
 * here, or runs were given up; 2 usage, such as a sweep that was begun with
 * other settings; 3 a bad file; 4 system: no stress-ng, another sweep at work,
 * a full disk.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/stop.h"
#include "common/base/version.h"
#include "common/base/xalloc.h"
#include "common/estimator/next_sweep.h"
#include "common/probe/machine.h"
#include "common/sweep/sweep_begun.h"
#include "common/sweep/sweep_energy.h"
#include "common/sweep/sweep_go.h"
#include "common/sweep/sweep_tables.h"
#include "common/sweep/sweep_watch.h"
#include "formats/config.h"
#include "formats/json.h"
#include "formats/output.h"

static const char FORMATS[] = "text|tsv|json|md";

enum { STOP_S = 60 }; /* that a sweep may take to end */

struct options {
    struct cli_common common;
    int64_t cpus; /* 0: those online */
    struct strings set;
    bool list, leave_out, retry;
    const char *model; /* of next */
    int64_t n_next;
    bool yaml;
    char *const *data; /* operands before the sweep */
    int n_data;
    int format;
    const char *proc, *sys, *lock;
};

static int write_grid(const struct options *o, struct grid *g, struct err *e)
{
    int rc = grid_write(g, o->common.output, (enum grid_format)o->format, e);

    grid_free(g);
    return rc;
}

static unsigned cpus_here(const struct options *o)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    return (unsigned)(o->cpus ? o->cpus : online > 0 ? online : 1);
}

static struct roots roots_of(const struct options *o)
{
    return (struct roots){.proc = o->proc ? o->proc : "/proc",
                          .sys = o->sys ? o->sys : "/sys",
                          .dev = "/dev"};
}

/* ---- plan ---- */

static struct grid *table_of(const struct options *o,
                             const struct sweep_file *f,
                             const struct abilities *a)
{
    struct roots roots = roots_of(o);
    struct grid *g;
    char *energy;

    if (o->list)
        return sweep_table_runs(&f->plan);
    energy = sweep_energy_find(&f->spec, &roots);
    g = sweep_table_plan(f, a, energy);
    free(energy);
    return g;
}

/* Returns 0, ERR_VERDICT where something cannot be done, or -1. */
static int plan(const struct options *o, const char *path, struct err *e)
{
    struct abilities a = {0};
    struct sweep_file f;
    int rc = sweep_file_open(&f, path, &o->set, cpus_here(o), e);

    if (rc == 0 && !o->list)
        rc = abilities_ask(&a, &f.spec, e);
    if (rc == 0)
        rc = write_grid(o, table_of(o, &f, &a), e);
    if (rc == 0 && a.n_cannot)
        rc = ERR_VERDICT;
    abilities_release(&a);
    sweep_file_close(&f);
    return rc;
}

/* ---- a sweep that was begun ---- */

static int status(const struct options *o, const char *path, struct err *e)
{
    struct sweep_state s = {0};
    struct sweep_begun b;
    int rc = sweep_begun_open(&b, path, e);

    if (rc == 0)
        rc = sweep_state_read(&s, &b.dir, &b.file.plan, e);
    if (rc == 0)
        rc = write_grid(
            o, sweep_table_status(&b.file, &s, sweep_dir_holder(&b.dir)), e);
    sweep_state_release(&s);
    sweep_begun_close(&b);
    return rc;
}

static int stop(const struct options *o, const char *path, struct err *e)
{
    static const struct timespec pause = {0, 50 * NS_PER_MS};
    struct sweep_dir d;
    int rc = sweep_dir_open(&d, path, false, e);
    pid_t holder = rc == 0 ? sweep_dir_holder(&d) : 0;
    int64_t end_ns = clock_monotonic_ns() + STOP_S * NS_PER_S;

    (void)o;
    if (holder && kill(holder, SIGTERM) < 0)
        rc = err_sys(e, "process %d", (int)holder);
    while (rc == 0 && holder && sweep_dir_holder(&d) == holder) {
        if (clock_monotonic_ns() > end_ns)
            rc = err_set(e, ERR_SYSTEM, "process %d does not end in %d s",
                         (int)holder, STOP_S);
        nanosleep(&pause, NULL);
    }
    if (rc == 0 && !holder)
        log_note("%s: no sweep is at work there", path);
    if (rc == 0) /* one that was killed could not clean up */
        run_clean_up(&d);
    sweep_dir_close(&d);
    return rc;
}

/* ---- at work ---- */

/* The machine and the programs, as they are now. */
static void find_facts(const struct options *o, const char *stress_ng,
                       struct labels *facts)
{
    struct roots roots = roots_of(o);

    machine_describe(&roots, facts);
    labels_setf(facts, "sweep_cpus", "%u", cpus_here(o));
    labels_set(facts, "sweep_proc", roots.proc);
    labels_set(facts, "sweep_sys", roots.sys);
    labels_set(facts, "stress_ng", *stress_ng ? stress_ng : "none");
    labels_set(facts, "decode_rapl", RAPL_VERSION);
}

static int check_machine(const struct sweep_begun *b,
                         const struct labels *facts, struct err *e)
{
    struct strings lines = {0};
    int rc = sweep_begun_check_machine(b, facts, &lines, e);

    for (size_t i = 0; i < lines.n; i++)
        log_warn("%s", lines.at[i]);
    strings_release(&lines);
    return rc;
}

static int check_abilities(const struct options *o, const struct sweep_spec *s,
                           const struct abilities *a, struct err *e)
{
    struct roots roots = roots_of(o);

    for (size_t i = 0; i < a->n; i++)
        if (a->at[i].why)
            log_warn("cannot %s: %s", a->at[i].what, a->at[i].why);
    if (!a->n_cannot || o->leave_out)
        return sweep_energy_check(s, &roots, e);
    return err_set(e, ERR_VERDICT,
                   "not all can be done here: mend that, or "
                   "leave such runs out with --leave-out");
}

/* The rapl-sample beside us, or else the one in PATH; on the heap. */
static char *find_sampler(void)
{
    static const char name[] = "rapl-sample";
    char self[4096], *beside, *slash;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    self[n > 0 ? n : 0] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return xstrdup(name);
    beside = xasprintf("%.*s/%s", (int)(slash - self), self, name);
    if (access(beside, X_OK) == 0)
        return beside;
    free(beside);
    return xstrdup(name);
}

/* What all get that we start: a mark by which they are found, and a place for
 * temporary files that is emptied. */
static void set_environment(const struct sweep_dir *d)
{
    char *scratch = xasprintf("%s/scratch", d->path);

    setenv("TMPDIR", scratch, 1);
    processes_mark(d->path);
    free(scratch);
}

static int work(const struct options *o, struct sweep_begun *b,
                struct abilities *a, const struct labels *facts, struct err *e)
{
    struct sweep_go g = {
        .plan = &b->file.plan, .abilities = a, .retry = o->retry};
    struct roots roots = roots_of(o);
    char *sampler = find_sampler();
    struct sweep_watch w;
    int rc;

    g.context = (struct run_context){.spec = &b->file.spec,
                                     .dir = &b->dir,
                                     .proc = o->proc,
                                     .sys = o->sys,
                                     .sampler = sampler,
                                     .stress_ng = a->version};
    stop_on_hangup();
    rc = processes_adopt(e);
    set_environment(&b->dir);
    if (rc == 0)
        rc = sweep_go_begin(&g, facts, e);
    if (rc == 0) {
        sweep_watch_begin(&w, &g, &roots);
        rc = sweep_go(&g, e);
        sweep_watch_end(&w);
        log_note("%zu of %zu runs are good, %zu given up, %zu left out",
                 g.state.n_good, g.plan->n, g.state.n_given_up,
                 g.state.n_left_out);
    }
    sweep_go_release(&g);
    free(sampler);
    return rc;
}

/* The roots of the first start, unless others are named (and refused). */
static int take_root(const struct sweep_begun *b, const char *key,
                     const char *own, const char **root, struct err *e)
{
    const char *kept = NULL;

    if (node_text(b->machine, key, &kept, e) < 0)
        return -1;
    if (!*root && kept && strcmp(kept, own) != 0)
        *root = kept;
    return 0;
}

/* Go on with what is in the folder. */
static int resume(const struct options *given, const char *path, struct err *e)
{
    struct options with = *given, *o = &with;
    struct abilities a = {0};
    struct labels facts = {0};
    struct sweep_begun b;
    int rc = sweep_begun_open(&b, path, e);

    if (rc == 0)
        rc = take_root(&b, "sweep_proc", "/proc", &with.proc, e);
    if (rc == 0)
        rc = take_root(&b, "sweep_sys", "/sys", &with.sys, e);
    if (rc == 0)
        rc = sweep_dir_lock(&b.dir, e);
    if (rc == 0)
        rc = sweep_machine_lock(o->lock, e);
    if (rc == 0)
        rc = abilities_ask(&a, &b.file.spec, e);
    if (rc == 0) {
        find_facts(o, a.version, &facts);
        rc = check_machine(&b, &facts, e);
    }
    if (rc == 0)
        rc = check_abilities(o, &b.file.spec, &a, e);
    if (rc == 0)
        rc = work(o, &b, &a, &facts, e);
    labels_release(&facts);
    abilities_release(&a);
    sweep_begun_close(&b);
    return rc;
}

/* ---- begin ---- */

static int keep(const struct sweep_dir *d, const char *name, char *text,
                struct err *e)
{
    int rc = sweep_dir_keep(d, name, text, e);

    free(text);
    return rc < 0 ? -1 : 0;
}

/* Settings that were kept are those that are used: others are refused. */
static int check_settings(const struct sweep_begun *b, const struct node *root,
                          struct err *e)
{
    struct strings lines = {0};
    int rc = sweep_begun_check(b, root, &lines, e);

    for (size_t i = 0; i < lines.n; i++)
        log_error("%s", lines.at[i]);
    strings_release(&lines);
    return rc;
}

/* Keep what the sweep is and where, once it is known that it can be done. */
static int begin(const struct options *o, const struct sweep_file *f,
                 struct err *e)
{
    struct abilities a = {0};
    struct labels facts = {0};
    struct sweep_dir d = {.lock_fd = -1};
    int rc = abilities_ask(&a, &f->spec, e);

    if (rc == 0)
        rc = check_abilities(o, &f->spec, &a, e);
    if (rc == 0)
        rc = sweep_dir_open(&d, o->common.output, true, e);
    find_facts(o, a.version, &facts);
    if (rc == 0)
        rc = keep(&d, "machine.json", json_of_labels(&facts), e);
    if (rc == 0)
        rc = keep(&d, "settings.json", json_of(f->root), e);
    sweep_dir_close(&d);
    labels_release(&facts);
    abilities_release(&a);
    return rc;
}

static int run(const struct options *o, const char *path, struct err *e)
{
    struct sweep_file f;
    struct sweep_begun b = {0};
    char *settings;
    int rc;

    if (output_is_stdout(o->common.output))
        cli_usage_error("run: name a folder for the data with -o");
    settings = xasprintf("%s/settings.json", o->common.output);
    rc = sweep_file_open(&f, path, &o->set, cpus_here(o), e);
    if (rc == 0 && access(settings, F_OK) < 0)
        rc = begin(o, &f, e);
    if (rc == 0)
        rc = sweep_begun_open(&b, o->common.output, e);
    if (rc == 0)
        rc = check_settings(&b, f.root, e);
    sweep_begun_close(&b);
    sweep_file_close(&f);
    free(settings);
    return rc < 0 ? -1 : resume(o, o->common.output, e);
}

/* ---- next ---- */

static int next(const struct options *o, const char *path, struct err *e)
{
    struct next_request q = {.model = o->model,
                             .sweep = path,
                             .set = &o->set,
                             .data = o->data,
                             .n_data = o->n_data,
                             .cpus = cpus_here(o),
                             .n = (size_t)o->n_next,
                             .threads = cli_threads(&o->common),
                             .output = o->common.output,
                             .yaml = o->yaml,
                             .format = (enum grid_format)o->format};

    if (!o->model)
        cli_usage_error("next: name the checkpoint of a model with --model");
    return next_of_sweep(&q, e);
}

/* ---- the whole ---- */

/* What is started works in a folder of its own. */
static void make_absolute(const char **path)
{
    char *whole = *path ? realpath(*path, NULL) : NULL;

    if (*path && !whole)
        cli_usage_error("%s: no such folder", *path);
    *path = whole;
}

static const struct verb {
    const char *name;
    int (*run)(const struct options *o, const char *operand, struct err *e);
} verbs[] = {{"plan", plan},     {"run", run},   {"resume", resume},
             {"status", status}, {"stop", stop}, {"next", next}};

static const struct verb *verb_of(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (name && strcmp(name, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

/* The verb and its operands; only next takes more than one. */
static int work_on(struct options *o, struct cli *cli, char **operand, int n)
{
    const struct verb *verb;
    struct err e;
    int rc;

    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    verb = verb_of(operand[0]);
    if (!verb || n < 2 || (n > 2 && verb->run != next))
        cli_usage_error("say plan, run, resume, status, stop or next, and of "
                        "what");
    o->data = operand + 1;
    o->n_data = n - 2;
    if (output_check(o->common.output, o->common.config, operand + 1, n - 1,
                     &e) < 0)
        die(&e);
    make_absolute(&o->proc);
    make_absolute(&o->sys);
    rc = verb->run(o, operand[n - 1], &e);
    if (rc < 0)
        die(&e);
    free((char *)o->proc);
    free((char *)o->sys);
    return rc;
}

int main(int argc, char **argv)
{
    struct options o = {
        .common = CLI_COMMON_INIT, .n_next = 200, .lock = "stress-sweep"};
    struct opt opts[] = {
        {OPT_INT, 0, "cpus", &o.cpus, "N",
         "plan for N CPUs (default: those online here)", 1, 4096, 0, 0},
        {OPT_STRINGS, 0, "set", &o.set, "KEY=VALUE",
         "instead of what the file says: times.run=3s", 0, 0, 0, 0},
        {OPT_FLAG, 0, "list", &o.list, 0, "plan: a line a run", 0, 0, 0, 0},
        {OPT_CHOICE, 0, "format", &o.format, "FORMAT",
         "text (the default), tsv, json, md", 0, 0, FORMATS, 0},
        {OPT_FLAG, 0, "leave-out", &o.leave_out, 0,
         "go without what cannot be done here", 0, 0, 0, 0},
        {OPT_FLAG, 0, "retry", &o.retry, 0,
         "resume: also what was given up or left out", 0, 0, 0, 0},
        {OPT_STRING, 0, "model", &o.model, "CKPT",
         "next: what is to learn more", 0, 0, "*.ckpt", 0},
        {OPT_INT, 'n', "count", &o.n_next, "N",
         "next: runs to pick (default 200)", 1, SWEEP_MAX_RUNS, 0, 0},
        {OPT_FLAG, 0, "yaml", &o.yaml, 0, "next: as a sweep that run takes", 0,
         0, 0, 0},
        {OPT_STRING, 0, "lock", &o.lock, "NAME",
         "sweeps of one NAME do not run at once", 0, 0, 0, 0},
        {OPT_STRING, 0, "proc", &o.proc, "DIR", "instead of /proc", 0, 0, 0, 0},
        {OPT_STRING, 0, "sys", &o.sys, "DIR", "instead of /sys", 0, 0, 0, 0},
        CLI_COMMON(&o.common)};
    struct cli cli = {
        .name = "stress-sweep",
        .usage = "plan|run|resume|status|stop|next [OPTIONS] SWEEP.yaml|DIR",
        .about = "Put a machine under load, run by run, and record each.",
        .examples = "  stress-sweep plan sweep.yaml\n"
                    "  stress-sweep run -o data sweep.yaml\n"
                    "  stress-sweep status data\n"
                    "  stress-sweep next --model v3.ckpt data",
        .opts = opts};
    int first = cli_parse(&cli, argc, argv, &o.common), rc;

    rc = work_on(&o, &cli, argv + first, argc - first);
    strings_release(&o.set);
    cli_release(&cli);
    return cli_finish(rc, -1, -1);
}
