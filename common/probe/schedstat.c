/*
 * /proc/schedstat: ns that tasks ran, and ns that they waited for a CPU, summed
 * over the CPUs.  The scheduler adds a task's time when it leaves the CPU, so
 * that a task which keeps one shows only when it is switched out.
 *
 *     version 15
 *     timestamp 4295155713
 *     cpu0 0 0 0 0 0 0 26484092349 3207829124 402384
 *     domain0 00000003 ...
 *
 * Versions 15 to 17 have these nine numbers: the 7th is ns run, the 8th waited.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

enum { OLDEST = 15, NEWEST = 17, NTH_RUN = 6 };

static void sched_close(void *state)
{
    struct proc_file *f = state;

    if (f)
        proc_file_close(f);
    free(f);
}

/* Sum the lines of the CPUs; returns how many there were. */
static size_t sum_cpus(const char *text, uint64_t *cells)
{
    size_t n = 0;

    cells[0] = cells[1] = 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "cpu", 3) != 0 || line[3] < '0' || line[3] > '9')
            continue;
        line += 3;
        for (int i = 0; i <= NTH_RUN; i++)
            proc_number(&line);
        cells[0] += proc_number(&line);
        cells[1] += proc_number(&line);
        n++;
    }
    return n;
}

static int sched_read(void *state, uint64_t *cells, struct err *e)
{
    struct proc_file *f = state;

    if (proc_file_read(f, e) < 0)
        return -1;
    if (sum_cpus(f->text, cells) == 0)
        return err_set(e, ERR_SYSTEM, "%s: shows no CPU", f->path);
    return 0;
}

static int check_version(const struct proc_file *f, struct err *e)
{
    const char *s = f->text + strlen("version");
    uint64_t version;

    if (strncmp(f->text, "version ", 8) != 0)
        return err_set(e, ERR_NONE, "%s: says no version", f->path);
    version = proc_number(&s);
    if (version < OLDEST || version > NEWEST)
        return err_set(e, ERR_NONE, "%s: version %llu is not known", f->path,
                       (unsigned long long)version);
    return 0;
}

static int sched_open(void **state, const struct roots *roots,
                      struct channels *cs, struct strings *notes, struct err *e)
{
    struct proc_file *f = xcalloc(1, sizeof *f);
    uint64_t cells[2];

    (void)notes;
    if (proc_file_open(f, roots->proc, "schedstat", e) < 0 ||
        sched_read(f, cells, e) < 0 || check_version(f, e) < 0) {
        sched_close(f);
        return 0;
    }
    channels_add(cs, "sched.run", "ns", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(cs, "sched.wait", "ns", CHANNEL_U64, CHANNEL_COUNTER, 0);
    *state = f;
    return 1;
}

const struct source source_sched = {"sched", sched_open, sched_read,
                                    sched_close};
