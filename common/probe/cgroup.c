/*
 * One control group: its CPU time, memory and I/O.  Version 2 shows them in
 * cpu.stat (us), memory.current and io.stat; version 1 in cpuacct.usage and
 * its kin (ns, here in whole us), memory.usage_in_bytes and
 * blkio.throttle.io_service_bytes.  A machine may have both, version 2 below
 * `unified`; each figure is taken from where it is.
 *
 * Without a name the group is the one at the root of /sys/fs/cgroup: in a
 * container that is the container, elsewhere the whole machine.  A group that
 * ends while it is recorded uses nothing more.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

#define MOUNT "fs/cgroup"

enum { MAX_CELLS = 3, N_FILES = 5 };

/* What a file shows: channels, each the number behind a word, summed over the
 * lines; without words the file is one number. */
struct content {
    const char *channel[MAX_CELLS], *word[MAX_CELLS];
    const char *unit;
    enum channel_kind kind;
    uint64_t divisor; /* of the number, for that unit */
    bool may_be_empty;
};

static const struct content cpu_stat = {
    {"cgroup.usage", "cgroup.user", "cgroup.system"},
    {"usage_usec ", "user_usec ", "system_usec "},
    .unit = "us",
    .divisor = 1};
static const struct content usage = {
    {"cgroup.usage"}, .unit = "us", .divisor = 1000};
static const struct content user = {
    {"cgroup.user"}, .unit = "us", .divisor = 1000};
static const struct content sys = {
    {"cgroup.system"}, .unit = "us", .divisor = 1000};
static const struct content memory = {
    {"cgroup.memory"}, .unit = "B", .kind = CHANNEL_GAUGE, .divisor = 1};
static const struct content io_stat = {{"cgroup.read", "cgroup.write"},
                                       {"rbytes=", "wbytes="},
                                       .unit = "B",
                                       .divisor = 1,
                                       .may_be_empty = true};
static const struct content io_service = {{"cgroup.read", "cgroup.write"},
                                          {"Read ", "Write "},
                                          .unit = "B",
                                          .divisor = 1,
                                          .may_be_empty = true};

/* Where they are, below the mount; the first that is there serves. */
static const struct place {
    const char *hierarchy, *file;
    const struct content *content;
} places[] = {
    {"", "cpu.stat", &cpu_stat},
    {"/unified", "cpu.stat", &cpu_stat},
    {"/cpuacct", "cpuacct.usage", &usage},
    {"/cpuacct", "cpuacct.usage_user", &user},
    {"/cpuacct", "cpuacct.usage_sys", &sys},
    {"/cpu,cpuacct", "cpuacct.usage", &usage},
    {"/cpu,cpuacct", "cpuacct.usage_user", &user},
    {"/cpu,cpuacct", "cpuacct.usage_sys", &sys},
    {"", "memory.current", &memory},
    {"/unified", "memory.current", &memory},
    {"/memory", "memory.usage_in_bytes", &memory},
    {"", "io.stat", &io_stat},
    {"/unified", "io.stat", &io_stat},
    {"/blkio", "blkio.throttle.io_service_bytes_recursive", &io_service},
    {"/blkio", "blkio.throttle.io_service_bytes", &io_service},
};

struct cgroup {
    struct proc_file file[N_FILES];
    const struct content *content[N_FILES];
    uint64_t last[N_FILES][MAX_CELLS];
    size_t n;
};

static void cgroup_close(void *state)
{
    struct cgroup *g = state;

    for (size_t i = 0; g && i < g->n; i++)
        proc_file_close(&g->file[i]);
    free(g);
}

static size_t count_cells(const struct content *c)
{
    size_t n = 0;

    while (n < MAX_CELLS && c->channel[n])
        n++;
    return n;
}

/* Sum the numbers behind a word; whether there was any. */
static bool sum_word(const char *text, const char *word, uint64_t *sum)
{
    size_t n = strlen(word);
    bool any = false;

    *sum = 0;
    for (const char *at = text; (at = strstr(at, word));) {
        bool whole = at == text || at[-1] == ' ' || at[-1] == '\n';

        at += n;
        if (!whole || *at < '0' || *at > '9')
            continue;
        *sum += proc_number(&at);
        any = true;
    }
    return any;
}

static int parse(const struct content *c, const struct proc_file *f,
                 uint64_t *cells, struct err *e)
{
    for (size_t i = 0; i < count_cells(c); i++) {
        const char *word = c->word[i];

        if (!(word ? sum_word(f->text, word, &cells[i]) || c->may_be_empty
                   : proc_parse_u64(f->text, &cells[i]) == 0))
            return err_set(e, ERR_SYSTEM, "%s: holds no %s", f->path,
                           word ? word : "number");
        cells[i] /= c->divisor;
    }
    return 0;
}

static bool is_served(const struct cgroup *g, const char *channel)
{
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < count_cells(g->content[i]); k++)
            if (strcmp(g->content[i]->channel[k], channel) == 0)
                return true;
    return false;
}

/* Open a file of the group, if it holds what it should. */
static void add_file(struct cgroup *g, const char *root, const char *group,
                     const struct place *place, struct channels *cs)
{
    const struct content *c = place->content;
    char *name = xasprintf(MOUNT "%s%s%s/%s", place->hierarchy,
                           *group ? "/" : "", group, place->file);
    struct proc_file f;
    uint64_t cells[MAX_CELLS];
    struct err e;

    if (proc_file_open(&f, root, name, &e) == 0) {
        if (proc_file_read(&f, &e) == 0 && parse(c, &f, cells, &e) == 0) {
            for (size_t i = 0; i < count_cells(c); i++)
                channels_add(cs, c->channel[i], c->unit, CHANNEL_U64, c->kind,
                             0);
            g->file[g->n] = f;
            g->content[g->n++] = c;
        } else {
            proc_file_close(&f);
        }
    }
    free(name);
}

/* The name below the mount: as in /proc/PID/cgroup, or the folder itself. */
static const char *group_name(const struct roots *roots)
{
    const char *name = roots->cgroup ? roots->cgroup : "";
    size_t n = strlen(roots->sys);

    if (strncmp(name, roots->sys, n) == 0 &&
        strncmp(name + n, "/" MOUNT, sizeof MOUNT) == 0)
        name += n + sizeof MOUNT;
    return name + strspn(name, "/");
}

static int cgroup_open(void **state, const struct roots *roots,
                       struct channels *cs, struct strings *notes,
                       struct err *e)
{
    struct cgroup *g = xcalloc(1, sizeof *g);
    const char *group = group_name(roots);

    (void)notes;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!is_served(g, places[i].content->channel[0]))
            add_file(g, roots->sys, group, &places[i], cs);
    *state = g;
    if (g->n > 0)
        return 1;
    cgroup_close(g);
    err_set(e, ERR_SYSTEM,
            "%s/" MOUNT ": no control group '/%s' that shows "
            "its CPU time, memory or I/O",
            roots->sys, group);
    return roots->cgroup ? -1 : 0;
}

/* The group has ended: its counters stay, and it holds no memory. */
static void let_rest(const struct content *c, uint64_t *cells)
{
    for (size_t i = 0; i < count_cells(c); i++)
        if (c->kind == CHANNEL_GAUGE)
            cells[i] = 0;
}

static int cgroup_read(void *state, uint64_t *cells, struct err *e)
{
    struct cgroup *g = state;

    for (size_t i = 0; i < g->n; i++) {
        const struct content *c = g->content[i];
        uint64_t *last = g->last[i];

        if (proc_file_read(&g->file[i], e) == 0) {
            if (parse(c, &g->file[i], last, e) < 0)
                return -1;
        } else if (errno == ENODEV) {
            let_rest(c, last);
        } else {
            return -1;
        }
        memcpy(cells, last, count_cells(c) * sizeof *cells);
        cells += count_cells(c);
    }
    return 0;
}

const struct source source_cgroup = {"cgroup", cgroup_open, cgroup_read,
                                     cgroup_close};
