#ifndef TESTS_UNIT_FEEDER_H
#define TESTS_UNIT_FEEDER_H

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/xalloc.h"

/*
 * Energy for a machine of files: counters that move as they are told, each in
 * one write, so that whoever reads meanwhile sees the old or the new count.
 */
struct fed {
    int fd;
    bool text;      /* energy_uj; else a register of 32 bits */
    off_t at;       /* the register */
    uint64_t range; /* counts until it goes round; of text below 10^8 */
    uint64_t total; /* counts fed, from zero */
    unsigned shift; /* counts of 10^6 / 2^shift uJ; 0 of text */
};

static inline char *feeder_file(const char *root, const char *name)
{
    char *path = xasprintf("%s/%s", root, name);

    for (char *s = path + 1; (s = strchr(s, '/')); *s++ = '/') {
        *s = '\0';
        mkdir(path, 0755);
    }
    return path;
}

static inline int feeder_put(const char *root, const char *name,
                             const char *text)
{
    char *path = feeder_file(root, name);
    FILE *f = fopen(path, "w");
    int rc = f ? fputs(text, f) : -1;

    free(path);
    return f && fclose(f) == 0 && rc >= 0 ? 0 : -1;
}

static inline int fed_write(const struct fed *f)
{
    uint32_t count = (uint32_t)(f->total % f->range);
    unsigned char bytes[4];
    char digits[24];

    if (f->text) {
        snprintf(digits, sizeof digits, "%08" PRIu32, count);
        return pwrite(f->fd, digits, 8, 8) == 8 ? 0 : -1;
    }
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(count >> 8 * i);
    return pwrite(f->fd, bytes, 4, f->at) == 4 ? 0 : -1;
}

/* A zone of powercap, at 0. */
static inline int fed_zone(struct fed *f, const char *root, const char *id,
                           const char *zone_name, uint64_t range)
{
    char name[128], text[32], *path;
    int rc;

    snprintf(name, sizeof name, "class/powercap/%s/name", id);
    rc = feeder_put(root, name, zone_name);
    snprintf(name, sizeof name, "class/powercap/%s/max_energy_range_uj", id);
    snprintf(text, sizeof text, "%" PRIu64 "\n", range);
    rc |= feeder_put(root, name, text);
    snprintf(name, sizeof name, "class/powercap/%s/energy_uj", id);
    rc |= feeder_put(root, name, "0000000000000000\n");
    path = feeder_file(root, name);
    *f = (struct fed){open(path, O_WRONLY), true, 0, range, 0, 0};
    free(path);
    return rc < 0 || f->fd < 0 ? -1 : 0;
}

/* A register of an msr file that is there, at 0. */
static inline int fed_register(struct fed *f, const char *path, off_t at,
                               unsigned shift)
{
    *f = (struct fed){open(path, O_WRONLY), false, at, 1ULL << 32, 0, shift};
    return f->fd < 0 ? -1 : fed_write(f);
}

static inline int fed_step(struct fed *f, uint64_t counts)
{
    f->total += counts;
    return fed_write(f);
}

/* All that was fed, and the range, as a recorder must have them. */
static inline uint64_t fed_uj(const struct fed *f, uint64_t counts)
{
    unsigned __int128 uj = counts;

    return (uint64_t)(f->text ? uj : uj * 1000000 >> f->shift);
}

#endif
