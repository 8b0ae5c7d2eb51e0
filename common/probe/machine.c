#include "common/probe/machine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/probe/cpus.h"
#include "common/probe/proc_file.h"

static void set_from_file(struct labels *meta, const char *key,
                          const char *root, const char *name)
{
    char *text = proc_text(root, name);

    if (text && *text)
        labels_set(meta, key, text);
    free(text);
}

char *cpuinfo_value(const char *info, const char *name)
{
    size_t n = strlen(name);

    while (info && *info) {
        size_t blanks =
            strncmp(info, name, n) == 0 ? strspn(info + n, "\t ") : 0;

        if (strncmp(info, name, n) == 0 && info[n + blanks] == ':') {
            info += n + blanks + 1;
            info += strspn(info, " ");
            return xstrndup(info, strcspn(info, "\n"));
        }
        info = strchr(info, '\n');
        info = info ? info + 1 : NULL;
    }
    return NULL;
}

static void describe_cpu(const char *info, struct labels *meta)
{
    static const char *const names[][2] = {
        {"model name", "cpu_model"},   {"cpu family", "cpu_family"},
        {"model", "cpu_model_number"}, {"stepping", "cpu_stepping"},
        {"microcode", "microcode"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *value = cpuinfo_value(info, names[i][0]);

        if (value && *value)
            labels_set(meta, names[i][1], value);
        free(value);
    }
}

/* Lines "cpuN" of /proc/stat, where /sys does not say. */
static size_t count_cpu_lines(const char *proc)
{
    char *text = proc_text(proc, "stat");
    size_t n = 0;

    for (char *s = text; s && (s = strstr(s, "\ncpu")); s++)
        n++;
    free(text);
    return n;
}

static void describe_cpus(const struct roots *roots, struct labels *meta)
{
    int *cpus;
    size_t n = cpus_read(roots, "devices/system/cpu/online", &cpus);

    if (n == 0)
        n = count_cpu_lines(roots->proc);
    if (n > 0)
        labels_setf(meta, "cpus", "%zu", n);
    free(cpus);
}

/* Under a hypervisor, its name as the virtual board's maker gives it. */
static char *hypervisor_name(const struct roots *roots)
{
    char *type = proc_text(roots->sys, "hypervisor/type");
    char *vendor = proc_text(roots->sys, "class/dmi/id/sys_vendor");
    char *product = proc_text(roots->sys, "class/dmi/id/product_name");
    char *name;

    if (type && *type)
        name = xstrdup(type);
    else if (vendor && product)
        name = xasprintf("%s %s", vendor, product);
    else
        name = xstrdup("unknown");
    free(type);
    free(vendor);
    free(product);
    return name;
}

static void describe_hypervisor(const struct roots *roots, const char *info,
                                struct labels *meta)
{
    char *flags = cpuinfo_value(info, "flags");
    char *name;

    if (flags && !strstr(flags, " hypervisor")) {
        labels_set(meta, "hypervisor", "none");
    } else {
        name = flags ? hypervisor_name(roots) : xstrdup("unknown");
        labels_set(meta, "hypervisor", name);
        free(name);
    }
    free(flags);
}

void machine_describe(const struct roots *roots, struct labels *meta)
{
    char *info = proc_text(roots->proc, "cpuinfo");

    set_from_file(meta, "host", roots->proc, "sys/kernel/hostname");
    describe_cpu(info, meta);
    describe_cpus(roots, meta);
    set_from_file(meta, "kernel", roots->proc, "sys/kernel/osrelease");
    labels_setf(meta, "user_hz", "%ld", sysconf(_SC_CLK_TCK));
    set_from_file(meta, "governor", roots->sys,
                  "devices/system/cpu/cpu0/cpufreq/scaling_governor");
    describe_hypervisor(roots, info, meta);
    free(info);
}
