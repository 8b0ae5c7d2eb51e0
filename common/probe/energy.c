#include "common/probe/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/probe/energy_parts.h"

static const struct energy_backend *const backends[] = {
    &energy_powercap,
    &energy_perf,
    &energy_msr,
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- units ---- */

int energy_unit_of(struct energy_unit *u, double joules)
{
    int exponent;
    double mantissa = frexp(joules * 1e6, &exponent);

    if (!(joules > 0) || !isfinite(joules) || exponent > 40 || exponent < -60)
        return -1;
    u->mul = (uint64_t)ldexp(mantissa, 53);
    u->shift = (unsigned)(53 - exponent);
    return 0;
}

uint64_t energy_unit_uj(const struct energy_unit *u, uint64_t count)
{
    return (uint64_t)((unsigned __int128)count * u->mul >> u->shift);
}

uint64_t energy_unit_wrap(const struct energy_unit *u, unsigned bits)
{
    unsigned __int128 wrap =
        ((unsigned __int128)1 << bits) * u->mul >> u->shift;

    return wrap >> 64 ? 0 : (uint64_t)wrap;
}

/* ---- domains ---- */

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_./");

    return n > 0 && n < ENERGY_NAME_MAX && name[n] == '\0';
}

struct energy_domain *energy_add(struct energy_domains *ds, const char *name,
                                 const char *place, uint64_t wrap_uj)
{
    struct energy_domain *d;

    if (!is_name(name) || ds->n == ENERGY_MAX_DOMAINS)
        return NULL;
    ds->at = xgrow(ds->at, ds->n, &ds->cap, sizeof *ds->at);
    d = &ds->at[ds->n++];
    memset(d, 0, sizeof *d);
    memcpy(d->name, name, strlen(name) + 1);
    d->place = xstrdup(place);
    d->wrap_uj = wrap_uj;
    return d;
}

void energy_release(struct energy_domains *ds)
{
    for (size_t i = 0; i < ds->n; i++)
        free(ds->at[i].place);
    free(ds->at);
    memset(ds, 0, sizeof *ds);
}

/* ---- the choice ---- */

bool energy_is_usable(const struct energy *en, const struct energy_domain *d)
{
    return d->state == ENERGY_GOOD || d->state == ENERGY_STILL ||
           (en->by_name && d->state == ENERGY_STUCK);
}

/* Why none of them is of use: what can be mended first. */
static void say_why_not(const struct energy_domains *ds, struct err *e)
{
    const struct energy_domain *worst = &ds->at[0];

    for (size_t i = 0; i < ds->n; i++)
        if (ds->at[i].state == ENERGY_DENIED && worst->state != ENERGY_DENIED)
            worst = &ds->at[i];
    err_set(e, ERR_SYSTEM, "%.300s: %s%s%s", worst->place, worst->why,
            worst->remedy ? "; " : "", worst->remedy ? worst->remedy : "");
}

/* Open a backend and look at its domains. */
static void look(const struct energy *en, struct energy_part *part,
                 const struct roots *roots)
{
    const struct energy_backend *b = part->backend;

    part->looked = true;
    if (b->open(&part->state, roots, &part->domains, &part->why_not) == 0)
        return;
    energy_check(b, part->state, &part->domains);
    for (size_t i = 0; i < part->domains.n; i++)
        part->works |= energy_is_usable(en, &part->domains.at[i]);
    if (!part->works)
        say_why_not(&part->domains, &part->why_not);
}

/* Close what is not recorded, give the rest their channels. */
static void serve(struct energy *en, struct energy_part *part,
                  struct channels *cs)
{
    struct energy_domains *ds = &part->domains;

    en->serving = part;
    en->used = xcalloc(ds->n, sizeof *en->used);
    for (size_t i = 0; i < ds->n; i++) {
        const struct energy_domain *d = &ds->at[i];
        char *channel;

        if (!energy_is_usable(en, d)) {
            part->backend->drop(part->state, i);
            continue;
        }
        channel = xasprintf("energy:%s", d->name);
        channels_add(cs, channel, "uJ", CHANNEL_U64, CHANNEL_COUNTER,
                     d->wrap_uj);
        free(channel);
        en->used[en->n_used++] = i;
    }
}

static bool is_wanted(const struct energy_backend *b, const char *choice)
{
    return strcmp(choice, "auto") == 0 ? !b->opt_in
                                       : strcmp(choice, b->name) == 0;
}

static int check_choice(const char *choice, struct err *e)
{
    bool known = strcmp(choice, "auto") == 0 || strcmp(choice, "none") == 0;

    for (size_t i = 0; i < COUNT(backends); i++)
        known |= strcmp(choice, backends[i]->name) == 0;
    if (known)
        return 0;
    return err_set(e, ERR_USAGE, "no energy '%s'; there are " ENERGY_CHOICES,
                   choice);
}

/* Why it was not looked at, or does not serve although it works. */
static void say_not_wanted(const struct energy *en, struct energy_part *part,
                           const char *choice)
{
    if (en->serving && !en->by_name && !part->backend->opt_in)
        err_set(&part->why_not, ERR_NONE, "%s serves",
                en->serving->backend->name);
    else if (en->by_name)
        err_set(&part->why_not, ERR_NONE, "--energy %s", choice);
    else
        err_set(&part->why_not, ERR_NONE, "only with --energy %s",
                part->backend->name);
}

int energy_open(struct energy *en, const struct roots *roots,
                const char *choice, bool survey, struct channels *cs,
                struct strings *notes, struct err *e)
{
    memset(en, 0, sizeof *en);
    if (check_choice(choice, e) < 0)
        return -1;
    en->by_name = strcmp(choice, "auto") != 0;
    for (size_t i = 0; i < COUNT(backends); i++) {
        struct energy_part *part = &en->part[en->n_parts++];
        bool wanted = is_wanted(backends[i], choice) && !en->serving;

        part->backend = backends[i];
        if (wanted || survey)
            look(en, part, roots);
        if (wanted && part->works)
            serve(en, part, cs);
        else if (!wanted && (part->works || !part->looked))
            say_not_wanted(en, part, choice);
    }
    energy_warn(en, notes);
    if (en->serving)
        return 1;
    energy_say_none(en, choice, e);
    return 0;
}

int energy_read(struct energy *en, uint64_t *cells, struct err *e)
{
    const struct energy_part *part = en->serving;

    for (size_t k = 0; k < en->n_used; k++)
        if (part->backend->read(part->state, en->used[k], &cells[k], e) < 0)
            return -1;
    return 0;
}

void energy_close(struct energy *en)
{
    for (size_t i = 0; i < en->n_parts; i++) {
        if (en->part[i].state)
            en->part[i].backend->close(en->part[i].state);
        energy_release(&en->part[i].domains);
    }
    free(en->used);
    memset(en, 0, sizeof *en);
}

bool energy_is_used(const struct energy *en, const struct energy_part *part,
                    size_t i)
{
    for (size_t k = 0; part == en->serving && k < en->n_used; k++)
        if (en->used[k] == i)
            return true;
    return false;
}
