#include "formats/load.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "formats/sample.h"

/* busy share = offset + scale x value; by_cpus: of that, divided by CPUs. */
static const struct source {
    const char *feature;
    float offset, scale;
    bool by_cpus;
} SOURCES[] = {
    {"busy_share", 0, 1, false},  {"busy_pct", 0, .01f, false},
    {"busy_cpus", 0, 1, true},    {"idle_pct", 1, -.01f, false},
    {"user_pct", 0, .01f, false},
};

static double count_cpus(const struct recording *r)
{
    return strtod(labels_get_or(&r->meta, META_CPUS, "nan"), NULL);
}

/* Of one file, from one source.  Returns whether it tells. */
static bool fill(const struct rowset *set, const struct labelled *l, size_t f,
                 const struct source *s, float *share)
{
    int at = strings_find(&set->names, s->feature);
    double cpus = s->by_cpus ? count_cpus(&set->recording[f]) : 1;

    if (at < 0 || !(cpus >= 1))
        return false;
    for (size_t i = l->begin[f]; i < l->begin[f + 1]; i++)
        share[i] =
            s->offset + s->scale * l->x[i * l->D + (size_t)at] / (float)cpus;
    return true;
}

float *load_share(const struct rowset *set, const struct labelled *l)
{
    float *share = xreallocarray(NULL, l->T, sizeof *share);

    for (size_t i = 0; i < l->T; i++)
        share[i] = NAN;
    for (size_t f = 0; f < l->n_files; f++)
        for (size_t k = 0; k < sizeof SOURCES / sizeof *SOURCES; k++)
            if (fill(set, l, f, &SOURCES[k], share))
                break;
    return share;
}
