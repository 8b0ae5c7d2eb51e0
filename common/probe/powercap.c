/*
 * Energy by way of powercap, /sys/class/powercap/intel-rapl:*, which AMD's
 * processors use too.  Zones are packages, with core, uncore and dram inside
 * them, and psys, the whole board.  The same counter may show twice, through
 * the processor's registers and through memory (intel-rapl-mmio); the second
 * of a name is left out.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

#define POWERCAP "class/powercap"

struct powercap {
    struct proc_file *zone;
    size_t n, cap;
};

static void powercap_close(void *state)
{
    struct powercap *p = state;

    for (size_t i = 0; p && i < p->n; i++)
        proc_file_close(&p->zone[i]);
    if (p)
        free(p->zone);
    free(p);
}

static char *zone_text(const char *root, const char *zone, const char *file)
{
    char *name = xasprintf(POWERCAP "/%s/%s", zone, file);
    char *text = proc_text(root, name);

    free(name);
    return text;
}

/* "energy:package-0" for intel-rapl:0, "energy:package-0/core" for
 * intel-rapl:0:0, on the heap; NULL if the zone has no name. */
static char *zone_channel(const char *root, const char *zone)
{
    const char *last = strrchr(zone, ':');
    char *name = zone_text(root, zone, "name");
    char *above = xstrndup(zone, (size_t)(last - zone));
    char *parent = strchr(above, ':') ? zone_text(root, above, "name") : NULL;
    char *channel = NULL;

    if (name)
        channel = xasprintf("energy:%s%s%s", parent ? parent : "",
                            parent ? "/" : "", name);
    free(parent);
    free(above);
    free(name);
    return channel;
}

static uint64_t zone_wrap(const char *root, const char *zone)
{
    char *text = zone_text(root, zone, "max_energy_range_uj");
    uint64_t wrap = 0;

    if (text && proc_parse_u64(text, &wrap) < 0)
        wrap = 0;
    free(text);
    return wrap;
}

/* Why a zone is left out, to notes; a missing permission once, and to e. */
static void leave_out(bool denied, const struct err *why, struct strings *notes,
                      struct err *e)
{
    if (!denied) {
        strings_add(notes, why->msg);
    } else if (e->code == ERR_NONE) {
        err_set(e, ERR_SYSTEM,
                "%s; grant it with: sudo setcap cap_dac_read_search+ep "
                "\"$(command -v rapl-sample)\"",
                why->msg);
        strings_add(notes, e->msg);
    }
}

static void add_zone(struct powercap *p, const char *root, const char *zone,
                     const char *channel, struct channels *cs,
                     struct strings *notes, struct err *e)
{
    char *file = xasprintf(POWERCAP "/%s/energy_uj", zone);
    struct err why;

    p->zone = xgrow(p->zone, p->n, &p->cap, sizeof *p->zone);
    if (proc_file_open(&p->zone[p->n], root, file, &why) == 0) {
        p->n++;
        channels_add(cs, channel, "uJ", CHANNEL_U64, CHANNEL_COUNTER,
                     zone_wrap(root, zone));
    } else {
        leave_out(errno == EACCES || errno == EPERM, &why, notes, e);
    }
    free(file);
}

static int is_msr_zone(const struct dirent *d)
{
    return strncmp(d->d_name, "intel-rapl:", 11) == 0;
}

static int is_mmio_zone(const struct dirent *d)
{
    return strncmp(d->d_name, "intel-rapl-mmio:", 16) == 0;
}

static void add_zones(struct powercap *p, const char *root,
                      int (*filter)(const struct dirent *), struct channels *cs,
                      struct strings *notes, struct err *e)
{
    char *path = xasprintf("%s/" POWERCAP, root);
    struct dirent **list = NULL;
    int n = scandir(path, &list, filter, versionsort);

    for (int i = 0; i < n; i++) {
        const char *zone = list[i]->d_name;
        char *channel = zone_channel(root, zone);

        if (channel && channels_find(cs, channel) >= 0) {
            char *note = xasprintf("%s/%s: shows %s once more; recorded once",
                                   path, zone, channel);

            strings_add(notes, note);
            free(note);
        } else if (channel) {
            add_zone(p, root, zone, channel, cs, notes, e);
        }
        free(channel);
        free(list[i]);
    }
    free(list);
    free(path);
}

static int powercap_open(void **state, const struct roots *roots,
                         struct channels *cs, struct strings *notes,
                         struct err *e)
{
    struct powercap *p = xcalloc(1, sizeof *p);

    err_set(e, ERR_NONE, "%s/" POWERCAP ": no RAPL zone", roots->sys);
    add_zones(p, roots->sys, is_msr_zone, cs, notes, e);
    add_zones(p, roots->sys, is_mmio_zone, cs, notes, e);
    *state = p;
    if (p->n > 0)
        return 1;
    powercap_close(p);
    return 0;
}

static int powercap_read(void *state, uint64_t *cells, struct err *e)
{
    struct powercap *p = state;

    for (size_t i = 0; i < p->n; i++) {
        if (proc_file_read(&p->zone[i], e) < 0)
            return -1;
        if (proc_parse_u64(p->zone[i].text, &cells[i]) < 0)
            return err_set(e, ERR_SYSTEM, "%s: '%.20s' is no energy",
                           p->zone[i].path, p->zone[i].text);
    }
    return 0;
}

const struct source source_powercap = {"powercap", powercap_open, powercap_read,
                                       powercap_close};
