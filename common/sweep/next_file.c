#include "common/sweep/next_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "formats/json.h"
#include "formats/output.h"

static void put_time(FILE *f, const char *key, int64_t ns)
{
    char text[32];

    if (ns > 0)
        duration_format(ns, text, sizeof text);
    fprintf(f, "%s: %s", key, ns > 0 ? text : "0s");
}

static void put_times(FILE *f, const struct sweep_times *t)
{
    fputs("times: {", f);
    put_time(f, "cool_down", t->cool_down_ns);
    put_time(f, ", warm_up", t->warm_up_ns);
    put_time(f, ", run", t->run_ns);
    put_time(f, ", ramp_down", t->ramp_down_ns);
    fputs("}\n", f);
}

/* A key and a text, in quotes where it needs any. */
static void put_text(FILE *f, const char *key, const char *text)
{
    fprintf(f, "%s: ", key);
    json_text(f, text);
}

static void put_words(FILE *f, const char *key, const struct strings *words)
{
    char *text = strings_join(words, " ");

    if (words->n > 0)
        put_text(f, key, text);
    free(text);
}

static void put_combination(FILE *f, const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;

    fputs("  - combine:\n", f);
    for (unsigned k = 0; k < p->n_stressors; k++) {
        const struct stressor *s = &p->stressor[k];

        fprintf(f, "      - {stressor: %s, as: %s, levels: %u", s->name, s->as,
                r->workers[k]);
        put_words(f, ", options", &s->options);
        fputs("}\n", f);
    }
}

static void put_pattern(FILE *f, const struct sweep_run *r)
{
    const struct sweep_part *p = r->part;

    fprintf(f, "  - pattern: %s\n    low: %.17g\n    high: %.17g\n    ",
            p->name, p->pattern.low, p->pattern.high);
    put_time(f, "step", p->pattern.step_ns);
    put_time(f, "\n    period", p->pattern.period_ns);
    fprintf(f, "\n    workers: %u\n    stressors: [", r->workers[0]);
    for (unsigned k = 0; k < p->n_stressors; k++)
        fprintf(f, "%s%s", k ? ", " : "", p->stressor[k].name);
    fputs("]\n", f);
    for (unsigned k = 0; k < p->n_stressors; k++) {
        if (p->stressor[k].options.n == 0)
            continue;
        put_words(f, "    options", &p->stressor[k].options);
        fputc('\n', f);
    }
}

static void put_program(FILE *f, const struct sweep_part *p)
{
    fprintf(f, "  - program: %s\n", p->name);
    put_text(f, "    command", p->command);
    if (p->needs.n > 0)
        put_words(f, "\n    needs", &p->needs);
    fputc('\n', f);
}

static void put_run(FILE *f, const struct sweep_run *r)
{
    switch (r->part->kind) {
    case PART_COMBINE:
        put_combination(f, r);
        break;
    case PART_PATTERN:
        put_pattern(f, r);
        break;
    case PART_IDLE:
        fprintf(f, "  - idle: %s\n", r->part->name);
        break;
    case PART_PROGRAM:
        put_program(f, r->part);
        break;
    }
    fprintf(f, "    held_out: %s\n    ", r->part->held_out ? "true" : "false");
    put_times(f, &r->part->times);
}

/* "original-next", unless that is longer than a name may be. */
static void put_name(FILE *f, const char *name)
{
    fprintf(f, "name: %.35s-next\n", name);
}

static void put_head(FILE *f, const struct sweep_spec *s, size_t n)
{
    char interval[32];

    duration_format(s->interval_ns, interval, sizeof interval);
    fprintf(f,
            "# %zu runs of the sweep %s, those first that a model would "
            "learn most from.\n",
            n, s->name);
    put_name(f, s->name);
    fprintf(f, "interval: %s\n", interval);
    put_text(f, "signals", s->signals);
    put_text(f, "\nenergy", s->energy);
    fprintf(f, "\nrequire_energy: %s\norder: written\nseed: %" PRIu64 "\n",
            s->require_energy ? "true" : "false", s->seed);
    fprintf(f, "attempts: %" PRId64 "\nreserve_mb: %" PRId64 "\nparts:\n",
            s->attempts, s->reserve / 1000000);
}

static FILE *open_file(const char *path, struct err *e)
{
    int fd = output_is_stdout(path) ? -1 : output_open(path, e);
    FILE *f = output_is_stdout(path) ? stdout : fd < 0 ? NULL : fdopen(fd, "w");

    if (!f && fd >= 0) {
        err_sys(e, "%s", path);
        close(fd);
    }
    return f;
}

int next_file_write(const char *path, const struct sweep_spec *s,
                    const struct sweep_run *const *run, size_t n, struct err *e)
{
    FILE *f;
    bool failed;

    if (n > SWEEP_MAX_PARTS)
        return err_set(e, ERR_USAGE,
                       "%zu runs, and a sweep has at most %d parts: ask for "
                       "fewer with -n",
                       n, SWEEP_MAX_PARTS);
    f = open_file(path, e);
    if (!f)
        return -1;
    put_head(f, s, n);
    for (size_t i = 0; i < n; i++)
        put_run(f, run[i]);
    failed = fflush(f) != 0 || ferror(f);
    if (f != stdout)
        failed |= fclose(f) != 0;
    return failed ? err_sys(e, "%s", f == stdout ? "standard output" : path)
                  : 0;
}
