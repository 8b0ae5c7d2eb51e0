#include "common/sweep/sweep_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/sweep/sweep_tables.h"

#define SHOWN_NS (NS_PER_S / 2) /* at most as often, and watts over that */

static bool is_package(const struct channel *c)
{
    return strncmp(c->name, "energy:", 7) == 0 &&
           energy_is_package(c->name + 7);
}

/* Of all packages; negative: not known yet, or a counter went round. */
static double watts(struct sweep_watch *w)
{
    uint64_t *swap = w->was;
    double uj = 0;
    struct err e;

    w->was = w->now;
    w->was_ns = w->now_ns;
    w->now = swap;
    w->now_ns = clock_monotonic_ns();
    if (!w->sees || probe_read(&w->probe, w->now, &e) < 0 || w->was_ns == 0 ||
        w->now_ns <= w->was_ns)
        return -1;
    for (size_t i = 0; i < w->probe.channels.n; i++)
        if (is_package(&w->probe.channels.at[i]))
            uj += (double)(int64_t)(w->now[i] - w->was[i]);
    return uj * 1e3 / (double)(w->now_ns - w->was_ns);
}

/* What the run that goes on has had of its time is not left. */
static int64_t left_ns(struct sweep_watch *w, const struct sweep_run *r)
{
    int64_t left = sweep_state_left_ns(&w->go->state, w->go->plan);
    int64_t had = clock_monotonic_ns() - w->run_ns;
    int64_t whole = sweep_run_total_ns(r);

    return left - (had < whole ? had : whole);
}

static void tell(void *arg, const struct sweep_run *r, const char *phase)
{
    struct sweep_watch *w = arg;
    char shown[32] = "", *left;
    double power;

    if (clock_monotonic_ns() - w->now_ns < SHOWN_NS)
        return;
    power = watts(w);
    if (w->run != r) {
        w->run = r;
        w->run_ns = clock_monotonic_ns();
    }
    if (power >= 0)
        snprintf(shown, sizeof shown, ", %.1f W", power);
    left = sweep_time_text(left_ns(w, r));
    progress_say(&w->progress, "run %zu of %zu: %.60s: %s%s, %s left",
                 w->go->now + 1, w->go->plan->n, r->name, phase, shown, left);
    free(left);
}

void sweep_watch_begin(struct sweep_watch *w, struct sweep_go *g,
                       const struct roots *roots)
{
    struct err e;

    *w = (struct sweep_watch){.go = g};
    progress_start(&w->progress);
    if (log_level() < LOG_NORMAL || !isatty(STDERR_FILENO))
        return;
    g->context.tell = tell;
    g->context.tell_arg = w;
    if (probe_open(&w->probe, roots, g->context.spec->energy, false, "stat",
                   &e) < 0)
        return;
    w->now = xcalloc(w->probe.channels.n, sizeof *w->now);
    w->was = xcalloc(w->probe.channels.n, sizeof *w->was);
    for (size_t i = 0; i < w->probe.channels.n; i++)
        w->sees = w->sees || is_package(&w->probe.channels.at[i]);
}

void sweep_watch_end(struct sweep_watch *w)
{
    progress_end(&w->progress);
    if (w->now)
        probe_close(&w->probe);
    free(w->now);
    free(w->was);
}
