#include "common/sweep/sweep_go.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"

/* ---- the journal ---- */

static int say(struct sweep_go *g, const char *event, struct labels *more,
               struct err *e)
{
    int rc = journal_add(g->context.dir->journal, event, more, e);

    labels_release(more);
    *more = (struct labels){0};
    return rc;
}

static void name_run(struct labels *line, const struct sweep_run *r,
                     unsigned attempt)
{
    labels_set(line, "run", r->name);
    if (attempt)
        labels_setf(line, "attempt", "%u", attempt);
}

static void set_count(struct labels *line, const char *key, uint64_t n)
{
    if (n)
        labels_setf(line, key, "%" PRIu64, n);
}

static void set_seconds(struct labels *line, const char *key, int64_t ns)
{
    if (ns)
        labels_setf(line, key, "%.3f", (double)ns / NS_PER_S);
}

static int say_result(struct sweep_go *g, const struct sweep_run *r,
                      unsigned attempt, const struct run_result *out,
                      struct err *e)
{
    static const char *const results[] = {"good", "bad", "stopped"};
    struct labels line = {0};

    name_run(&line, r, attempt);
    labels_set(&line, "result", results[out->outcome]);
    if (out->outcome != RUN_GOOD)
        labels_set(&line, "why", out->why);
    set_count(&line, "rows", out->recording.rows);
    set_count(&line, "missed", out->recording.missed);
    set_count(&line, "resets", out->recording.resets);
    set_count(&line, "bytes", (uint64_t)out->bytes);
    set_seconds(&line, "load_s", out->load_ns);
    set_seconds(&line, "clock_step_s", out->happened.clock_step_ns);
    set_seconds(&line, "suspended_s", out->happened.suspended_ns);
    set_count(&line, "throttled", out->happened.throttled);
    set_count(&line, "leftovers", out->leftovers);
    return say(g, "run", &line, e);
}

/* ---- before the first run ---- */

/* A run that has a begin and no end: the sweep was killed, or the machine died,
 * before or after the recording was complete. */
static int settle(struct sweep_go *g, const struct sweep_run *r,
                  struct run_state *state, struct err *e)
{
    char *file = sweep_dir_file(g->context.dir, "runs", r->name, "rapl");
    struct run_result out = {.outcome = RUN_BAD};
    struct labels line = {0};
    struct err why;
    bool good = recording_check(&out.recording, file, &why) == 0;

    free(file);
    if (!good && !state->begun)
        return 0;
    name_run(&line, r, 0);
    labels_set(&line, "result", good ? "good" : "lost");
    labels_set(&line, "why",
               good ? "complete, though the journal did not say so"
                    : "the sweep or the machine stopped in the middle of it");
    state->good = good;
    state->begun = false;
    g->state.n_good += good;
    g->state.n_bad += !good;
    state->attempts += !good;
    return say(g, "run", &line, e);
}

static int retry(struct sweep_go *g, const struct sweep_run *r,
                 struct run_state *state, struct err *e)
{
    struct labels line = {0};

    g->state.n_given_up -= state->given_up;
    g->state.n_left_out -= state->left_out;
    *state = (struct run_state){0};
    name_run(&line, r, 0);
    return say(g, "retry", &line, e);
}

static int begin_run(struct sweep_go *g, const struct sweep_run *r,
                     struct err *e)
{
    struct run_state *state = &g->state.run[r->number - 1];

    if (g->retry && (state->given_up || state->left_out))
        return retry(g, r, state, e);
    return run_state_done(state) ? 0 : settle(g, r, state, e);
}

int sweep_go_begin(struct sweep_go *g, const struct labels *facts,
                   struct err *e)
{
    struct labels line = {0};
    size_t leftovers = run_clean_up(g->context.dir);

    if (sweep_state_read(&g->state, g->context.dir, g->plan, e) < 0)
        return -1;
    labels_setf(&line, "pid", "%d", (int)getpid());
    labels_merge(&line, facts, "");
    set_count(&line, "done", g->state.n_good);
    set_count(&line, "leftovers", leftovers);
    set_count(&line, "damaged_lines", g->state.damaged);
    if (say(g, "start", &line, e) < 0)
        return -1;
    for (size_t i = 0; i < g->plan->n; i++)
        if (begin_run(g, &g->plan->run[i], e) < 0)
            return -1;
    return 0;
}

void sweep_go_release(struct sweep_go *g)
{
    sweep_state_release(&g->state);
}

/* ---- a run ---- */

/* Is there room for it?  Recordings so far say more than a rule of thumb. */
static int check_disk(struct sweep_go *g, const struct sweep_run *r,
                      struct err *e)
{
    const struct sweep_spec *s = g->context.spec;
    int64_t needed = sweep_run_bytes(r, s), room;
    struct labels line = {0};

    if (needed < 2 * g->most_bytes)
        needed = 2 * g->most_bytes;
    room = sweep_dir_free(g->context.dir);
    if (room >= needed + s->reserve)
        return 0;
    labels_setf(&line, "free_bytes", "%" PRId64, room);
    labels_setf(&line, "needed_bytes", "%" PRId64, needed + s->reserve);
    labels_set(&line, "why", "the disk is nearly full");
    if (say(g, "stop", &line, e) < 0)
        return -1;
    return err_set(e, ERR_SYSTEM,
                   "%s: %.1f MB free, %.1f MB are to be (a run, and "
                   "reserve_mb); make room and resume",
                   g->context.dir->path, (double)room / 1e6,
                   (double)(needed + s->reserve) / 1e6);
}

/* Its last recording, if any, is kept apart from the good ones. */
static int give_up(struct sweep_go *g, const struct sweep_run *r,
                   struct run_state *state, struct err *e)
{
    char *file = sweep_dir_file(g->context.dir, "runs", r->name, "rapl");
    char *part = xasprintf("%s.part", file);
    char *bad = sweep_dir_file(g->context.dir, "bad", r->name, "rapl");
    struct labels line = {0};

    if (rename(part, bad) == 0)
        labels_set(&line, "kept", bad);
    name_run(&line, r, state->attempts);
    state->given_up = true;
    g->state.n_given_up++;
    free(bad);
    free(part);
    free(file);
    return say(g, "given_up", &line, e);
}

static int try_run(struct sweep_go *g, const struct sweep_run *r,
                   struct run_state *state, struct err *e)
{
    struct run_result out;
    struct labels line = {0};

    if (check_disk(g, r, e) < 0)
        return -1;
    name_run(&line, r, state->attempts + 1);
    if (say(g, "begin", &line, e) < 0)
        return -1;
    run_once(&out, &g->context, r, g->now + 1, state->attempts + 1);
    if (say_result(g, r, state->attempts + 1, &out, e) < 0)
        return -1;
    if (out.outcome == RUN_GOOD) {
        state->good = true;
        g->state.n_good++;
        if (out.bytes > g->most_bytes)
            g->most_bytes = out.bytes;
    }
    if (out.outcome == RUN_BAD) {
        state->attempts++;
        g->state.n_bad++;
    }
    return 0;
}

static int do_run(struct sweep_go *g, const struct sweep_run *r,
                  struct run_state *state, struct err *e)
{
    struct labels line = {0};
    const char *why = NULL;

    if (!part_can(g->abilities, r->part, &why)) {
        name_run(&line, r, 0);
        labels_set(&line, "why", why);
        state->left_out = true;
        g->state.n_left_out++;
        return say(g, "left_out", &line, e);
    }
    while (!state->good && !stop_requested() &&
           state->attempts < (unsigned)g->context.spec->attempts)
        if (try_run(g, r, state, e) < 0)
            return -1;
    if (state->good || stop_requested())
        return 0;
    return give_up(g, r, state, e);
}

static int end(struct sweep_go *g, const char *why, struct err *e)
{
    struct labels line = {0};

    labels_set(&line, "why", why);
    set_count(&line, "good", g->state.n_good);
    set_count(&line, "given_up", g->state.n_given_up);
    set_count(&line, "left_out", g->state.n_left_out);
    if (say(g, "stop", &line, e) < 0)
        return -1;
    return g->state.n_given_up && !stop_requested() ? ERR_VERDICT : 0;
}

int sweep_go(struct sweep_go *g, struct err *e)
{
    unsigned in_a_row = 0;

    for (g->now = 0; g->now < g->plan->n && !stop_requested(); g->now++) {
        const struct sweep_run *r = &g->plan->run[g->now];
        struct run_state *state = &g->state.run[r->number - 1];

        if (run_state_done(state))
            continue;
        if (do_run(g, r, state, e) < 0)
            return -1;
        in_a_row = state->given_up ? in_a_row + 1 : 0;
        if (in_a_row < SWEEP_MOST_GIVEN_UP)
            continue;
        if (end(g, "several runs in a row were given up", e) < 0)
            return -1;
        return err_set(e, ERR_SYSTEM,
                       "%u runs in a row were given up; %s/journal.jsonl says "
                       "why: mend that, and resume with --retry",
                       in_a_row, g->context.dir->path);
    }
    return end(g, stop_requested() ? "asked to stop" : "all runs are done", e);
}
