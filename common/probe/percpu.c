/*
 * The lines cpu0, cpu1, ... of /proc/stat, of the CPUs that were online at the
 * start.  One that goes offline stands still.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

static const char *const fields[] = {"user",   "nice", "system",  "idle",
                                     "iowait", "irq",  "softirq", "steal"};

enum { N_FIELDS = 8, MAX_CPUS = 448 }; /* a stream has 4096 channels */

struct percpu {
    struct proc_file file;
    uint64_t *id; // (n) the number behind "cpu", growing
    size_t n, cap;
    uint64_t *last; // (n)(N_FIELDS)
};

static void percpu_close(void *state)
{
    struct percpu *p = state;

    if (!p)
        return;
    proc_file_close(&p->file);
    free(p->id);
    free(p->last);
    free(p);
}

/*
 * The next line of a CPU from *at on: its number, and *at behind that.  Returns
 * whether there is one.
 */
static bool next_cpu(const char **at, uint64_t *id)
{
    for (const char *line = *at; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "cpu", 3) != 0 || line[3] < '0' || line[3] > '9')
            continue;
        line += 3;
        *id = proc_number(&line);
        *at = line;
        return true;
    }
    return false;
}

static int percpu_read(void *state, uint64_t *cells, struct err *e)
{
    struct percpu *p = state;
    const char *at;
    uint64_t id;
    size_t i = 0;

    if (proc_file_read(&p->file, e) < 0)
        return -1;
    at = p->file.text;
    while (i < p->n && next_cpu(&at, &id)) {
        while (i < p->n && p->id[i] < id)
            i++;
        for (size_t k = 0; i < p->n && p->id[i] == id && k < N_FIELDS; k++)
            p->last[i * N_FIELDS + k] = proc_number(&at);
    }
    memcpy(cells, p->last, p->n * N_FIELDS * sizeof *cells);
    return 0;
}

static void add_channels(const struct percpu *p, struct channels *cs)
{
    char name[32];

    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < N_FIELDS; k++) {
            snprintf(name, sizeof name, "cpu%u.%s", (unsigned)p->id[i],
                     fields[k]);
            channels_add(cs, name, "tick", CHANNEL_U64, CHANNEL_COUNTER, 0);
        }
}

/* The CPUs there are, in growing order; others are no CPUs. */
static void find_cpus(struct percpu *p)
{
    const char *at = p->file.text;
    uint64_t id;

    while (p->n <= MAX_CPUS && next_cpu(&at, &id)) {
        if (id > UINT16_MAX || (p->n > 0 && id <= p->id[p->n - 1]))
            continue;
        p->id = xgrow(p->id, p->n, &p->cap, sizeof *p->id);
        p->id[p->n++] = id;
    }
}

static int percpu_open(void **state, const struct roots *roots,
                       struct channels *cs, struct strings *notes,
                       struct err *e)
{
    struct percpu *p = xcalloc(1, sizeof *p);

    (void)notes;
    if (proc_file_open(&p->file, roots->proc, "stat", e) < 0 ||
        proc_file_read(&p->file, e) < 0)
        goto absent;
    find_cpus(p);
    if (p->n == 0 || p->n > MAX_CPUS) {
        err_set(e, ERR_NONE, "%s: shows %s", p->file.path,
                p->n ? "more CPUs than a stream holds" : "no CPU");
        goto absent;
    }
    p->last = xcalloc(p->n, N_FIELDS * sizeof *p->last);
    add_channels(p, cs);
    *state = p;
    return 1;
absent:
    percpu_close(p);
    return 0;
}

const struct source source_percpu = {"percpu", percpu_open, percpu_read,
                                     percpu_close};
