/*
 * Energy counters of a hostile machine: the files of /sys, /proc and /dev that
 * the ways to them read, in this order, with form feeds between them.
 */
#include <errno.h>
#include <unistd.h>

#include "common/probe/energy.h"
#include "common/probe/perf.h"
#include "tests/fuzz/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ZONE "class/powercap/intel-rapl"
#define POWER "bus/event_source/devices/power"
#define CPU "devices/system/cpu"

static const char *const files[] = {
    ZONE ":0/name",
    ZONE ":0/energy_uj",
    ZONE ":0/max_energy_range_uj",
    ZONE ":0:0/name",
    ZONE ":0:0/energy_uj",
    ZONE "-mmio:0/name",
    ZONE "-mmio:0/energy_uj",
    POWER "/type",
    POWER "/cpumask",
    POWER "/events/energy-pkg",
    POWER "/events/energy-pkg.unit",
    POWER "/events/energy-pkg.scale",
    POWER "/events/energy-other",
    POWER "/events/energy-other.unit",
    POWER "/events/energy-other.scale",
    POWER "_core/cpumask",
    CPU "/online",
    CPU "/cpu0/topology/physical_package_id",
    CPU "/cpu0/topology/die_id",
    CPU "/cpu1/topology/die_id",
    "cpuinfo",
    "cpu/0/msr",
};

static int open_event(uint32_t type, uint64_t config, int cpu, int group_fd)
{
    if (type % 3 == 0 && group_fd < 0)
        return 1000 + cpu;
    errno = config & 1 ? EINVAL : EACCES;
    return -1;
}

static ssize_t read_event(int fd, void *buf, size_t n)
{
    memset(buf, fd & 1, n);
    return (ssize_t)n;
}

static int close_event(int fd)
{
    return fd < 1000 ? -1 : 0;
}

static void read_all(const struct energy_backend *b, const struct roots *roots)
{
    struct energy_domains ds = {0};
    struct err e;
    void *state;
    uint64_t uj;

    if (b->open(&state, roots, &ds, &e) == 0) {
        if (ds.n != 0)
            abort();
        return;
    }
    for (size_t i = 0; i < ds.n; i++) {
        if (!*ds.at[i].name || strchr(ds.at[i].name, '\n'))
            abort();
        if (ds.at[i].state != ENERGY_GOOD)
            continue;
        if (b->read(state, i, &uj, &e) < 0 && strchr(e.msg, '\n'))
            abort();
    }
    for (size_t i = 0; i < ds.n; i += 2)
        b->drop(state, i);
    b->close(state);
    energy_release(&ds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct perf_calls calls = {open_event, read_event,
                                            close_event};
    const struct roots roots = {
        .proc = root, .sys = root, .dev = root, .perf = &calls};

    put_files(files, sizeof files / sizeof *files, &data, &size);
    read_all(&energy_powercap, &roots);
    read_all(&energy_perf, &roots);
    read_all(&energy_msr, &roots);
    return 0;
}
