#include "common/math/derive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/math/derive_parts.h"

#define MAX_ZONE_UW 2e9 /* no package draws 2000 W */
#define LONGEST_NS (366 * 86400 * NS_PER_S)
#define ENERGY_JITTER_S 1e-3 /* the energy counter moves about once a ms */

static struct input *find_input(const struct derive *d, int signal)
{
    for (size_t k = 0; k < d->n_inputs; k++)
        if (d->inputs[k].signal == signal)
            return &d->inputs[k];
    return NULL;
}

int derive_add_input(struct derive *d, const struct channels *cs, int channel,
                     int signal, const struct signal *what, struct err *e)
{
    const struct channel *c = &cs->at[channel];
    bool counter = c->kind == CHANNEL_COUNTER;
    const char *unit = counter ? what->counter_unit : what->gauge_unit;
    struct input *in;

    if (!unit)
        return err_set(e, ERR_DATA, "channel '%s' must not be a %s", c->name,
                       counter ? "counter" : "gauge");
    if (strcmp(c->unit, unit) != 0)
        return err_set(e, ERR_DATA, "channel '%s' is in '%s', not in '%s'",
                       c->name, c->unit, unit);
    if (counter && c->type != CHANNEL_U64)
        return err_set(e, ERR_DATA, "counter '%s' is not of type u64", c->name);
    d->inputs =
        xgrow(d->inputs, d->n_inputs, &d->cap_inputs, sizeof *d->inputs);
    in = &d->inputs[d->n_inputs++];
    *in = (struct input){.signal = signal,
                         .channel = (size_t)channel,
                         .type = c->type,
                         .counter = counter,
                         .scale =
                             counter ? what->counter_scale : what->gauge_scale,
                         .rule = {.wrap = c->wrap}};
    if (signal == SIG_CPU_IDLE || signal == SIG_CPU_IOWAIT)
        in->rule.slack = MAX_TICKS_BACK;
    d->needs_prev |= counter;
    return 0;
}

static int add_signal(struct derive *d, const struct channels *cs, int signal,
                      const char *needed_by, struct err *e)
{
    const struct signal *what = &signal_table[signal];
    int channel = channels_find(cs, what->channel), made;

    if (find_input(d, signal))
        return 0;
    made = made_add(d, cs, signal, e);
    if (made != 0)
        return made < 0 ? -1 : 0;
    if (channel >= 0)
        return derive_add_input(d, cs, channel, signal, what, e);
    if (!needed_by)
        return 0;
    return err_set(e, ERR_DATA,
                   "feature '%s' needs channel '%s', which was not recorded; "
                   "--features chooses others",
                   needed_by, what->channel);
}

static int add_feature(struct derive *d, const struct derive_options *o,
                       const char *name, struct err *e)
{
    const struct feature *f = feature_find(name);

    if (!f)
        return err_set(e, ERR_DATA, "no feature '%s'", name);
    if (f->needs >> SIG_N_CPUS & 1 && !(o->n_cpus > 0))
        return err_set(e, ERR_DATA,
                       "feature '%s' needs the number of CPUs: give it to "
                       "rapl-import with -l cpus=N",
                       name);
    for (int i = 0; i < N_SIGNALS; i++) {
        bool needed = f->needs >> i & 1;

        if ((needed || f->takes >> i & 1) &&
            add_signal(d, o->channels, i, needed ? name : NULL, e) < 0)
            return -1;
    }
    d->features[d->n_features++] = f;
    return 0;
}

/* A share of time in ticks is one of all ticks: take all fields there are. */
static int add_all_cpu_time(struct derive *d, const struct channels *cs,
                            struct err *e)
{
    bool ticks = false;

    for (size_t k = 0; k < d->n_inputs; k++)
        ticks |= is_cpu_time(d->inputs[k].signal) && d->inputs[k].counter;
    for (int i = SIG_CPU_USER; ticks && i <= SIG_CPU_STEAL; i++)
        if (add_signal(d, cs, i, i == SIG_CPU_IDLE ? "*_pct" : NULL, e) < 0)
            return -1;
    return 0;
}

/* The zone of an energy or power channel, NULL for any other channel. */
static const char *zone_of(const struct channel *c)
{
    if (strncmp(c->name, "energy:", 7) == 0)
        return c->name + 7;
    return strncmp(c->name, "power:", 6) == 0 ? c->name + 6 : NULL;
}

/* A zone that has both is taken from its energy. */
static bool is_second_of_zone(const struct channels *cs, size_t i)
{
    const char *zone = zone_of(&cs->at[i]);

    for (size_t j = 0; zone && j < cs->n; j++)
        if (j != i && zone_of(&cs->at[j]) && cs->at[i].name[0] == 'p' &&
            strcmp(zone_of(&cs->at[j]), zone) == 0)
            return true;
    return !zone;
}

static int add_zone(struct derive *d, const struct channels *cs, size_t i,
                    struct err *e)
{
    static const struct signal watts = {NULL, "uJ", 1e-6, "W", 1};
    struct counter_rule *rule;

    if (derive_add_input(d, cs, (int)i, ZONE, &watts, e) < 0)
        return -1;
    d->inputs[d->n_inputs - 1].target = d->targets.n;
    rule = &d->inputs[d->n_inputs - 1].rule;
    rule->max_rate = MAX_ZONE_UW;
    rule->jitter_s = ENERGY_JITTER_S;
    return 0;
}

static bool is_package(const char *zone)
{
    return strncmp(zone, "package-", 8) == 0 && !strchr(zone, '/');
}

/* Are zones like this one summed as `target`?  Packages are disjoint, and so
 * is what lies in or beside each: package-0/dram, package-1/dram. */
static bool is_summed(const char *zone, const char *target)
{
    const char *slash = strchr(zone, '/');

    if (strcmp(target, "package") == 0)
        return is_package(zone);
    return slash && strncmp(zone, "package-", 8) == 0 &&
           strcmp(slash + 1, target) == 0;
}

static bool has_zone(const struct channels *cs, const char *name)
{
    for (size_t i = 0; i < cs->n; i++)
        if (zone_of(&cs->at[i]) && strcmp(zone_of(&cs->at[i]), name) == 0)
            return true;
    return false;
}

/* Add the zones that are `target`, and if there are any the target. */
static int add_target(struct derive *d, const struct channels *cs,
                      const char *target, struct err *e)
{
    bool exact = has_zone(cs, target);
    size_t before = d->n_inputs;

    for (size_t i = 0; i < cs->n; i++) {
        const char *zone = zone_of(&cs->at[i]);

        if (is_second_of_zone(cs, i) ||
            !(exact ? strcmp(zone, target) == 0 : is_summed(zone, target)))
            continue;
        if (add_zone(d, cs, i, e) < 0)
            return -1;
    }
    if (d->n_inputs > before)
        strings_add(&d->targets, target);
    return 0;
}

/* A zone that was not recorded leaves a sum that looks whole and is not. */
static int check_missing(const struct derive_options *o, const char *target,
                         struct err *e)
{
    struct strings missing = {0};
    int rc = 0;

    if (o->missing && !has_zone(o->channels, target))
        strings_split(&missing, o->missing, ',');
    for (size_t i = 0; i < missing.n && rc == 0; i++)
        if (is_summed(missing.at[i], target))
            rc = err_set(e, ERR_DATA,
                         "%s was there and could not be recorded, so that "
                         "there is no whole '%s'; --target takes a single zone",
                         missing.at[i], target);
    strings_release(&missing);
    return rc;
}

/* Names of all zones, for a message; returns how many. */
static size_t list_zones(const struct channels *cs, char *out, size_t size)
{
    size_t n = 0, len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < cs->n; i++) {
        if (is_second_of_zone(cs, i))
            continue;
        if (len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s",
                                    n ? ", " : "", zone_of(&cs->at[i]));
        n++;
    }
    return n;
}

static int resolve_target(struct derive *d, const struct derive_options *o,
                          const char *target, struct err *e)
{
    bool any = strcmp(target, "auto") == 0;
    char zones[512];
    size_t n_zones = list_zones(o->channels, zones, sizeof zones);
    size_t before = d->targets.n;

    if (strcmp(target, "none") == 0)
        return 0;
    if (any)
        target = "package";
    if (n_zones && check_missing(o, target, e) < 0)
        return o->target_optional ? 0 : -1;
    if (add_target(d, o->channels, target, e) < 0)
        return -1;
    if (d->targets.n > before)
        return 0;
    if (any && n_zones == 1)
        return add_target(d, o->channels, zones, e);
    if (any && n_zones > 1)
        return err_set(e, ERR_DATA,
                       "no package zone, but %s: choose one with --target",
                       zones);
    if (!any && !o->target_optional)
        return err_set(e, ERR_DATA, "no zone '%s'; there is %s", target,
                       n_zones ? zones : "no measured power at all");
    return 0;
}

static int resolve_targets(struct derive *d, const struct derive_options *o,
                           struct err *e)
{
    struct strings names = {0};
    int rc = 0;

    strings_split(&names, o->target, ',');
    for (size_t i = 0; i < names.n && rc == 0; i++)
        rc = resolve_target(d, o, names.at[i], e);
    strings_release(&names);
    d->n_labels = d->targets.n ? d->targets.n : 1;
    d->label_w = xcalloc(d->n_labels, sizeof *d->label_w);
    d->target = d->targets.n ? strings_join(&d->targets, ",") : xstrdup("none");
    return rc;
}

/* Exactly as recorded, or coarser by a factor of two at least. */
static int resolve_interval(struct derive *d, const struct derive_options *o,
                            struct err *e)
{
    double factor = (double)o->interval_ns / (double)o->recorded_ns;
    char recorded[32], asked[32];

    d->recorded_ns = o->recorded_ns;
    d->interval_ns = o->interval_ns;
    d->binned = factor > 1.01;
    if (o->interval_ns > LONGEST_NS)
        return err_set(e, ERR_DATA, "an interval of over a year");
    if (factor >= 0.99 && (!d->binned || factor >= 1.98))
        return 0;
    duration_format(o->recorded_ns, recorded, sizeof recorded);
    duration_format(o->interval_ns, asked, sizeof asked);
    return err_set(e, ERR_DATA,
                   factor < 1 ? "recorded every %s, which is coarser than the "
                                "interval of %s that is asked for"
                              : "recorded every %s, which %s is no multiple of",
                   recorded, asked);
}

int derive_new(struct derive **out, const struct derive_options *o,
               struct err *e)
{
    struct derive *d = xcalloc(1, sizeof *d);
    int rc = 0;

    d->n_cpus = o->n_cpus;
    d->features = xcalloc(o->features->n, sizeof *d->features);
    d->x = xcalloc(o->features->n, sizeof *d->x);
    for (size_t j = 0; j < o->features->n && rc == 0; j++)
        rc = add_feature(d, o, o->features->at[j], e);
    if (rc < 0 || add_all_cpu_time(d, o->channels, e) < 0 ||
        resolve_targets(d, o, e) < 0 || resolve_interval(d, o, e) < 0) {
        derive_free(d);
        return -1;
    }
    *out = d;
    return 0;
}

void derive_free(struct derive *d)
{
    if (!d)
        return;
    for (size_t k = 0; k < d->n_inputs; k++)
        free(d->inputs[k].col);
    for (size_t j = 0; j < d->n_features; j++)
        free(d->x[j]);
    free(d->inputs);
    free(d->features);
    free(d->x);
    for (size_t k = 0; k < d->n_labels; k++)
        free(d->label_w[k]);
    free(d->target);
    strings_release(&d->targets);
    free(d->t_ns);
    free(d->dt_s);
    made_free(d);
    free(d->total);
    free(d->zero);
    free(d->label_w);
    free(d->state);
    free(d);
}
