#ifndef TESTS_UNIT_TREE_H
#define TESTS_UNIT_TREE_H

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/probe/probe.h"

/* A machine as a tree of files: a fixture, or one that the test changes. */
#define FIXTURE "tests/fixtures/machine-"

static struct err e;
static struct probe probe;
static uint64_t cells[64];

static inline void open_and_read(const struct roots *roots, const char *signals)
{
    memset(cells, 0xff, sizeof cells);
    if (probe_open(&probe, roots, "powercap", false, signals, &e) < 0)
        fail_msg("%s", e.msg);
    assert_true(probe.channels.n <= sizeof cells / sizeof *cells);
    assert_int_equal(probe_read(&probe, cells, &e), 0);
}

static inline const struct channel *channel(const char *name)
{
    int c = channels_find(&probe.channels, name);

    if (c < 0)
        fail_msg("no channel %s", name);
    return &probe.channels.at[c];
}

static inline uint64_t value(const char *name)
{
    return cells[channel(name) - probe.channels.at];
}

/* ---- a tree of the test's own ---- */

static char root[] = "/tmp/rapl-probe.XXXXXX";

static inline void put(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", root, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    free(path);
}

static inline void put_dir(const char *name)
{
    char *path = xasprintf("%s/%s", root, name);

    assert_int_equal(mkdir(path, 0755), 0);
    free(path);
}

static inline int make_root(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static inline int remove_root(void **state)
{
    char *command = xasprintf("rm -rf %s", root);
    int rc = system(command);

    (void)state;
    free(command);
    return rc;
}

#endif
