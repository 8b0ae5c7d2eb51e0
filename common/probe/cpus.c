#include "common/probe/cpus.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/machine.h"
#include "common/probe/proc_file.h"

size_t cpus_parse(const char *s, int **cpus)
{
    size_t n = 0, cap = 0;

    *cpus = NULL;
    while (*s >= '0' && *s <= '9') {
        uint64_t first = proc_number(&s), last = first;

        if (*s == '-') {
            s++;
            last = proc_number(&s);
        }
        for (; first <= last && first < CPUS_MAX && n < CPUS_MAX; first++) {
            *cpus = xgrow(*cpus, n, &cap, sizeof **cpus);
            (*cpus)[n++] = (int)first;
        }
        if (*s != ',')
            break;
        s++;
    }
    return n;
}

size_t cpus_read(const struct roots *roots, const char *file, int **cpus)
{
    char *list = proc_text(roots->sys, file);
    size_t n;

    *cpus = NULL;
    n = list ? cpus_parse(list, cpus) : 0;
    free(list);
    return n;
}

static int topology(const struct roots *roots, int cpu, const char *what)
{
    char *file = xasprintf("devices/system/cpu/cpu%d/topology/%s", cpu, what);
    char *text = proc_text(roots->sys, file);
    uint64_t v = UINT64_MAX;

    if (text && proc_parse_u64(text, &v) < 0)
        v = UINT64_MAX;
    free(text);
    free(file);
    return v > INT32_MAX ? -1 : (int)v;
}

struct cpu_place *cpus_places(const struct roots *roots, const int *cpus,
                              size_t n)
{
    struct cpu_place *at = xcalloc(n, sizeof *at);

    for (size_t i = 0; i < n; i++)
        at[i] = (struct cpu_place){
            .cpu = cpus[i],
            .package = topology(roots, cpus[i], "physical_package_id"),
            .die = topology(roots, cpus[i], "die_id"),
            .core = topology(roots, cpus[i], "core_id")};
    return at;
}

size_t cpus_leaders(const struct cpu_place *at, size_t n, bool by_die,
                    size_t **leaders)
{
    size_t found = 0, cap = 0;

    *leaders = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < found && (at[(*leaders)[k]].package != at[i].package ||
                             (by_die && at[(*leaders)[k]].die != at[i].die)))
            k++;
        if (k < found)
            continue;
        *leaders = xgrow(*leaders, found, &cap, sizeof **leaders);
        (*leaders)[found++] = i;
    }
    return found;
}

void cpus_package_name(const struct cpu_place *at, size_t n, size_t i,
                       bool by_die, char *out, size_t size)
{
    int package = at[i].package < 0 ? 0 : at[i].package;
    bool several = false;

    for (size_t j = 0; by_die && j < n; j++)
        several |= at[j].package == at[i].package && at[j].die != at[i].die;
    if (several)
        snprintf(out, size, "package-%d-die-%d", package, at[i].die);
    else
        snprintf(out, size, "package-%d", package);
}

static int cpuinfo_number(const char *info, const char *name)
{
    char *text = cpuinfo_value(info, name);
    uint64_t v;
    int n = text && proc_parse_u64(text, &v) == 0 && v < 65536 ? (int)v : -1;

    free(text);
    return n;
}

void cpus_model(const struct roots *roots, struct cpu_model *m)
{
    char *info = proc_text(roots->proc, "cpuinfo");
    char *vendor = cpuinfo_value(info, "vendor_id");

    *m = (struct cpu_model){
        .intel = vendor && strcmp(vendor, "GenuineIntel") == 0,
        .amd = vendor && (strcmp(vendor, "AuthenticAMD") == 0 ||
                          strcmp(vendor, "HygonGenuine") == 0),
        .family = cpuinfo_number(info, "cpu family"),
        .model = cpuinfo_number(info, "model")};
    free(vendor);
    free(info);
}
