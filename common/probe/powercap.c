/*
 * Energy by way of powercap, /sys/class/powercap/intel-rapl:*, which AMD's
 * processors use too.  Zones are packages, with core, uncore and dram inside
 * them, and psys, the whole board.  The same counter may show twice, through
 * the processor's registers and through memory (intel-rapl-mmio).
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/energy.h"
#include "common/probe/proc_file.h"

#define POWERCAP "class/powercap"
#define GRANT                                                           \
    "grant it with: sudo setcap cap_dac_read_search+ep \"$(command -v " \
    "rapl-sample)\"; or join the group rapl (doc/services.md)"

struct powercap {
    struct proc_file *zone; /* one a domain; closed if it is not read */
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

/* "package-0" for intel-rapl:0, "package-0/core" for intel-rapl:0:0, on the
 * heap; NULL if the zone has no name. */
static char *zone_name(const char *root, const char *zone)
{
    const char *last = strrchr(zone, ':');
    char *name = zone_text(root, zone, "name");
    char *above = xstrndup(zone, (size_t)(last - zone));
    char *parent = strchr(above, ':') ? zone_text(root, above, "name") : NULL;
    char *full = NULL;

    if (name)
        full =
            xasprintf("%s%s%s", parent ? parent : "", parent ? "/" : "", name);
    free(parent);
    free(above);
    free(name);
    return full;
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

static void add_zone(struct powercap *p, const char *root, const char *zone,
                     struct energy_domains *ds)
{
    char *file = xasprintf(POWERCAP "/%s/energy_uj", zone);
    char *place = xasprintf("%s/%s", root, file);
    char *name = zone_name(root, zone);
    struct energy_domain *d =
        name ? energy_add(ds, name, place, zone_wrap(root, zone)) : NULL;
    struct err e;

    if (d) {
        p->zone = xgrow(p->zone, p->n, &p->cap, sizeof *p->zone);
        if (proc_file_open(&p->zone[p->n++], root, file, &e) < 0) {
            bool denied = errno == EACCES || errno == EPERM;

            energy_judge(d, denied ? ENERGY_DENIED : ENERGY_IMPOSSIBLE, "%s",
                         strerror(errno));
            d->remedy = GRANT;
        }
    }
    free(name);
    free(place);
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
                      int (*filter)(const struct dirent *),
                      struct energy_domains *ds)
{
    char *path = xasprintf("%s/" POWERCAP, root);
    struct dirent **list = NULL;
    int n = scandir(path, &list, filter, versionsort);

    for (int i = 0; i < n; i++) {
        add_zone(p, root, list[i]->d_name, ds);
        free(list[i]);
    }
    free(list);
    free(path);
}

static int powercap_open(void **state, const struct roots *roots,
                         struct energy_domains *ds, struct err *e)
{
    struct powercap *p = xcalloc(1, sizeof *p);

    add_zones(p, roots->sys, is_msr_zone, ds);
    add_zones(p, roots->sys, is_mmio_zone, ds);
    *state = p;
    if (ds->n > 0)
        return 1;
    powercap_close(p);
    *state = NULL;
    err_set(e, ERR_NONE, "%s/" POWERCAP ": no RAPL zone", roots->sys);
    return 0;
}

static int powercap_read(void *state, size_t i, uint64_t *uj, struct err *e)
{
    struct powercap *p = state;

    if (proc_file_read(&p->zone[i], e) < 0)
        return -1;
    if (proc_parse_u64(p->zone[i].text, uj) < 0)
        return err_set(e, ERR_SYSTEM, "%s: '%.*s' is no energy",
                       p->zone[i].path, (int)strcspn(p->zone[i].text, "\n"),
                       p->zone[i].text);
    return 0;
}

static void powercap_drop(void *state, size_t i)
{
    struct powercap *p = state;

    proc_file_close(&p->zone[i]);
}

const struct energy_backend energy_powercap = {
    .name = "powercap",
    .absolute = true,
    .open = powercap_open,
    .read = powercap_read,
    .drop = powercap_drop,
    .close = powercap_close,
};
