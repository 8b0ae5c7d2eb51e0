#include "common/sweep/run_once.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/sweep/run_labels.h"

#define POLL_NS (10 * NS_PER_MS)   /* for a file that will appear */
#define START_NS (20 * NS_PER_S)   /* rapl-sample may take to begin */
#define OWN_END_NS (2 * NS_PER_S)  /* stress-ng to end by its own clock */
#define GRACE_NS (10 * NS_PER_S)   /* between a signal and SIGKILL */
#define EARLY_NS (250 * NS_PER_MS) /* a load may be shorter by that, */
#define EARLY_SHARE 20             /* or by a 20th */

struct one {
    const struct run_context *c;
    const struct sweep_run *run;
    struct run_result *out;
    struct process sampler, load;
    bool sampling;
    int notes, log;
    char *part, *log_path, *scratch;
};

/* ---- what went wrong ---- */

static int fail(struct one *o, enum outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The first word counts.  Returns -1. */
static int fail(struct one *o, enum outcome outcome, const char *fmt, ...)
{
    va_list ap;

    if (o->out->outcome != RUN_GOOD)
        return -1;
    o->out->outcome = outcome;
    va_start(ap, fmt);
    vsnprintf(o->out->why, sizeof o->out->why, fmt, ap);
    va_end(ap);
    return -1;
}

/* What its programs said last, for a message. */
static const char *last_words(const struct one *o, char *text, size_t size)
{
    off_t end = lseek(o->log, 0, SEEK_END), from = end - (off_t)size + 1;
    ssize_t n = pread(o->log, text, size - 1, from > 0 ? from : 0);
    char *line;

    while (n > 0 && text[n - 1] == '\n')
        n--;
    text[n > 0 ? n : 0] = '\0';
    line = strrchr(text, '\n');
    for (char *c = text; *c; c++)
        *c = *c >= ' ' && *c <= '~' ? *c : '?';
    return line ? line + 1 : text;
}

static int fail_ended(struct one *o, const char *program, int status)
{
    char text[256];

    return fail(o, RUN_BAD, "%s ended, status %d: %s", program, status,
                last_words(o, text, sizeof text));
}

/* ---- waiting ---- */

/* Returns 0 then, 1 where the load ended first, -1 where all is over. */
static int wait_until(struct one *o, int64_t until_ns, const char *phase)
{
    struct process *const ours[] = {&o->sampler, &o->load};
    bool loaded = o->load.pid != 0;

    for (;;) {
        if (stop_requested())
            return fail(o, RUN_STOPPED, "asked to stop");
        if (o->sampling && process_ended(&o->sampler)) {
            o->sampling = false;
            return fail_ended(o, "rapl-sample", o->sampler.status);
        }
        if (loaded && process_ended(&o->load))
            return 1;
        if (clock_monotonic_ns() >= until_ns)
            return 0;
        if (sweep_dir_free(o->c->dir) < o->c->spec->reserve)
            return fail(o, RUN_BAD, "the disk is nearly full");
        processes_reap(ours, 2);
        if (o->c->tell)
            o->c->tell(o->c->tell_arg, o->run, phase);
        processes_wait(until_ns);
    }
}

/* ---- the recording ---- */

static int start(struct one *o, struct process *p, const struct strings *words,
                 int in)
{
    char **argv = xcalloc(words->n + 1, sizeof *argv);
    struct process_plan plan = {argv, o->scratch, in, o->log};
    struct err e;
    int rc;

    memcpy(argv, words->at, words->n * sizeof *argv);
    rc = process_start(p, &plan, &e);
    free(argv);
    return rc < 0 ? fail(o, RUN_BAD, "%s", e.msg) : 0;
}

/* Wait for its output: from then on it records. */
static int await_output(struct one *o)
{
    int64_t end_ns = clock_monotonic_ns() + START_NS;
    struct stat st;

    while (stat(o->part, &st) < 0) {
        if (wait_until(o, clock_monotonic_ns() + POLL_NS, "starting") < 0)
            return -1;
        if (clock_monotonic_ns() > end_ns)
            return fail(o, RUN_BAD, "rapl-sample does not begin");
    }
    return 0;
}

static int start_sampler(struct one *o, size_t order, unsigned attempt)
{
    struct strings words = {0};
    int ends[2], rc;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(o, RUN_BAD, "no pipe: %s", strerror(errno));
    fcntl(ends[1], F_SETFL, O_NONBLOCK); /* one that hangs shall not hold us */
    run_sampler_words(&words, o->c, o->run, o->part, order, attempt);
    rc = start(o, &o->sampler, &words, ends[0]);
    strings_release(&words);
    close(ends[0]);
    o->notes = ends[1];
    o->sampling = rc == 0;
    return rc < 0 ? -1 : await_output(o);
}

static void note(struct one *o, const char *text)
{
    /* one that is gone is found out elsewhere */
    if (dprintf(o->notes, "%s\n", text) < 0)
        fail(o, RUN_BAD, "rapl-sample takes no notes");
}

static void stop_sampler(struct one *o)
{
    int64_t end_ns = clock_monotonic_ns() + GRACE_NS;

    if (!o->sampling)
        return;
    process_signal(&o->sampler, SIGTERM);
    while (!process_ended(&o->sampler) && clock_monotonic_ns() < end_ns)
        processes_wait(end_ns);
    o->sampling = false;
    if (o->sampler.pid) {
        process_signal(&o->sampler, SIGKILL);
        fail(o, RUN_BAD, "rapl-sample does not end");
    } else if (o->sampler.status != 0) {
        fail_ended(o, "rapl-sample", o->sampler.status);
    }
}

/* ---- the load ---- */

static void kill_load(struct one *o)
{
    struct process *const ours[] = {&o->sampler, &o->load};

    process_kill(&o->load, ours, 2);
}

/* It ended by itself: was that right? */
static int check_end(struct one *o, const struct load_step *step, int64_t to_ns)
{
    int64_t length = step->to_ns - step->from_ns;
    int64_t early = to_ns - o->load.end_ns, slack = length / EARLY_SHARE;
    const char *program = step->argv.at[0];

    if (o->load.status != 0)
        return fail_ended(o, program, o->load.status);
    if (step->again || early <= (slack > EARLY_NS ? slack : EARLY_NS))
        return 0;
    return fail(o, RUN_BAD, "%s ended %.1f s early", program,
                (double)early / NS_PER_S);
}

/* Its time is over; it may need telling. */
static int end_load(struct one *o, const struct load_step *step, int64_t to_ns)
{
    int64_t length = step->to_ns - step->from_ns;
    bool by_itself = !step->again && length % NS_PER_S == 0 &&
                     o->run->part->kind != PART_PATTERN;
    int sig = step->again ? SIGTERM : SIGINT;
    int rc = by_itself ? wait_until(o, to_ns + OWN_END_NS, "load ends") : 0;

    if (rc < 0)
        return -1;
    if (rc == 1)
        return check_end(o, step, to_ns);
    process_signal(&o->load, sig);
    rc = wait_until(o, clock_monotonic_ns() + GRACE_NS, "load ends");
    if (rc < 0 || step->again)
        return rc < 0 ? -1 : 0;
    if (rc == 0)
        return fail(o, RUN_BAD, "%s had to be killed", step->argv.at[0]);
    if (o->load.status != 0 && o->load.status != 128 + sig)
        return fail_ended(o, step->argv.at[0], o->load.status);
    return 0;
}

static int do_step(struct one *o, const struct load_step *step,
                   int64_t begin_ns)
{
    int64_t to_ns = begin_ns + step->to_ns;
    int rc;

    if (step->argv.n == 0)
        return wait_until(o, to_ns, "idle");
    do {
        if (start(o, &o->load, &step->argv, -1) < 0)
            return -1;
        rc = wait_until(o, to_ns, "load");
        if (rc == 1 && check_end(o, step, to_ns) < 0)
            return -1;
    } while (rc == 1 && step->again);
    if (rc == 0)
        rc = end_load(o, step, to_ns);
    kill_load(o); /* what it left in its group */
    return rc < 0 ? -1 : wait_until(o, to_ns, "load");
}

static int do_load(struct one *o, const struct load_steps *steps)
{
    int64_t begin_ns = clock_monotonic_ns();
    int rc = 0;

    note(o, NOTE_BEGINS);
    for (size_t i = 0; i < steps->n && rc == 0; i++) {
        if (steps->n > 1) {
            char *words = strings_join(&steps->at[i].argv, " ");
            char *text = xasprintf("step %zu: %s", i + 1, words);

            note(o, text);
            free(text);
            free(words);
        }
        rc = do_step(o, &steps->at[i], begin_ns);
    }
    o->out->load_ns = clock_monotonic_ns() - begin_ns;
    note(o, NOTE_ENDS);
    return rc;
}

/* A load right before an idle run, or the silence before any other. */
static int prepare(struct one *o, const struct load_steps *steps)
{
    int64_t ns = o->run->part->times.cool_down_ns;
    int rc;

    if (steps->before.n == 0)
        return wait_until(o, clock_monotonic_ns() + ns, "cool-down");
    if (start(o, &o->load, &steps->before, -1) < 0)
        return -1;
    rc = wait_until(o, clock_monotonic_ns() + ns + GRACE_NS, "heating");
    if (rc < 0)
        return -1;
    if (rc == 1 && o->load.status == 0)
        return 0;
    return fail_ended(o, steps->before.at[0], o->load.status);
}

static int record(struct one *o, const struct load_steps *steps, size_t order,
                  unsigned attempt)
{
    const struct sweep_times *t = &o->run->part->times;

    if (start_sampler(o, order, attempt) < 0 ||
        wait_until(o, clock_monotonic_ns() + t->warm_up_ns, "warm-up") < 0 ||
        do_load(o, steps) < 0)
        return -1;
    return wait_until(o, clock_monotonic_ns() + t->ramp_down_ns, "ramp-down");
}

/* ---- after it ---- */

/* Whatever happened: nothing of it runs on. */
static void end_all(struct one *o)
{
    if (o->load.pid) {
        process_signal(&o->load, SIGTERM);
        for (int64_t end = clock_monotonic_ns() + NS_PER_S;
             !process_ended(&o->load) && clock_monotonic_ns() < end;)
            processes_wait(end);
    }
    kill_load(o);
    stop_sampler(o);
    o->out->leftovers = run_clean_up(o->c->dir);
}

size_t run_clean_up(const struct sweep_dir *d)
{
    size_t n = processes_kill_marked(d->path);

    sweep_dir_clean(d);
    return n;
}

/* Is the recording what it should be? */
static void check(struct one *o)
{
    const struct sweep_run *r = o->run;
    int64_t expected = sweep_run_recorded_ns(r) / o->c->spec->interval_ns;
    char *file = sweep_dir_file(o->c->dir, "runs", r->name, "rapl");
    struct recording *rec = &o->out->recording;
    struct stat st;
    struct err e;

    if (recording_check(rec, o->part, &e) < 0)
        fail(o, RUN_BAD, "%s", e.msg);
    else if (rec->rows < (uint64_t)expected / 2)
        fail(o, RUN_BAD, "%" PRIu64 " samples of %" PRId64, rec->rows,
             expected);
    else if (stat(o->part, &st) == 0)
        o->out->bytes = st.st_size;
    if (o->out->outcome == RUN_GOOD && sweep_dir_move(o->part, file, &e) < 0)
        fail(o, RUN_BAD, "%s", e.msg);
    free(file);
}

static int open_one(struct one *o)
{
    const struct sweep_dir *d = o->c->dir;
    char *file = sweep_dir_file(d, "runs", o->run->name, "rapl");

    o->part = xasprintf("%s.part", file);
    o->log_path = sweep_dir_file(d, "logs", o->run->name, "log");
    o->scratch = xasprintf("%s/scratch", d->path);
    o->notes = -1;
    free(file);
    o->log = open(o->log_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (o->log < 0)
        return fail(o, RUN_BAD, "%s: %s", o->log_path, strerror(errno));
    if (unlink(o->part) < 0 && errno != ENOENT)
        return fail(o, RUN_BAD, "%s: %s", o->part, strerror(errno));
    return 0;
}

void run_once(struct run_result *out, const struct run_context *c,
              const struct sweep_run *r, size_t order, unsigned attempt)
{
    struct one o = {.c = c, .run = r, .out = out};
    struct surroundings before, after;
    struct load_steps steps;

    *out = (struct run_result){0};
    load_steps_make(&steps, r);
    if (open_one(&o) == 0 && prepare(&o, &steps) == 0) {
        surroundings_look(&before, c->sys);
        record(&o, &steps, order, attempt);
        surroundings_look(&after, c->sys);
        surroundings_compare(&out->happened, &before, &after);
    }
    end_all(&o);
    if (out->outcome == RUN_GOOD)
        check(&o);
    load_steps_release(&steps);
    if (o.notes >= 0)
        close(o.notes);
    if (o.log >= 0)
        close(o.log);
    free(o.part);
    free(o.log_path);
    free(o.scratch);
}
