/*
 * rapl-sample: record what this machine shows.
 *
 * Reads /proc, /sys and an energy source; writes a sample stream.
 *
 *     rapl-sample -i 16ms | rapl-window --like MODEL | rapl-infer MODEL
 *
 * Exit codes: 0 done, 2 usage, 4 system, also where --require-energy finds no
 * energy; with "-- COMMAND" those of the command, 128 + the signal that killed
 * it, 127 if there is no such command, 126 if it cannot be run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/child.h"
#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/recorder/heading.h"
#include "common/recorder/privilege.h"
#include "common/recorder/recorder.h"
#include "formats/config.h"
#include "formats/output.h"

#define SLOW_NS (100 * NS_PER_MS) /* from here on, all signals are cheap */
#define SHORTEST_NS (100 * NS_PER_US)
#define LONGEST_NS (86400 * NS_PER_S)
#define FLUSH_FILE_NS (5 * NS_PER_S)

struct options {
    struct cli_common common;
    struct roots roots;
    int64_t interval_ns, duration_ns, count, level, cpu;
    const char *signals, *energy, *flush, *rotate, *notes;
    struct strings labels;
    bool list, require_energy, realtime;

    int64_t flush_ns; /* -1: as the output has it */
    struct files_plan files;
};

struct sampler {
    const struct options *o;
    struct probe probe;
    struct child child;
    struct notes notes;
    bool has_command;
    cpu_set_t cpus; /* that were ours before --cpu */
};

static bool should_stop(void *arg)
{
    struct sampler *s = arg;

    return stop_requested() || (s->has_command && child_ended(&s->child));
}

/* ---- before it ---- */

static void describe(struct sampler *s, const struct cli *cli,
                     struct stream_header *h)
{
    const struct options *o = s->o;
    char *line = cli_provenance(cli, &o->common);
    struct err e;

    if (heading_make(h, &s->probe, &o->roots, o->interval_ns, &o->labels, line,
                     &e) < 0)
        cli_usage_error("%s", e.msg);
    free(line);
}

/* A file is written now and then; whoever reads a pipe wants it now. */
static int64_t flush_interval(const struct options *o)
{
    const char *path = o->common.output;
    struct stat st;

    if (o->flush_ns >= 0)
        return o->flush_ns;
    if ((output_is_stdout(path) ? fstat(STDOUT_FILENO, &st) : stat(path, &st)) <
        0)
        return FLUSH_FILE_NS;
    return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ? 0 : FLUSH_FILE_NS;
}

/* A counter may go round once between two samples, not twice. */
static void check_interval(const struct sampler *s)
{
    const struct energy_domain *d;
    int64_t longest = energy_longest_ns(&s->probe.energy, &d);
    char most[32];

    if (longest >= s->o->interval_ns)
        return;
    longest -= longest % (longest > 9 * NS_PER_S ? NS_PER_S : NS_PER_MS);
    duration_format(longest, most, sizeof most);
    log_warn("energy:%s may go round unseen in an interval over %s, and is "
             "unknown then; choose a shorter one with -i",
             d->name, most);
}

static void tell_energy(const struct sampler *s)
{
    const struct options *o = s->o;
    struct err e = s->probe.no_energy;
    struct strings lines = {0};

    if (o->require_energy && !s->probe.energy.serving) {
        err_prefix(&e, "no energy source");
        die(&e);
    }
    for (size_t i = 0; i < s->probe.notes.n; i++)
        log_warn("%s", s->probe.notes.at[i]);
    if (!s->probe.energy.serving && strcmp(o->energy, "none") != 0 && !o->list)
        log_note("no energy is recorded: %s", e.msg);
    energy_explain(&s->probe.energy, &lines);
    for (size_t i = 0; i < lines.n; i++)
        log_verbose("%s", lines.at[i]);
    strings_release(&lines);
    check_interval(s);
}

static void open_probe(struct sampler *s)
{
    const struct options *o = s->o;
    const char *signals = o->signals;
    struct err e;

    if (!signals)
        signals = o->list || o->interval_ns >= SLOW_NS ? "all" : "stat";
    if (probe_open(&s->probe, &o->roots, o->energy, o->list, signals, &e) < 0)
        die(&e);
    tell_energy(s);
    for (size_t i = 0; i < s->probe.n_parts; i++)
        if (!s->probe.part[i].open)
            log_verbose("no %s: %s", s->probe.part[i].source->name,
                        s->probe.part[i].absent.msg);
}

/* ---- --list ---- */

static void list_domain(const struct energy *en, const struct energy_part *part,
                        size_t i)
{
    const struct energy_domain *d = &part->domains.at[i];
    char *channel = xasprintf("energy:%s", d->name);
    char now[24] = "-";
    bool used = energy_is_used(en, part, i);

    if (d->shown)
        snprintf(now, sizeof now, "%" PRIu64, d->uj);
    printf("%-9s %-24s %-7s %-7s %20s", part->backend->name, channel, "counter",
           "uJ", now);
    if (d->t_ns > d->first_ns && d->state == ENERGY_GOOD)
        printf("  %.1f W", energy_watts(d));
    if (d->wrap_uj)
        printf("  wraps at %" PRIu64, d->wrap_uj);
    printf("  %s%s%s", used ? "recorded" : "not recorded", *d->why ? ": " : "",
           d->why);
    if (!used)
        printf(" (%s)", d->place);
    else if (energy_overlap(d->name))
        printf(", never summed: %s", energy_overlap(d->name));
    putchar('\n');
    free(channel);
}

static void list_energy(const struct energy *en)
{
    for (size_t p = 0; p < en->n_parts; p++) {
        const struct energy_part *part = &en->part[p];

        if (part != en->serving)
            printf("%-9s %s: %s\n", part->backend->name,
                   part->domains.n ? "not recorded" : "absent",
                   part->why_not.msg);
        for (size_t i = 0; i < part->domains.n; i++)
            list_domain(en, part, i);
    }
}

static void list_part(const struct sampler *s, const struct probe_part *part,
                      const uint64_t *now)
{
    if (!part->open)
        printf("%-9s absent: %s\n", part->source->name, part->absent.msg);
    for (size_t i = 0; i < part->n; i++) {
        const struct channel *c = &s->probe.channels.at[part->first + i];

        printf("%-9s %-24s %-7s %-7s %20" PRIu64, part->source->name, c->name,
               c->kind == CHANNEL_COUNTER ? "counter" : "gauge", c->unit,
               now[part->first + i]);
        if (c->wrap)
            printf("  wraps at %" PRIu64, c->wrap);
        putchar('\n');
    }
}

static int list(struct sampler *s, struct err *e)
{
    uint64_t *now = xcalloc(s->probe.channels.n, sizeof *now);
    int rc = probe_read(&s->probe, now, e);

    if (rc == 0)
        printf("%-9s %-24s %-7s %-7s %20s\n", "SOURCE", "CHANNEL", "KIND",
               "UNIT", "NOW");
    if (rc == 0)
        list_energy(&s->probe.energy);
    for (size_t i = 0; i < s->probe.n_parts && rc == 0; i++)
        list_part(s, &s->probe.part[i], now);
    free(now);
    return rc;
}

/* ---- the whole ---- */

static void check_options(const struct options *o)
{
    if (o->interval_ns < SHORTEST_NS || o->interval_ns > LONGEST_NS)
        cli_usage_error("--interval: not in 100us..1d");
    if (o->count > 0 && o->duration_ns > 0)
        cli_usage_error("--count and --duration: one of them");
    if (o->signals && *o->signals == '\0')
        cli_usage_error("--signals: name one of " PROBE_SIGNALS ", all");
}

/* What options say in words of their own. */
static void check_output(struct options *o)
{
    struct err e;

    o->flush_ns = o->flush && strcmp(o->flush, "sample") == 0 ? 0 : -1;
    if (o->flush && o->flush_ns < 0 &&
        duration_parse(o->flush, &o->flush_ns, &e) < 0)
        cli_usage_error("--flush: neither 'sample' nor a time: %s", e.msg);
    o->files.path = o->common.output;
    o->files.level = (int)o->level;
    if (!o->rotate)
        return;
    if (output_is_stdout(o->common.output))
        cli_usage_error("--rotate: name the files with -o");
    if (files_parse_rotation(&o->files, o->rotate, &e) < 0)
        cli_usage_error("--rotate: %s", e.msg);
    if (o->files.every_ns > 0 && o->files.every_ns < o->interval_ns)
        cli_usage_error("--rotate: a file has to hold an --interval at least");
}

/* Returns the index of the command in argv. */
static int parse(struct options *o, struct cli *cli, int argc, char **argv)
{
    struct opt opts[] = {
        {OPT_DURATION, 'i', "interval", &o->interval_ns, "TIME",
         "between samples (default 16ms)", 0, 0, 0, 0},
        {OPT_INT, 'n', "count", &o->count, "N", "end after N samples", 1, 9e15,
         0, 0},
        {OPT_DURATION, 'd', "duration", &o->duration_ns, "TIME",
         "end after TIME", 0, 0, 0, 0},
        {OPT_STRINGS, 'l', "label", &o->labels, "KEY=VALUE",
         "a label, workload=gzip; may be repeated", 0, 0, 0, 0},
        {OPT_STRING, 0, "signals", &o->signals, "LIST",
         "what, such as stat,mem,freq, or all", 0, 0, PROBE_SIGNALS ",all", 0},
        {OPT_STRING, 0, "cgroup", &o->roots.cgroup, "PATH",
         "a control group to record beside the machine", 0, 0, 0, 0},
        {OPT_STRING, 0, "energy", &o->energy, "WAY",
         "of " ENERGY_CHOICES " (default auto)", 0, 0, ENERGY_CHOICES, 0},
        {OPT_FLAG, 0, "require-energy", &o->require_energy, 0,
         "exit 4 where no energy can be read", 0, 0, 0, 0},
        {OPT_FLAG, 0, "list", &o->list, 0,
         "show what there is to record, and its values", 0, 0, 0, 0},
        {OPT_STRING, 0, "flush", &o->flush, "TIME",
         "write so often, or each 'sample' (a pipe)", 0, 0, 0, 0},
        {OPT_INT, 0, "level", &o->level, "N",
         "of zstd, 1 (fastest) to 19 (smallest); default 3", 1, 19, 0, 0},
        {OPT_STRING, 0, "rotate", &o->rotate, "LIMIT",
         "another file after so long or so much: 1h, 100MB", 0, 0, 0, 0},
        {OPT_STRING, 0, "notes", &o->notes, "FILE",
         "lines there ('-': standard input) become notes", 0, 0, 0, 0},
        {OPT_FLAG, 0, "realtime", &o->realtime, 0,
         "run before other programs, memory locked", 0, 0, 0, 0},
        {OPT_INT, 0, "cpu", &o->cpu, "N", "stay on that CPU", 0, 1e6, 0, 0},
        {OPT_STRING, 0, "proc", &o->roots.proc, "DIR", "instead of /proc", 0, 0,
         0, 0},
        {OPT_STRING, 0, "sys", &o->roots.sys, "DIR", "instead of /sys", 0, 0, 0,
         0},
        {OPT_STRING, 0, "dev", &o->roots.dev, "DIR", "instead of /dev", 0, 0, 0,
         0},
        CLI_COMMON(&o->common),
    };
    struct err e;
    int first;

    cli->opts = opts;
    first = cli_parse(cli, argc, argv, &o->common);
    if (config_file_options(o->common.config, cli, &e) < 0)
        die(&e);
    cli->opts = NULL;
    check_options(o);
    check_output(o);
    if (first < argc && strcmp(argv[first - 1], "--") != 0)
        cli_usage_error("'%s': a command goes behind --", argv[first]);
    if (first < argc && o->notes && strcmp(o->notes, "-") == 0)
        cli_usage_error(
            "--notes: standard input is the command's; name a FIFO");
    return first;
}

/* Be as punctual as was asked for, but for the command. */
static void take_privileges(struct sampler *s)
{
    struct err e;

    if ((s->o->cpu >= 0 && privilege_pin((int)s->o->cpu, &s->cpus, &e) < 0) ||
        (s->o->realtime && privilege_realtime(&e) < 0))
        die(&e);
}

/* Start the command once the output is there to record it. */
static void start(struct sampler *s, char **command)
{
    struct err e;

    if (!*command)
        return;
    if (s->o->cpu >= 0)
        privilege_unpin(&s->cpus);
    if (child_start(&s->child, command, output_is_stdout(s->o->common.output),
                    &e) < 0) {
        log_error("%s", e.msg);
        exit(s->child.status);
    }
    s->has_command = true;
    if (s->o->cpu >= 0 &&
        privilege_pin((int)s->o->cpu, &(cpu_set_t){0}, &e) < 0)
        log_warn("%s", e.msg);
}

static void tell(const struct ledger *l)
{
    struct strings lines = {0};

    if (log_level() >= LOG_VERBOSE)
        ledger_lines(l, &lines);
    for (size_t i = 0; i < lines.n; i++)
        log_verbose("%s", lines.at[i]);
    strings_release(&lines);
}

static int run(struct sampler *s, struct files *files, struct stream_header *h,
               struct err *e)
{
    const struct options *o = s->o;
    struct recorder_plan plan = {o->interval_ns, o->duration_ns, o->count,
                                 flush_interval(o)};
    struct recorder r;
    struct err late;
    int rc;

    recorder_init(&r, &plan, &s->probe);
    recorder_watch(&r, &watch_eyes_here, &o->roots);
    if (o->notes)
        r.marks.notes = &s->notes;
    r.stop = should_stop;
    r.stop_arg = s;
    rc = recorder_run(&r, files, h, e);
    if (o->notes)
        notes_close(&s->notes);
    if (files_close(files, &late) < 0 && rc == 0) {
        *e = late;
        rc = -1;
    }
    tell(&r.ledger);
    recorder_release(&r);
    return rc;
}

/* The recording is complete; the command may still be at work. */
static int outcome(struct sampler *s, int rc, const struct err *e)
{
    int status = 0;

    if (rc < 0)
        log_error("%s", e->msg);
    if (s->has_command)
        status = child_wait(&s->child);
    return rc < 0 ? (int)e->code : status;
}

int main(int argc, char **argv)
{
    struct options o = {
        .common = CLI_COMMON_INIT,
        .roots = {.proc = "/proc", .sys = "/sys", .dev = "/dev"},
        .energy = "auto",
        .interval_ns = 16 * NS_PER_MS,
        .cpu = -1};
    struct cli cli = {
        .name = "rapl-sample",
        .usage = "[OPTIONS] [-- COMMAND...]",
        .about = "Record what this machine shows, and its energy where that "
                 "can be read.",
        .examples =
            "  rapl-sample -d 20s -o idle.rapl\n"
            "  rapl-sample -l workload=gzip -o gzip.rapl -- gzip -k FILE",
    };
    int first = parse(&o, &cli, argc, argv);
    struct sampler s = {.o = &o};
    struct files files;
    struct stream_header h;
    struct err e;
    int code, rc;

    open_probe(&s);
    if (o.list) {
        rc = list(&s, &e);
        code = outcome(&s, rc, &e);
    } else {
        describe(&s, &cli, &h);
        take_privileges(&s);
        if (output_check_one(o.common.output, o.common.config, &e) < 0 ||
            (o.notes && notes_open(&s.notes, o.notes, &e) < 0) ||
            files_open(&files, &o.files, &e) < 0)
            die(&e);
        start(&s, argv + first);
        rc = run(&s, &files, &h, &e);
        code = outcome(&s, rc, &e);
        stream_header_release(&h);
    }
    probe_close(&s.probe);
    strings_release(&o.labels);
    cli_release(&cli);
    return cli_finish(code, -1, -1);
}
