#include "common/probe/probe.h"

#include <assert.h>
#include <string.h>

enum { JITTER_TICKS = 100 };

static const struct source *const signal_sources[] = {
    &source_stat,  &source_vmstat, &source_disk,   &source_net,
    &source_mem,   &source_psi,    &source_freq,   &source_cpufreq,
    &source_sched, &source_cgroup, &source_percpu,
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Open a source as a part of the probe; returns as source->open() does. */
static int open_part(struct probe *p, const struct source *source,
                     const struct roots *roots, struct err *e)
{
    struct probe_part *part = &p->part[p->n_parts++];
    int there;

    assert(p->n_parts <= PROBE_MAX_SOURCES);
    *part = (struct probe_part){.source = source};
    part->first = p->channels.n;
    there = source->open(&part->state, roots, &p->channels, &p->notes, e);
    if (there == 0)
        part->absent = *e;
    part->open = there == 1;
    part->n = p->channels.n - part->first;
    return there;
}

/* "all" is all but what grows with the machine; a control group that is named
 * is wanted. */
static bool is_wanted(const struct strings *names, const struct source *source,
                      const struct roots *roots)
{
    return strings_find(names, source->name) >= 0 ||
           (strings_find(names, "all") >= 0 && source != &source_percpu) ||
           (roots->cgroup && source == &source_cgroup);
}

static int check_names(const struct strings *names, struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        bool known = strcmp(names->at[i], "all") == 0;

        for (size_t s = 0; s < COUNT(signal_sources); s++)
            known |= strcmp(names->at[i], signal_sources[s]->name) == 0;
        if (!known)
            return err_set(e, ERR_USAGE,
                           "no signals '%s'; there are " PROBE_SIGNALS ", all",
                           names->at[i]);
    }
    return 0;
}

static int open_parts(struct probe *p, const struct roots *roots,
                      const struct strings *names, struct err *e)
{
    int there = 0;

    for (size_t i = 0; there >= 0 && i < COUNT(signal_sources); i++)
        if (is_wanted(names, signal_sources[i], roots))
            there = open_part(p, signal_sources[i], roots, e);
    if (there < 0)
        return -1;
    if (p->channels.n == 0)
        return err_set(e, ERR_SYSTEM, "%s, %s: nothing to record", roots->proc,
                       roots->sys);
    return 0;
}

int probe_open(struct probe *p, const struct roots *roots, const char *energy,
               bool survey, const char *signals, struct err *e)
{
    struct strings names = {0};
    int rc;

    memset(p, 0, sizeof *p);
    if (*signals)
        strings_split(&names, signals, ',');
    rc = check_names(&names, e);
    if (rc == 0)
        rc = energy_open(&p->energy, roots, energy, survey, &p->channels,
                         &p->notes, e);
    if (rc == 0)
        p->no_energy = *e;
    if (rc >= 0)
        rc = open_parts(p, roots, &names, e);
    strings_release(&names);
    if (rc < 0)
        probe_close(p);
    return rc;
}

int probe_read(struct probe *p, uint64_t *cells, struct err *e)
{
    if (energy_read(&p->energy, cells, e) < 0)
        return -1;
    for (size_t i = 0; i < p->n_parts; i++) {
        struct probe_part *part = &p->part[i];

        if (part->open &&
            part->source->read(part->state, cells + part->first, e) < 0)
            return -1;
    }
    return 0;
}

/* The kernel adds these up over the CPUs while they change: they go back by a
 * few ticks now and then, which is no reset. */
static bool is_jitter(const char *name, uint64_t back)
{
    const char *dot = strchr(name, '.');

    return back <= JITTER_TICKS && strncmp(name, "cpu", 3) == 0 && dot &&
           (strcmp(dot, ".idle") == 0 || strcmp(dot, ".iowait") == 0);
}

int probe_went_back(const struct channels *cs, const uint64_t *before,
                    const uint64_t *now)
{
    for (size_t i = 0; i < cs->n; i++)
        if (now[i] < before[i] && cs->at[i].kind == CHANNEL_COUNTER &&
            cs->at[i].wrap == 0 &&
            !is_jitter(cs->at[i].name, before[i] - now[i]))
            return (int)i;
    return -1;
}

void probe_close(struct probe *p)
{
    for (size_t i = 0; i < p->n_parts; i++)
        if (p->part[i].open)
            p->part[i].source->close(p->part[i].state);
    energy_close(&p->energy);
    channels_release(&p->channels);
    strings_release(&p->notes);
    memset(p, 0, sizeof *p);
}
