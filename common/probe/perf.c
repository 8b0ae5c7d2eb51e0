/*
 * Energy by way of perf's PMU `power`, /sys/bus/event_source/devices/power: an
 * event a domain, in joules by its own scale, of 64 bits that the kernel keeps
 * from wrapping.  Each package (die) has a processor in cpumask on which its
 * events count, from zero; those of one are a group and take one read.
 */
#include "common/probe/perf.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/probe/cpus.h"
#include "common/probe/energy.h"
#include "common/probe/proc_file.h"

#define DEVICES "bus/event_source/devices"
#define PMU DEVICES "/power"
#define PMU_CORE DEVICES "/power_core"
#define PARANOID "kernel.perf_event_paranoid"
#define SETCAP "sudo setcap cap_perfmon+ep \"$(command -v rapl-sample)\""
#define GRANT \
    "grant it with: " SETCAP "; or to all with: sudo sysctl " PARANOID "=0"
#define GRANT_STRICT "grant it with: sudo sysctl " PARANOID "=2 && " SETCAP

enum { MOST_EVENTS = 16 };

/* What the PMU counts, the same on every package. */
struct event {
    char name[32]; /* "energy-pkg" */
    uint64_t config;
    struct energy_unit unit;
};

struct group {
    int fd[MOST_EVENTS]; /* the first leads; all are closed at the end */
    size_t n;
    uint64_t value[1 + MOST_EVENTS]; /* as read: their number, their counts */
};

/* One a domain. */
struct member {
    size_t group, slot; /* of that group, which value */
    struct energy_unit unit;
    bool open, reads; /* it reads its group, for those after it too */
};

struct perf {
    const struct perf_calls *calls;
    const char *remedy; /* where an event is denied */
    uint32_t type;
    struct event event[MOST_EVENTS];
    size_t n_events;
    struct group *group;
    size_t n_groups, cap_groups;
    struct member *member;
    size_t n, cap;
};

/* ---- the kernel's calls ---- */

static int kernel_open(uint32_t type, uint64_t config, int cpu, int group_fd)
{
    struct perf_event_attr attr = {.type = type,
                                   .size = sizeof attr,
                                   .config = config,
                                   .read_format = PERF_FORMAT_GROUP};

    return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, group_fd,
                        PERF_FLAG_FD_CLOEXEC);
}

const struct perf_calls perf_kernel = {kernel_open, read, close};

/* Is that folder where the kernel that we would ask shows itself? */
static bool is_kernels(const struct roots *roots)
{
    struct statfs fs;

    return statfs(roots->sys, &fs) == 0 && fs.f_type == SYSFS_MAGIC;
}

/* ---- what the PMU counts ---- */

static char *event_text(const char *root, const char *event, const char *what)
{
    char *file = xasprintf(PMU "/events/%s%s", event, what);
    char *text = proc_text(root, file);

    free(file);
    return text;
}

/* "event=0x02" to a configuration: 0, or -1 if it is anything else. */
static int parse_event(const char *text, uint64_t *config)
{
    char *end;

    if (strncmp(text, "event=", 6) != 0 || strspn(text + 6, "0123456789") == 0)
        return -1;
    *config = strtoull(text + 6, &end, 0);
    return *end == '\0' && *config <= 0xff ? 0 : -1;
}

static int parse_scale(const char *text, struct energy_unit *unit)
{
    char *end;
    double joules = strtod(text, &end);

    return end == text || *end ? -1 : energy_unit_of(unit, joules);
}

static void add_event(struct perf *p, const char *root, const char *name)
{
    struct event *ev = &p->event[p->n_events];
    char *what = event_text(root, name, "");
    char *scale = event_text(root, name, ".scale");
    char *unit = event_text(root, name, ".unit");

    if (p->n_events < MOST_EVENTS && strlen(name) < sizeof ev->name && what &&
        scale && unit && strcmp(unit, "Joules") == 0 &&
        parse_event(what, &ev->config) == 0 &&
        parse_scale(scale, &ev->unit) == 0) {
        memcpy(ev->name, name, strlen(name) + 1);
        p->n_events++;
    }
    free(what);
    free(scale);
    free(unit);
}

static int is_event(const struct dirent *d)
{
    return strncmp(d->d_name, "energy-", 7) == 0 && !strchr(d->d_name, '.');
}

/* The package's own event first: it leads its group. */
static void find_events(struct perf *p, const char *root)
{
    char *path = xasprintf("%s/" PMU "/events", root);
    struct dirent **list = NULL;
    int n = scandir(path, &list, is_event, alphasort);

    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++)
            if ((strcmp(list[i]->d_name, "energy-pkg") == 0) == (pass == 0))
                add_event(p, root, list[i]->d_name);
    for (int i = 0; i < n; i++)
        free(list[i]);
    free(list);
    free(path);
}

/* ---- domains ---- */

static struct member *new_member(struct perf *p)
{
    p->member = xgrow(p->member, p->n, &p->cap, sizeof *p->member);
    p->member[p->n] = (struct member){0};
    return &p->member[p->n++];
}

static struct group *new_group(struct perf *p)
{
    p->group = xgrow(p->group, p->n_groups, &p->cap_groups, sizeof *p->group);
    p->group[p->n_groups] = (struct group){0};
    return &p->group[p->n_groups++];
}

/* "package-0/dram" for energy-ram, as powercap names it. */
static char *domain_name(const char *event, const char *package, int number)
{
    static const char *const names[][2] = {
        {"energy-cores", "core"},
        {"energy-gpu", "uncore"},
        {"energy-ram", "dram"},
    };

    if (strcmp(event, "energy-pkg") == 0)
        return xstrdup(package);
    if (strcmp(event, "energy-psys") == 0)
        return number > 0 ? xasprintf("psys-%d", number) : xstrdup("psys");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(event, names[i][0]) == 0)
            return xasprintf("%s/%s", package, names[i][1]);
    return xasprintf("%s/%s", package, event + strlen("energy-"));
}

/* Open an event in the last group, or in one of its own where that group will
 * not have it.  Returns 0, or -1 and errno. */
static int open_event(struct perf *p, struct member *m, const struct event *ev,
                      int cpu, bool fresh)
{
    struct group *g = fresh ? new_group(p) : &p->group[p->n_groups - 1];
    int fd = p->calls->open(p->type, ev->config, cpu, g->n ? g->fd[0] : -1);

    if (fd < 0 && errno == EINVAL && g->n) {
        g = new_group(p);
        fd = p->calls->open(p->type, ev->config, cpu, -1);
    }
    if (fd < 0)
        return -1;
    *m = (struct member){.group = (size_t)(g - p->group),
                         .slot = g->n,
                         .unit = ev->unit,
                         .open = true,
                         .reads = g->n == 0};
    g->fd[g->n++] = fd;
    return 0;
}

static void add_domain(struct perf *p, struct energy_domains *ds,
                       const struct event *ev, const char *package,
                       const struct cpu_place *at, bool fresh)
{
    char *name = domain_name(ev->name, package, at->package);
    char *place = xasprintf("power/%s/ on CPU %d", ev->name, at->cpu);
    struct energy_domain *d =
        energy_add(ds, name, place, energy_unit_wrap(&ev->unit, 64));

    if (d && open_event(p, new_member(p), ev, at->cpu, fresh) < 0) {
        bool denied = errno == EACCES || errno == EPERM;

        energy_judge(d, denied ? ENERGY_DENIED : ENERGY_IMPOSSIBLE, "%s",
                     strerror(errno));
        d->remedy = denied ? p->remedy : NULL;
    }
    free(place);
    free(name);
}

/* AMD counts each core too; reading all would wake each, each time. */
static void add_cores(struct perf *p, const struct roots *roots,
                      struct energy_domains *ds)
{
    int *cpus;
    size_t n = cpus_read(roots, PMU_CORE "/cpumask", &cpus);
    struct cpu_place *at = cpus_places(roots, cpus, n);

    for (size_t i = 0; i < n; i++) {
        int package = at[i].package < 0 ? 0 : at[i].package;
        char *name = xasprintf("package-%d/core-%d", package, at[i].core);
        char *place = xasprintf("power_core/energy-core/ on CPU %d", cpus[i]);
        struct energy_domain *d = energy_add(ds, name, place, 0);

        if (d) {
            new_member(p);
            energy_judge(d, ENERGY_LEFT_OUT, "each reading would wake a core");
        }
        free(place);
        free(name);
    }
    free(at);
    free(cpus);
}

/* AMD's counter is of the package whatever cpumask says of dies. */
static void add_domains(struct perf *p, const struct roots *roots,
                        struct energy_domains *ds)
{
    struct cpu_model model;
    int *cpus, only = 0;
    size_t n = cpus_read(roots, PMU "/cpumask", &cpus), n_leaders, *leaders;
    struct cpu_place *at = cpus_places(roots, n ? cpus : &only, n ? n : 1);

    cpus_model(roots, &model);
    n = n ? n : 1;
    n_leaders = cpus_leaders(at, n, !model.amd, &leaders);
    for (size_t k = 0; k < n_leaders; k++) {
        char package[ENERGY_NAME_MAX];

        cpus_package_name(at, n, leaders[k], !model.amd, package,
                          sizeof package);
        for (size_t i = 0; i < p->n_events; i++)
            add_domain(p, ds, &p->event[i], package, &at[leaders[k]], i == 0);
    }
    free(leaders);
    free(at);
    free(cpus);
    add_cores(p, roots, ds);
}

/* ---- the backend ---- */

static void perf_close(void *state)
{
    struct perf *p = state;

    for (size_t g = 0; p && g < p->n_groups; g++)
        for (size_t i = 0; i < p->group[g].n; i++)
            p->calls->close(p->group[g].fd[i]);
    if (p) {
        free(p->group);
        free(p->member);
    }
    free(p);
}

/* The PMU's number, by which the kernel knows it: 0, or -1 with e filled. */
static int find_pmu(struct perf *p, const struct roots *roots, struct err *e)
{
    char *type = proc_text(roots->sys, PMU "/type");
    uint64_t number;
    bool there = type && proc_parse_u64(type, &number) == 0;

    free(type);
    if (!there || number > UINT32_MAX)
        return err_set(e, ERR_NONE, "%s/" PMU ": no such events", roots->sys);
    if (!roots->perf && !is_kernels(roots))
        return err_set(e, ERR_NONE, "%s is no /sys of a kernel to ask",
                       roots->sys);
    p->type = (uint32_t)number;
    return 0;
}

/* What grants it.  Over 2, which Debian's and Ubuntu's kernels have and begin
 * with, cap_perfmon alone is not enough. */
static const char *find_remedy(const struct roots *roots)
{
    char *text = proc_text(roots->proc, "sys/kernel/perf_event_paranoid");
    bool strict = text && strtol(text, NULL, 10) > 2;

    free(text);
    return strict ? GRANT_STRICT : GRANT;
}

static int perf_open(void **state, const struct roots *roots,
                     struct energy_domains *ds, struct err *e)
{
    struct perf *p = xcalloc(1, sizeof *p);

    *state = p;
    p->calls = roots->perf ? roots->perf : &perf_kernel;
    p->remedy = find_remedy(roots);
    if (find_pmu(p, roots, e) == 0) {
        err_set(e, ERR_NONE, "%s/" PMU "/events: no energy", roots->sys);
        find_events(p, roots->sys);
        if (p->n_events)
            add_domains(p, roots, ds);
    }
    if (ds->n > 0)
        return 1;
    perf_close(p);
    *state = NULL;
    return 0;
}

static int read_group(struct perf *p, struct group *g, struct err *e)
{
    size_t size = (1 + g->n) * sizeof *g->value;
    ssize_t n = p->calls->read(g->fd[0], g->value, size);

    if (n < 0)
        return err_sys(e, "events of perf's power");
    if ((size_t)n != size || g->value[0] != g->n)
        return err_set(e, ERR_SYSTEM,
                       "events of perf's power: %zd bytes instead of %zu", n,
                       size);
    return 0;
}

static int perf_read(void *state, size_t i, uint64_t *uj, struct err *e)
{
    struct perf *p = state;
    const struct member *m = &p->member[i];
    struct group *g = &p->group[m->group];

    if (m->reads && read_group(p, g, e) < 0)
        return -1;
    *uj = energy_unit_uj(&m->unit, g->value[1 + m->slot]);
    return 0;
}

/* Whoever comes next of its group reads it now. */
static void perf_drop(void *state, size_t i)
{
    struct perf *p = state;
    struct member *m = &p->member[i];

    m->open = false;
    for (size_t j = i + 1; m->reads && j < p->n; j++)
        if (p->member[j].open && p->member[j].group == m->group) {
            p->member[j].reads = true;
            m->reads = false;
        }
}

const struct energy_backend energy_perf = {
    .name = "perf",
    .open = perf_open,
    .read = perf_read,
    .drop = perf_drop,
    .close = perf_close,
};
