#include "common/sweep/sweep_energy.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/probe.h"

static char *name_domains(const struct energy *energy)
{
    const struct energy_part *part = energy->serving;
    struct strings names = {0};
    char *joined, *text;

    for (size_t i = 0; i < energy->n_used; i++)
        strings_add(&names, part->domains.at[energy->used[i]].name);
    joined = strings_join(&names, ", ");
    text = xasprintf("%s: %s", part->backend->name, joined);
    free(joined);
    strings_release(&names);
    return text;
}

char *sweep_energy_find(const struct sweep_spec *s, const struct roots *roots)
{
    struct probe p;
    struct err e;
    char *text;

    if (probe_open(&p, roots, s->energy, false, "stat", &e) < 0)
        return xasprintf("none: %s", e.msg);
    text = p.energy.serving ? name_domains(&p.energy)
                            : xasprintf("none: %s", p.no_energy.msg);
    probe_close(&p);
    return text;
}

int sweep_energy_check(const struct sweep_spec *s, const struct roots *roots,
                       struct err *e)
{
    static const char none[] = "none: ";
    char *found;
    int rc = 0;

    if (!s->require_energy)
        return 0;
    found = sweep_energy_find(s, roots);
    if (strncmp(found, none, sizeof none - 1) == 0)
        rc = err_set(e, ERR_SYSTEM,
                     "no energy source, which the sweep requires: %s; see "
                     "rapl-sample --list, or --set require_energy=false",
                     found + sizeof none - 1);
    free(found);
    return rc;
}
