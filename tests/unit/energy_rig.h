#ifndef TESTS_UNIT_ENERGY_RIG_H
#define TESTS_UNIT_ENERGY_RIG_H

/*
 * The machines of tests/fixtures/machines, and what is made of their energy.
 * perf's events answer through the seam of struct roots.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/probe/energy.h"
#include "common/probe/perf.h"

static char dir[] = "/tmp/rapl-energy.XXXXXX";
static struct err e;
static struct energy energy;
static struct channels channels;
static struct strings notes;

/* ---- perf's events: an answer a read, by a law ---- */

static struct fake {
    uint64_t config;
    int cpu, leader; /* index of the event that leads its group */
    unsigned reads;
} fake[64];
static int n_fake, n_reads, refuse_groups, refuse_all;
static uint64_t (*law)(const struct fake *f, unsigned k);

static inline int fake_open(uint32_t type, uint64_t config, int cpu,
                            int group_fd)
{
    assert_int_equal(type, 23);
    assert_true(n_fake < 64);
    errno = refuse_all ? refuse_all : EINVAL;
    if (refuse_all || (refuse_groups && group_fd >= 0))
        return -1;
    fake[n_fake] =
        (struct fake){config, cpu, group_fd < 0 ? n_fake : group_fd - 1000, 0};
    return 1000 + n_fake++;
}

static inline ssize_t fake_read(int fd, void *buf, size_t n)
{
    uint64_t *v = buf, members = 0;
    unsigned k = fake[fd - 1000].reads++;

    n_reads++;
    for (int i = 0; i < n_fake; i++)
        if (fake[i].leader == fd - 1000) {
            members++;
            assert_true((members + 1) * sizeof *v <= n);
            v[members] = law(&fake[i], k);
        }
    v[0] = members;
    return (ssize_t)((members + 1) * sizeof *v);
}

static inline int fake_close(int fd)
{
    assert_true(fd >= 1000 && fd < 1000 + n_fake);
    return 0;
}

static const struct perf_calls calls = {fake_open, fake_read, fake_close};

/* ---- machines ---- */

static inline int look_at(const char *machine, const char *choice)
{
    char *proc = xasprintf("%s/%s/proc", dir, machine);
    char *sys = xasprintf("%s/%s/sys", dir, machine);
    char *dev = xasprintf("%s/%s/dev", dir, machine);
    struct roots roots = {.proc = proc, .sys = sys, .dev = dev, .perf = &calls};
    int rc;

    energy_close(&energy);
    channels_release(&channels);
    strings_release(&notes);
    n_fake = n_reads = 0;
    rc = energy_open(&energy, &roots, choice, false, &channels, &notes, &e);
    free(proc);
    free(sys);
    free(dev);
    return rc;
}

static inline void check_channels(const char *names)
{
    struct strings all = {0};
    char *text;

    for (size_t i = 0; i < channels.n; i++)
        strings_add(&all, channels.at[i].name + strlen("energy:"));
    text = strings_join(&all, " ");
    assert_string_equal(text, names);
    free(text);
    strings_release(&all);
}

static inline const struct energy_domain *domain(size_t part, const char *name)
{
    const struct energy_domains *ds = &energy.part[part].domains;

    for (size_t i = 0; i < ds->n; i++)
        if (strcmp(ds->at[i].name, name) == 0)
            return &ds->at[i];
    fail_msg("no domain %s", name);
    return NULL;
}

static inline void check_meta(const char *key, const char *value)
{
    struct labels meta = {0};

    energy_describe(&energy, &meta);
    assert_string_equal(labels_get_or(&meta, key, ""), value);
    labels_release(&meta);
}

static inline void machines_are_made(void **state)
{
    char *command;

    (void)state;
    assert_non_null(mkdtemp(dir));
    command = xasprintf("sh tests/fixtures/machines %s", dir);
    assert_int_equal(system(command), 0);
    free(command);
}

static inline void machines_are_gone(void **state)
{
    char *command = xasprintf("rm -rf %s", dir);

    (void)state;
    assert_int_equal(system(command), 0);
    free(command);
    energy_close(&energy);
    channels_release(&channels);
    strings_release(&notes);
}

#endif
