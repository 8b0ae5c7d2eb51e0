#include "common/math/feature.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/near.h"

#define SIGNAL(id, channel, counter, per_count, gauge, per_gauge) \
    [SIG_##id] = {channel, counter, per_count, gauge, per_gauge},
const struct signal signal_table[N_SIGNALS] = {
#include "common/math/feature.def"
};

/* Each formula becomes a loop over a column. */
#define B(id) (UINT64_C(1) << SIG_##id)
#define S(id) s->at[SIG_##id][i]
#define N_CPUS s->n_cpus
#define SHARE(part, whole) ((whole) > 0 ? (part) / (whole) : 0)
#define FEATURE(name, unit, needs, takes, text, formula)                      \
    static void compute_##name(const struct signals *s, size_t n, float *out) \
    {                                                                         \
        (void)s;                                                              \
        for (size_t i = 0; i < n; i++)                                        \
            out[i] = (float)(formula);                                        \
    }
#include "common/math/feature.def"

#define FEATURE(name, unit, needs, takes, text, formula) \
    {#name, unit, text, needs, takes, compute_##name},
const struct feature feature_table[] = {
#include "common/math/feature.def"
};
const size_t feature_table_n = sizeof feature_table / sizeof *feature_table;

#define FEATURE_SET(name, what, list) {#name, what, list},
const struct feature_set feature_sets[] = {
#include "common/math/feature.def"
};
const size_t feature_sets_n = sizeof feature_sets / sizeof *feature_sets;

#define FEATURE(name, unit, needs, takes, text, formula) #name "|"
#define FEATURE_SET(name, what, list) #name "|"
const char feature_names[] =
#include "common/math/feature.def"
    ;

const struct feature *feature_find(const char *name)
{
    for (size_t i = 0; i < feature_table_n; i++)
        if (strcmp(feature_table[i].name, name) == 0)
            return &feature_table[i];
    return NULL;
}

static const struct feature_set *set_find(const char *name)
{
    for (size_t i = 0; i < feature_sets_n; i++)
        if (strcmp(feature_sets[i].name, name) == 0)
            return &feature_sets[i];
    return NULL;
}

/* Does the name ask for what a guest never sees? */
static bool only_bare_metal(const char *name)
{
    static const char *const words[] = {"temp", "therm", "energy",  "power",
                                        "watt", "joule", "package", "rapl",
                                        "pkg",  "volt",  "fan",     "label"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(name, words[i]))
            return true;
    return false;
}

static bool is_near(const char *asked, const char *known)
{
    return near_distance(asked, known) <= 2 ||
           (strlen(asked) >= 3 && strcasestr(known, asked));
}

static int unknown_feature(const char *name, struct err *e)
{
    char near[256] = "";
    size_t len = 0;

    if (only_bare_metal(name))
        return err_set(e, ERR_USAGE,
                       "'%s' is never a feature: a guest does not see "
                       "temperature, energy or power",
                       name);
    for (size_t i = 0; i < feature_table_n && len < sizeof near - 40; i++)
        if (is_near(name, feature_table[i].name))
            len +=
                (size_t)snprintf(near + len, sizeof near - len, "%s%s",
                                 len ? ", " : " near: ", feature_table[i].name);
    return err_set(e, ERR_USAGE, "no feature or set '%s';%s%s", name, near,
                   len ? "" : " --list-features shows all");
}

int features_parse(struct strings *names, const char *list, struct err *e)
{
    struct strings pieces = {0};
    int rc = 0;

    strings_split(&pieces, list, ',');
    for (size_t i = 0; i < pieces.n && rc == 0; i++) {
        const char *name = pieces.at[i];
        const struct feature_set *set = set_find(name);

        if (set)
            rc = features_parse(names, set->list, e);
        else if (!feature_find(name))
            rc = unknown_feature(name, e);
        else if (strings_find(names, name) >= 0)
            rc = err_set(e, ERR_USAGE, "feature '%s' is named twice", name);
        else
            strings_add(names, name);
    }
    strings_release(&pieces);
    return rc;
}

void feature_needs_text(const struct feature *f, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i <= N_SIGNALS && len < size; i++)
        if (f->needs >> i & 1)
            len += (size_t)snprintf(
                out + len, size - len, "%s%s", len ? " " : "",
                i == N_SIGNALS ? "cpus" : signal_table[i].channel);
}
