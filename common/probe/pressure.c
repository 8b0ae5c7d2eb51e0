/*
 * Pressure stall totals, /proc/pressure/{cpu,io,memory}: us in which some task
 * waited.  A kernel may have it compiled in and switched off; then opening
 * works and reading fails, and the signal is absent.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

static const struct {
    const char *file, *name;
} pressures[] = {
    {"pressure/cpu", "psi.cpu"},
    {"pressure/io", "psi.io"},
    {"pressure/memory", "psi.mem"},
};

enum { N_PRESSURES = 3 };

struct psi {
    struct proc_file file[N_PRESSURES];
    size_t n;
};

static void psi_close(void *state)
{
    struct psi *p = state;

    for (size_t i = 0; p && i < p->n; i++)
        proc_file_close(&p->file[i]);
    free(p);
}

static int psi_open(void **state, const struct roots *roots,
                    struct channels *cs, struct strings *notes, struct err *e)
{
    struct psi *p = xcalloc(1, sizeof *p);

    (void)notes;
    for (size_t i = 0; i < N_PRESSURES; i++) {
        if (proc_file_open(&p->file[p->n], roots->proc, pressures[i].file, e) <
            0)
            continue;
        p->n++;
        channels_add(cs, pressures[i].name, "us", CHANNEL_U64, CHANNEL_COUNTER,
                     0);
    }
    *state = p;
    if (p->n > 0)
        return 1;
    psi_close(p);
    return 0;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345" is the first line. */
static int psi_read(void *state, uint64_t *cells, struct err *e)
{
    struct psi *p = state;

    for (size_t i = 0; i < p->n; i++) {
        const char *s;

        if (proc_file_read(&p->file[i], e) < 0)
            return -1;
        s = strstr(p->file[i].text, "total=");
        if (!s)
            return err_set(e, ERR_SYSTEM, "%s: holds no total",
                           p->file[i].path);
        s += strlen("total=");
        cells[i] = proc_number(&s);
    }
    return 0;
}

const struct source source_psi = {"psi", psi_open, psi_read, psi_close};
