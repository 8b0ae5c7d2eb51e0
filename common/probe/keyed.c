/*
 * Files of lines that start with a word: /proc/stat, /proc/vmstat,
 * /proc/meminfo.  A table says which numbers of which lines are channels.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

struct field {
    const char *key; /* the first word of the line */
    int nth;         /* which number after it, from 0 */
    const char *name, *unit;
    enum channel_kind kind;
};

/* `guest` is left out: the kernel has it inside `user` as well. */
static const struct field stat_fields[] = {
    {"cpu", 0, "cpu.user", "tick", CHANNEL_COUNTER},
    {"cpu", 1, "cpu.nice", "tick", CHANNEL_COUNTER},
    {"cpu", 2, "cpu.system", "tick", CHANNEL_COUNTER},
    {"cpu", 3, "cpu.idle", "tick", CHANNEL_COUNTER},
    {"cpu", 4, "cpu.iowait", "tick", CHANNEL_COUNTER},
    {"cpu", 5, "cpu.irq", "tick", CHANNEL_COUNTER},
    {"cpu", 6, "cpu.softirq", "tick", CHANNEL_COUNTER},
    {"cpu", 7, "cpu.steal", "tick", CHANNEL_COUNTER},
    {"intr", 0, "intr", "1", CHANNEL_COUNTER},
    {"ctxt", 0, "ctxt", "1", CHANNEL_COUNTER},
    {"processes", 0, "forks", "1", CHANNEL_COUNTER},
    {"procs_running", 0, "procs_running", "1", CHANNEL_GAUGE},
    {"procs_blocked", 0, "procs_blocked", "1", CHANNEL_GAUGE},
    {0},
};

static const struct field vmstat_fields[] = {
    {"pgpgin", 0, "pgpgin", "kB", CHANNEL_COUNTER},
    {"pgpgout", 0, "pgpgout", "kB", CHANNEL_COUNTER},
    {"pswpin", 0, "pswpin", "1", CHANNEL_COUNTER},
    {"pswpout", 0, "pswpout", "1", CHANNEL_COUNTER},
    {"pgfault", 0, "pgfault", "1", CHANNEL_COUNTER},
    {"pgmajfault", 0, "pgmajfault", "1", CHANNEL_COUNTER},
    {0},
};

static const struct field mem_fields[] = {
    {"MemTotal:", 0, "mem.total", "kB", CHANNEL_GAUGE},
    {"MemFree:", 0, "mem.free", "kB", CHANNEL_GAUGE},
    {"MemAvailable:", 0, "mem.available", "kB", CHANNEL_GAUGE},
    {"Buffers:", 0, "mem.buffers", "kB", CHANNEL_GAUGE},
    {"Cached:", 0, "mem.cached", "kB", CHANNEL_GAUGE},
    {"SwapTotal:", 0, "swap.total", "kB", CHANNEL_GAUGE},
    {"SwapFree:", 0, "swap.free", "kB", CHANNEL_GAUGE},
    {0},
};

struct keyed {
    struct proc_file file;
    const struct field **field; /* those there are, as the file has them */
    size_t n;
};

static bool starts_with(const char *line, const char *key)
{
    size_t n = strlen(key);

    return strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '\t');
}

static const char *next_line(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', (size_t)(end - line));

    return newline ? newline + 1 : end;
}

static int count_numbers(const char *s)
{
    int n = 0;

    for (; *s && *s != '\n'; s++)
        n += s[0] == ' ' && s[1] >= '0' && s[1] <= '9';
    return n;
}

static void add_field(struct keyed *k, const struct field *f,
                      struct channels *cs)
{
    k->field[k->n++] = f;
    channels_add(cs, f->name, f->unit, CHANNEL_U64, f->kind, 0);
}

static void keyed_close(void *state)
{
    struct keyed *k = state;

    if (!k)
        return;
    proc_file_close(&k->file);
    free(k->field);
    free(k);
}

static int keyed_open(void **state, const char *root, const char *name,
                      const struct field *table, struct channels *cs,
                      struct err *e)
{
    struct keyed *k = xcalloc(1, sizeof *k);
    size_t n_table = 0;
    const char *line, *end;

    if (proc_file_open(&k->file, root, name, e) < 0 ||
        proc_file_read(&k->file, e) < 0) {
        keyed_close(k);
        return 0;
    }
    while (table[n_table].key)
        n_table++;
    k->field = xcalloc(n_table, sizeof(struct field *));
    end = k->file.text + k->file.len;
    for (line = k->file.text; line < end; line = next_line(line, end))
        for (const struct field *f = table; f->key; f++)
            if (k->n < n_table && starts_with(line, f->key) &&
                count_numbers(line) > f->nth)
                add_field(k, f, cs);
    *state = k;
    if (k->n > 0)
        return 1;
    err_set(e, ERR_NONE, "%s: holds nothing known", k->file.path);
    keyed_close(k);
    return 0;
}

/* Read the numbers of one line; returns the fields it filled. */
static size_t read_line(const struct field *const *field, size_t n,
                        const char *s, uint64_t *cells)
{
    const char *key = field[0]->key;
    uint64_t v = 0;
    size_t i;
    int nth = 0;

    s += strlen(key);
    for (i = 0; i < n && strcmp(field[i]->key, key) == 0; i++) {
        for (; nth <= field[i]->nth; nth++)
            v = proc_number(&s);
        cells[i] = v;
    }
    return i;
}

static int keyed_read(void *state, uint64_t *cells, struct err *e)
{
    struct keyed *k = state;
    const char *line, *end;
    size_t i = 0;

    if (proc_file_read(&k->file, e) < 0)
        return -1;
    end = k->file.text + k->file.len;
    for (line = k->file.text; line < end && i < k->n;
         line = next_line(line, end))
        if (starts_with(line, k->field[i]->key))
            i += read_line(&k->field[i], k->n - i, line, &cells[i]);
    if (i < k->n)
        return err_set(e, ERR_SYSTEM, "%s: its line '%s' is gone", k->file.path,
                       k->field[i]->key);
    return 0;
}

static int stat_open(void **state, const struct roots *roots,
                     struct channels *cs, struct strings *notes, struct err *e)
{
    (void)notes;
    return keyed_open(state, roots->proc, "stat", stat_fields, cs, e);
}

static int vmstat_open(void **state, const struct roots *roots,
                       struct channels *cs, struct strings *notes,
                       struct err *e)
{
    (void)notes;
    return keyed_open(state, roots->proc, "vmstat", vmstat_fields, cs, e);
}

static int mem_open(void **state, const struct roots *roots,
                    struct channels *cs, struct strings *notes, struct err *e)
{
    (void)notes;
    return keyed_open(state, roots->proc, "meminfo", mem_fields, cs, e);
}

const struct source source_stat = {"stat", stat_open, keyed_read, keyed_close};
const struct source source_vmstat = {"vmstat", vmstat_open, keyed_read,
                                     keyed_close};
const struct source source_mem = {"mem", mem_open, keyed_read, keyed_close};
