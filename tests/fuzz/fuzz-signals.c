/*
 * Every group of signals on a hostile machine: its files in this order with
 * form feeds between them, as they are when opened, and then as they are when
 * read, while the machine is looked out for.
 */
#include "common/probe/machine.h"
#include "common/probe/probe.h"
#include "common/probe/watch.h"
#include "tests/fuzz/fuzz_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CPU "devices/system/cpu"
#define CGROUP "fs/cgroup"

static const char *const files[] = {
    "stat",
    "schedstat",
    "cpuinfo",
    CPU "/online",
    CPU "/cpufreq/policy0/scaling_cur_freq",
    CGROUP "/cpu.stat",
    CGROUP "/io.stat",
    CGROUP "/memory/memory.usage_in_bytes",
    CGROUP "/cpuacct/cpuacct.usage",
    "vmstat",
    "meminfo",
    "diskstats",
    "block/sda/device",
    "net/dev",
    "pressure/cpu",
};

enum { N_FILES = sizeof files / sizeof *files };

/* Another row, where it can be read, and what is made of it. */
static void read_row(struct probe *p, struct watch *w, uint64_t *before,
                     uint64_t *now, int64_t mono_ns)
{
    struct news news;
    struct err e;

    if (probe_read(p, now, &e) < 0) {
        if (!*e.msg || strchr(e.msg, '\n'))
            abort();
        return;
    }
    watch_row(w, mono_ns, now, &news);
    if (news.steal_pct < 0 || news.steal_pct > 100 ||
        probe_went_back(&p->channels, before, now) >= (int)p->channels.n)
        abort();
}

static void record(struct probe *p, const struct roots *roots,
                   const uint8_t *data, size_t size)
{
    uint64_t *before = xcalloc(p->channels.n, sizeof *before);
    uint64_t *now = xcalloc(p->channels.n, sizeof *now);
    struct labels meta = {0};
    struct watch w;

    watch_open(&w, &watch_eyes_here, roots, &p->channels);
    read_row(p, &w, now, before, 1);
    put_files(files, N_FILES, &data, &size);
    read_row(p, &w, before, now, INT64_MAX / 2);
    watch_describe(&w, &meta);
    watch_close(&w);
    labels_release(&meta);
    free(before);
    free(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct roots roots = {.proc = root, .sys = root};
    struct probe p;
    struct err e;

    put_files(files, N_FILES, &data, &size);
    if (probe_open(&p, &roots, "none", false, "all,percpu", &e) < 0)
        return 0;
    for (size_t i = 0; i < p.channels.n; i++)
        if (!*p.channels.at[i].name || strpbrk(p.channels.at[i].name, "\n,"))
            abort();
    record(&p, &roots, data, size);
    probe_close(&p);
    return 0;
}
