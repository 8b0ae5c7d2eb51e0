/*
 * Energy from the processor's registers, /dev/cpu/N/msr: 32 bits that wrap, in
 * a unit that another register tells.  For kernels without powercap and perf's
 * PMU; asked for by name only, since it takes rights that are good for more.
 * Sources: Intel's manual, volumes 3B (RAPL interfaces) and 4 (registers);
 * AMD's processor programming references (RAPL registers).
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/probe/cpus.h"
#include "common/probe/energy.h"

#define INTEL_UNIT 0x606
#define AMD_UNIT 0xC0010299
#define AMD_CORE 0xC001029A
#define AMD_PACKAGE 0xC001029B
#define GRANT                                                          \
    "grant it with: sudo setcap cap_sys_rawio,cap_dac_read_search+ep " \
    "\"$(command -v rapl-sample)\""

enum { COUNTER_BITS = 32 };

/* A domain inside a package ("" is the package), and its register. */
struct reg {
    const char *domain;
    off_t at;
};

static const struct reg intel_regs[] = {
    {"", 0x611},      {"/core", 0x639}, {"/uncore", 0x641},
    {"/dram", 0x619}, {"psys", 0x64D},
};
static const struct reg amd_regs[] = {{"", AMD_PACKAGE}};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* One a domain. */
struct counter {
    int fd;
    off_t at;
    struct energy_unit unit;
    const char *place; /* the domain's */
};

struct msr {
    struct cpu_model model;
    const char *dev;
    ssize_t (*read)(int, void *, size_t, off_t); /* as pread() */
    int *fd;                                     /* one a package */
    size_t n_fds, cap_fds;
    struct counter *counter;
    size_t n, cap;
};

/* Read a register: 0, or -1 and errno; one that is not there is EIO. */
static int read_msr(const struct msr *p, int fd, off_t at, uint64_t *v)
{
    unsigned char bytes[sizeof *v];
    ssize_t n = p->read(fd, bytes, sizeof bytes, at);

    if (n == (ssize_t)sizeof bytes) {
        memcpy(v, bytes, sizeof bytes);
        return 0;
    }
    if (n >= 0)
        errno = EIO;
    return -1;
}

/* ---- units ---- */

static bool is_one_of(int model, const int *models, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (models[i] == model)
            return true;
    return false;
}

/* Joules a count, of what the unit register says. */
static double unit_joules(const struct cpu_model *m, const char *domain,
                          uint64_t units)
{
    /* Silvermont, Airmont: 2^n uJ instead of 2^-n J */
    static const int small[] = {0x37, 0x4A, 0x4C, 0x5A, 0x5D};
    /* servers from Haswell to Ice Lake: dram always in 2^-16 J */
    static const int servers[] = {0x3F, 0x4F, 0x55, 0x56,
                                  0x57, 0x6A, 0x6C, 0x85};
    /* Sapphire and Emerald Rapids: psys always in J */
    static const int joules[] = {0x8F, 0xCF};
    int n = (int)(units >> 8 & 0x1f);
    bool known = m->intel && m->family == 6;

    if (known && is_one_of(m->model, small, COUNT(small)))
        return ldexp(1e-6, n);
    if (known && strcmp(domain, "/dram") == 0 &&
        is_one_of(m->model, servers, COUNT(servers)))
        return ldexp(1, -16);
    if (known && strcmp(domain, "psys") == 0 &&
        is_one_of(m->model, joules, COUNT(joules)))
        return 1;
    return ldexp(1, -n);
}

/* ---- domains ---- */

static struct counter *new_counter(struct msr *p)
{
    p->counter = xgrow(p->counter, p->n, &p->cap, sizeof *p->counter);
    p->counter[p->n] = (struct counter){.fd = -1};
    return &p->counter[p->n++];
}

static char *domain_name(const struct reg *r, const char *package, int number)
{
    if (strcmp(r->domain, "psys") != 0)
        return xasprintf("%s%s", package, r->domain);
    return number > 0 ? xasprintf("psys-%d", number) : xstrdup("psys");
}

/* A register that is not there is no domain. */
static void add_domain(struct msr *p, struct energy_domains *ds, int fd,
                       const struct reg *r, const char *package,
                       const struct cpu_place *at, uint64_t units)
{
    char *name = domain_name(r, package, at->package);
    char *place = xasprintf("%s/cpu/%d/msr at 0x%llX", p->dev, at->cpu,
                            (unsigned long long)r->at);
    double joules = unit_joules(&p->model, r->domain, units);
    struct energy_unit unit;
    struct energy_domain *d = NULL;
    uint64_t v;

    if (read_msr(p, fd, r->at, &v) == 0 && energy_unit_of(&unit, joules) == 0)
        d = energy_add(ds, name, place, energy_unit_wrap(&unit, COUNTER_BITS));
    if (d)
        *new_counter(p) = (struct counter){fd, r->at, unit, d->place};
    free(place);
    free(name);
}

/* Open a CPU's registers: a descriptor, or -1 and errno. */
static int open_cpu(const struct msr *p, int cpu)
{
    char *path = xasprintf("%s/cpu/%d/msr", p->dev, cpu);
    int fd = open(path, O_RDONLY | O_CLOEXEC), saved = errno;

    free(path);
    errno = saved;
    return fd;
}

/* AMD's register of each core: shown, not recorded. */
static void add_core(struct msr *p, struct energy_domains *ds,
                     const struct cpu_place *at)
{
    int package = at->package < 0 ? 0 : at->package, fd = open_cpu(p, at->cpu);
    char *name = xasprintf("package-%d/core-%d", package, at->core);
    char *place = xasprintf("%s/cpu/%d/msr at 0x%X", p->dev, at->cpu, AMD_CORE);
    struct energy_domain *d;
    struct energy_unit unit;
    uint64_t units, v;

    if (fd >= 0 && read_msr(p, fd, AMD_UNIT, &units) == 0 &&
        read_msr(p, fd, AMD_CORE, &v) == 0 &&
        energy_unit_of(&unit, unit_joules(&p->model, "", units)) == 0 &&
        (d = energy_add(ds, name, place,
                        energy_unit_wrap(&unit, COUNTER_BITS)))) {
        new_counter(p);
        d->shown = true;
        d->uj = energy_unit_uj(&unit, v & UINT32_MAX);
        energy_judge(d, ENERGY_LEFT_OUT, "each reading would wake a core");
    }
    if (fd >= 0)
        close(fd);
    free(place);
    free(name);
}

/* What is there and cannot be opened is shown as its package. */
static void add_closed(struct msr *p, struct energy_domains *ds,
                       const char *package, int cpu, int error)
{
    char *place = xasprintf("%s/cpu/%d/msr", p->dev, cpu);
    struct energy_domain *d = energy_add(ds, package, place, 0);
    bool denied = error == EACCES || error == EPERM;

    if (d) {
        new_counter(p);
        energy_judge(d, denied ? ENERGY_DENIED : ENERGY_IMPOSSIBLE, "%s",
                     strerror(error));
        d->remedy = denied ? GRANT : NULL;
    }
    free(place);
}

/* Returns 0, or -1 where nothing is there. */
static int add_package(struct msr *p, struct energy_domains *ds,
                       const char *package, const struct cpu_place *at)
{
    const struct reg *regs = p->model.amd ? amd_regs : intel_regs;
    size_t n = p->model.amd ? COUNT(amd_regs) : COUNT(intel_regs);
    int fd = open_cpu(p, at->cpu);
    uint64_t units;

    if (fd < 0 && errno != ENOENT && errno != ENXIO && errno != ENODEV) {
        add_closed(p, ds, package, at->cpu, errno);
        return 0;
    }
    if (fd < 0)
        return -1;
    p->fd = xgrow(p->fd, p->n_fds, &p->cap_fds, sizeof *p->fd);
    p->fd[p->n_fds++] = fd;
    if (read_msr(p, fd, p->model.amd ? AMD_UNIT : INTEL_UNIT, &units) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        add_domain(p, ds, fd, &regs[i], package, at, units);
    return 0;
}

static void add_domains(struct msr *p, const struct roots *roots,
                        struct energy_domains *ds)
{
    int *cpus;
    size_t n = cpus_read(roots, "devices/system/cpu/online", &cpus);
    struct cpu_place *at = cpus_places(roots, cpus, n);
    bool by_die = !p->model.amd;
    size_t *leaders, n_leaders = cpus_leaders(at, n, by_die, &leaders);

    for (size_t k = 0; k < n_leaders; k++) {
        char package[ENERGY_NAME_MAX];

        cpus_package_name(at, n, leaders[k], by_die, package, sizeof package);
        add_package(p, ds, package, &at[leaders[k]]);
    }
    for (size_t i = 0; i < n && p->model.amd && ds->n > 0; i++) {
        size_t j = 0;

        while (at[j].package != at[i].package || at[j].core != at[i].core)
            j++;
        if (j == i)
            add_core(p, ds, &at[i]);
    }
    free(leaders);
    free(at);
    free(cpus);
}

/* ---- the backend ---- */

static void msr_close(void *state)
{
    struct msr *p = state;

    for (size_t i = 0; p && i < p->n_fds; i++)
        close(p->fd[i]);
    if (p) {
        free(p->fd);
        free(p->counter);
    }
    free(p);
}

static int msr_open(void **state, const struct roots *roots,
                    struct energy_domains *ds, struct err *e)
{
    struct msr *p = xcalloc(1, sizeof *p);

    *state = p;
    p->dev = roots->dev ? roots->dev : "/dev";
    p->read = roots->msr_read ? roots->msr_read : pread;
    cpus_model(roots, &p->model);
    if (!p->model.intel && !p->model.amd)
        err_set(e, ERR_NONE, "%s/cpuinfo: neither Intel nor AMD", roots->proc);
    else
        add_domains(p, roots, ds);
    if (ds->n > 0)
        return 1;
    if (p->n_fds > 0)
        err_set(e, ERR_NONE, "%s/cpu: no energy registers", p->dev);
    else if (p->model.intel || p->model.amd)
        err_set(e, ERR_NONE, "%s/cpu/0/msr: none; sudo modprobe msr may help",
                p->dev);
    msr_close(p);
    *state = NULL;
    return 0;
}

static int msr_read(void *state, size_t i, uint64_t *uj, struct err *e)
{
    struct msr *p = state;
    const struct counter *c = &p->counter[i];
    uint64_t v;

    if (read_msr(p, c->fd, c->at, &v) < 0)
        return err_sys(e, "%s", c->place);
    *uj = energy_unit_uj(&c->unit, v & UINT32_MAX);
    return 0;
}

static void msr_drop(void *state, size_t i)
{
    (void)state;
    (void)i;
}

const struct energy_backend energy_msr = {
    .name = "msr",
    .absolute = true,
    .opt_in = true,
    .open = msr_open,
    .read = msr_read,
    .drop = msr_drop,
    .close = msr_close,
};
