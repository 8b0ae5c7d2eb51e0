/*
 * What cpufreq says of each policy, averaged: cpuinfo_avg_freq, which is the
 * mean of the last milliseconds, where the kernel has that and it can be read,
 * else scaling_cur_freq.  A policy that cannot tell now (its CPUs are idle or
 * offline) is left out of the mean; 0 means that none could.  Of very many
 * policies some are enough.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

#define POLICIES "devices/system/cpu/cpufreq"

enum { MAX_POLICIES = 256, MAX_KHZ = 100000000 };

struct cpufreq {
    struct proc_file *file; // (n)
    size_t n, cap;
};

static void cpufreq_close(void *state)
{
    struct cpufreq *c = state;

    for (size_t i = 0; c && i < c->n; i++)
        proc_file_close(&c->file[i]);
    if (c)
        free(c->file);
    free(c);
}

/* A frequency that a core may have, in kHz; 0 if the file holds none. */
static uint64_t read_khz(struct proc_file *f)
{
    struct err e;
    uint64_t khz;

    if (proc_file_read(f, &e) < 0 || proc_parse_u64(f->text, &khz) < 0)
        return 0;
    return khz <= MAX_KHZ ? khz : 0;
}

/* Open a file of a policy, if it holds a frequency now. */
static bool add_file(struct cpufreq *c, const char *sys, const char *policy,
                     const char *name)
{
    char *path = xasprintf(POLICIES "/%s/%s", policy, name);
    struct proc_file f;
    struct err e;
    bool there = proc_file_open(&f, sys, path, &e) == 0;

    if (there && read_khz(&f) == 0) {
        proc_file_close(&f);
        there = false;
    }
    if (there) {
        c->file = xgrow(c->file, c->n, &c->cap, sizeof *c->file);
        c->file[c->n++] = f;
    }
    free(path);
    return there;
}

static void add_policies(struct cpufreq *c, const char *sys)
{
    char *path = xasprintf("%s/" POLICIES, sys);
    DIR *d = opendir(path);
    struct dirent *entry;

    while (d && c->n < MAX_POLICIES && (entry = readdir(d)))
        if (strncmp(entry->d_name, "policy", 6) == 0 &&
            !add_file(c, sys, entry->d_name, "cpuinfo_avg_freq"))
            add_file(c, sys, entry->d_name, "scaling_cur_freq");
    if (d)
        closedir(d);
    free(path);
}

static int cpufreq_open(void **state, const struct roots *roots,
                        struct channels *cs, struct strings *notes,
                        struct err *e)
{
    struct cpufreq *c = xcalloc(1, sizeof *c);

    (void)notes;
    add_policies(c, roots->sys);
    if (c->n == 0) {
        err_set(e, ERR_NONE, "%s/" POLICIES ": shows no frequency", roots->sys);
        cpufreq_close(c);
        return 0;
    }
    channels_add(cs, "cpu.khz", "kHz", CHANNEL_U64, CHANNEL_GAUGE, 0);
    *state = c;
    return 1;
}

static int cpufreq_read(void *state, uint64_t *cells, struct err *e)
{
    struct cpufreq *c = state;
    uint64_t sum = 0, n = 0;

    (void)e;
    for (size_t i = 0; i < c->n; i++) {
        uint64_t khz = read_khz(&c->file[i]);

        sum += khz;
        n += khz > 0;
    }
    cells[0] = n ? (sum + n / 2) / n : 0;
    return 0;
}

const struct source source_cpufreq = {"freq", cpufreq_open, cpufreq_read,
                                      cpufreq_close};
