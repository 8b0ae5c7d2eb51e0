#include "common/sweep/sweep_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"

/* The state that a line of the journal is about, by "run_I_of_TOTAL-...". */
static struct run_state *state_of(struct sweep_state *s,
                                  const struct labels *line)
{
    const char *name = labels_get_or(line, "run", "");
    unsigned long number;

    if (strncmp(name, "run_", 4) != 0)
        return NULL;
    number = strtoul(name + 4, NULL, 10);
    return number > 0 && number <= s->n ? &s->run[number - 1] : NULL;
}

static void take_run(struct sweep_state *s, const struct labels *line)
{
    const char *result = labels_get_or(line, "result", "");
    struct run_state *r = state_of(s, line);

    if (!r)
        return;
    r->begun = false;
    if (strcmp(result, "good") == 0) {
        r->good = true;
    } else if (strcmp(result, "bad") == 0 || strcmp(result, "lost") == 0) {
        r->attempts++;
        s->n_bad++;
    }
}

static void take_line(struct sweep_state *s, const struct labels *line)
{
    const char *event = labels_get_or(line, "event", "");
    struct run_state *r = state_of(s, line);

    free(s->last_event);
    s->last_event = xstrdup(event);
    if (strcmp(event, "run") == 0)
        take_run(s, line);
    if (r && strcmp(event, "begin") == 0)
        r->begun = true;
    if (r && strcmp(event, "given_up") == 0)
        r->given_up = true;
    if (r && strcmp(event, "left_out") == 0)
        r->left_out = true;
    if (r && strcmp(event, "retry") == 0)
        *r = (struct run_state){0};
}

static bool has_recording(const struct sweep_dir *d, const struct sweep_run *r)
{
    char *file = sweep_dir_file(d, "runs", r->name, "rapl");
    bool there = access(file, R_OK) == 0;

    free(file);
    return there;
}

int sweep_state_read(struct sweep_state *s, const struct sweep_dir *d,
                     const struct sweep_plan *p, struct err *e)
{
    char *file = sweep_dir_file(d, "journal", "jsonl", NULL);
    struct journal_lines lines = {0};
    int rc = 0;

    *s = (struct sweep_state){.n = p->n};
    s->run = xcalloc(p->n + 1, sizeof *s->run);
    if (access(file, F_OK) == 0)
        rc = journal_read(&lines, file, e);
    for (size_t i = 0; i < lines.n; i++)
        take_line(s, &lines.at[i]);
    for (size_t i = 0; i < p->n; i++) {
        struct run_state *r = &s->run[p->run[i].number - 1];

        r->good = r->good && has_recording(d, &p->run[i]);
        s->n_good += r->good;
        s->n_given_up += r->given_up;
        s->n_left_out += r->left_out;
    }
    s->damaged = lines.damaged;
    journal_lines_release(&lines);
    free(file);
    return rc;
}

void sweep_state_release(struct sweep_state *s)
{
    free(s->run);
    free(s->last_event);
    *s = (struct sweep_state){0};
}

bool run_state_done(const struct run_state *r)
{
    return r->good || r->given_up || r->left_out;
}

int64_t sweep_state_left_ns(const struct sweep_state *s,
                            const struct sweep_plan *p)
{
    int64_t ns = 0;

    for (size_t i = 0; i < p->n; i++)
        if (!run_state_done(&s->run[p->run[i].number - 1]))
            ns += sweep_run_total_ns(&p->run[i]);
    return ns;
}
