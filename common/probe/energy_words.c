/* What is said about energy: to people, and in the header of a stream. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/probe/energy_parts.h"

#define MOST_ZONE_W 2000 /* as the derivation of watts has it */

static void add_line(struct strings *lines, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add_line(struct strings *lines, const char *fmt, ...)
{
    va_list ap;
    char *line;

    va_start(ap, fmt);
    line = xvasprintf(fmt, ap);
    va_end(ap);
    strings_add(lines, line);
    free(line);
}

void energy_say_none(const struct energy *en, const char *choice, struct err *e)
{
    struct strings reasons = {0};
    char *all;

    for (size_t i = 0; i < en->n_parts; i++)
        if (en->part[i].looked && !en->part[i].works)
            add_line(&reasons, "%s: %s", en->part[i].backend->name,
                     en->part[i].why_not.msg);
    all = strings_join(&reasons, "; ");
    if (strcmp(choice, "none") == 0)
        err_set(e, ERR_SYSTEM, "--energy none");
    else
        err_set(e, ERR_SYSTEM, "%s", all);
    free(all);
    strings_release(&reasons);
}

/* ---- notes and explanations ---- */

/* What a domain is not recorded for that should be known unasked. */
static bool is_news(const struct energy *en, const struct energy_domain *d)
{
    switch (d->state) {
    case ENERGY_DENIED:
    case ENERGY_IMPOSSIBLE:
        return true;
    case ENERGY_STUCK:
        return en->by_name || energy_is_package(d->name);
    case ENERGY_GOOD:
    case ENERGY_STILL:
    case ENERGY_MIRRORED:
    case ENERGY_LEFT_OUT:
        return false;
    }
    return false;
}

/* One line a kind of trouble: the first, and how many more. */
void energy_warn(const struct energy *en, struct strings *notes)
{
    const struct energy_part *part = en->serving;
    size_t n[ENERGY_LEFT_OUT + 1] = {0}, first[ENERGY_LEFT_OUT + 1];

    for (size_t i = 0; part && i < part->domains.n; i++) {
        const struct energy_domain *d = &part->domains.at[i];

        if (is_news(en, d) && n[d->state]++ == 0)
            first[d->state] = i;
    }
    for (size_t s = 0; s <= ENERGY_LEFT_OUT; s++) {
        const struct energy_domain *d;
        char more[32] = "";

        if (n[s] == 0)
            continue;
        d = &part->domains.at[first[s]];
        if (n[s] > 1)
            snprintf(more, sizeof more, ", and %zu more", n[s] - 1);
        add_line(notes, "energy:%s%s: %.300s: %s; %s%s%s", d->name, more,
                 d->place, d->why,
                 energy_is_usable(en, d) ? "recorded all the same"
                                         : "not recorded",
                 d->remedy ? "; " : "", d->remedy ? d->remedy : "");
    }
}

static void explain_serving(const struct energy *en, struct strings *lines)
{
    const struct energy_domains *ds = &en->serving->domains;
    struct strings names = {0};
    char *all;

    for (size_t k = 0; k < en->n_used; k++)
        strings_add(&names, ds->at[en->used[k]].name);
    all = strings_join(&names, ", ");
    add_line(lines, "energy: %s serves: %s", en->serving->backend->name, all);
    free(all);
    strings_release(&names);
    for (size_t i = 0; i < ds->n; i++)
        if (!energy_is_used(en, en->serving, i))
            add_line(lines, "energy: not %s of %s: %s", ds->at[i].name,
                     en->serving->backend->name, ds->at[i].why);
}

void energy_explain(const struct energy *en, struct strings *lines)
{
    for (size_t i = 0; i < en->n_parts; i++) {
        const struct energy_part *part = &en->part[i];

        if (part == en->serving)
            explain_serving(en, lines);
        else
            add_line(lines, "energy: not %s: %s", part->backend->name,
                     part->why_not.msg);
    }
}

/* ---- the header ---- */

/* dram lies beside its package. */
const char *energy_overlap(const char *name)
{
    const char *slash = strchr(name, '/');

    if (strncmp(name, "package-", 8) != 0)
        return "around the packages";
    return slash && strcmp(slash, "/dram") != 0 ? "inside its package" : NULL;
}

static void set_names(struct labels *meta, const char *key,
                      struct strings *names)
{
    char *all = strings_join(names, ",");

    if (names->n)
        labels_set(meta, key, all);
    free(all);
    strings_release(names);
}

void energy_describe(const struct energy *en, struct labels *meta)
{
    const struct energy_part *part = en->serving;
    struct strings disjoint = {0}, missing = {0};

    labels_set(meta, "energy_source", part ? part->backend->name : "none");
    for (size_t i = 0; part && i < part->domains.n; i++) {
        const struct energy_domain *d = &part->domains.at[i];

        if (energy_is_used(en, part, i) && !energy_overlap(d->name))
            strings_add(&disjoint, d->name);
        else if (!energy_is_used(en, part, i) && d->state != ENERGY_MIRRORED)
            strings_add(&missing, d->name);
    }
    set_names(meta, "energy_disjoint", &disjoint);
    set_names(meta, "energy_missing", &missing);
}

int64_t energy_longest_ns(const struct energy *en,
                          const struct energy_domain **d)
{
    int64_t longest = INT64_MAX;

    for (size_t k = 0; k < en->n_used; k++) {
        const struct energy_domain *u = &en->serving->domains.at[en->used[k]];
        double ns = (double)u->wrap_uj * 1e3 / MOST_ZONE_W - 2 * NS_PER_MS;

        if (u->wrap_uj && ns < (double)longest) {
            longest = (int64_t)ns;
            *d = u;
        }
    }
    return longest;
}
