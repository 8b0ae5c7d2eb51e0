/*
 * Sums over devices: bytes of network interfaces from /proc/net/dev, sectors
 * of disks from /proc/diskstats.
 *
 * A byte that passes a bond, a bridge, a partition, a mapped or a RAID device
 * passes the device below it too, so only what /sys shows to have hardware (or
 * a hypervisor's) behind it is counted: entries with a `device` link.  A
 * container's network has none; there every interface but lo counts.  The set
 * is fixed at the start; a device that vanishes shows as a counter going back.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "common/probe/proc_file.h"
#include "common/probe/source.h"

/* Where the numbers of a device stand in its line. */
struct layout {
    int before;  /* words before the name */
    int in, out; /* the numbers after the name that are summed, from 0 */
    bool but_lo; /* without hardware, take all but lo; else none */
};

static const struct layout net_layout = {0, 0, 8, true};
static const struct layout disk_layout = {2, 2, 6, false};

struct devices {
    struct proc_file file;
    const struct layout *layout;
    struct strings names; /* empty: all but lo */
};

/* The name in a line, its length in *len; the numbers follow at *rest. */
static const char *name_of(const char *line, const struct layout *l,
                           size_t *len, const char **rest)
{
    const char *name;

    for (int i = 0; i < l->before; i++) {
        line += strspn(line, " \t");
        line += strcspn(line, " \t\n");
    }
    name = line + strspn(line, " \t");
    *len = strcspn(name, " \t:\n");
    *rest = name + *len;
    if (**rest == ':')
        (*rest)++;
    return name;
}

static bool counts(const struct devices *d, const char *name, size_t len)
{
    if (d->names.n == 0)
        return len != 2 || memcmp(name, "lo", 2) != 0;
    for (size_t i = 0; i < d->names.n; i++)
        if (strncmp(d->names.at[i], name, len) == 0 &&
            d->names.at[i][len] == '\0')
            return true;
    return false;
}

static void add_line(const struct layout *l, const char *numbers,
                     uint64_t *cells)
{
    for (int i = 0; i <= l->out; i++) {
        uint64_t v = proc_number(&numbers);

        if (i == l->in)
            cells[0] += v;
        else if (i == l->out)
            cells[1] += v;
    }
}

static int devices_read(void *state, uint64_t *cells, struct err *e)
{
    struct devices *d = state;
    const char *line;

    if (proc_file_read(&d->file, e) < 0)
        return -1;
    cells[0] = cells[1] = 0;
    for (line = d->file.text; *line;) {
        const char *newline = strchr(line, '\n'), *rest;
        size_t len;
        const char *name = name_of(line, d->layout, &len, &rest);

        /* A heading has no number where the first one should be. */
        rest += strspn(rest, " \t");
        if (*rest >= '0' && *rest <= '9' && counts(d, name, len))
            add_line(d->layout, rest, cells);
        if (!newline)
            break;
        line = newline + 1;
    }
    return 0;
}

static void devices_close(void *state)
{
    struct devices *d = state;

    if (!d)
        return;
    proc_file_close(&d->file);
    strings_release(&d->names);
    free(d);
}

/* Names under ROOT/DIR that have a `device`. */
static void list_hardware(struct strings *names, const char *root,
                          const char *dir)
{
    char *path = xasprintf("%s/%s", root, dir);
    DIR *d = opendir(path);
    struct dirent *entry;

    while (d && (entry = readdir(d))) {
        char *link = xasprintf("%s/%s/device", path, entry->d_name);

        if (entry->d_name[0] != '.' && access(link, F_OK) == 0)
            strings_add(names, entry->d_name);
        free(link);
    }
    if (d)
        closedir(d);
    free(path);
}

static int devices_open(void **state, const struct roots *roots,
                        const char *file, const char *dir,
                        const struct layout *layout, struct err *e)
{
    struct devices *d = xcalloc(1, sizeof *d);

    d->layout = layout;
    if (proc_file_open(&d->file, roots->proc, file, e) < 0)
        goto absent;
    list_hardware(&d->names, roots->sys, dir);
    if (d->names.n == 0 && !layout->but_lo) {
        err_set(e, ERR_NONE, "%s/%s: shows no device", roots->sys, dir);
        goto absent;
    }
    *state = d;
    return 1;
absent:
    devices_close(d);
    return 0;
}

static int add_pair(struct channels *cs, const char *in, const char *out,
                    const char *unit)
{
    channels_add(cs, in, unit, CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(cs, out, unit, CHANNEL_U64, CHANNEL_COUNTER, 0);
    return 1;
}

static int disk_open(void **state, const struct roots *roots,
                     struct channels *cs, struct strings *notes, struct err *e)
{
    (void)notes;
    if (!devices_open(state, roots, "diskstats", "block", &disk_layout, e))
        return 0;
    return add_pair(cs, "disk.read", "disk.write", "sector");
}

static int net_open(void **state, const struct roots *roots,
                    struct channels *cs, struct strings *notes, struct err *e)
{
    (void)notes;
    if (!devices_open(state, roots, "net/dev", "class/net", &net_layout, e))
        return 0;
    return add_pair(cs, "net.rx", "net.tx", "B");
}

const struct source source_disk = {"disk", disk_open, devices_read,
                                   devices_close};
const struct source source_net = {"net", net_open, devices_read, devices_close};
