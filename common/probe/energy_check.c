/*
 * Is that energy?  Counters that exist and do not move, or move as no
 * processor can, are common in guests; so none is believed unseen.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/probe/energy_parts.h"

#define LONGEST_CHECK_NS (45 * NS_PER_MS)
#define LONGEST_NAP_NS (4 * NS_PER_MS)
#define MOST_W 5000       /* no domain draws more */
#define LATE_NS NS_PER_MS /* the hardware counts about once a ms */
#define GRAIN_UJ                                                \
    2000000.0 /* the coarsest unit is a joule (psys of servers) \
               */

void energy_judge(struct energy_domain *d, enum energy_state state,
                  const char *fmt, ...)
{
    va_list ap;

    d->state = state;
    va_start(ap, fmt);
    vsnprintf(d->why, sizeof d->why, fmt, ap);
    va_end(ap);
}

bool energy_is_package(const char *name)
{
    return strncmp(name, "package-", 8) == 0 && !strchr(name, '/');
}

double energy_watts(const struct energy_domain *d)
{
    uint64_t step = d->uj - d->first_uj;

    if (d->uj < d->first_uj)
        step += d->wrap_uj;
    return (double)step * 1e3 / (double)(d->t_ns - d->first_ns);
}

/* The most that can be counted in so many ns, in uJ. */
static double most_uj(int64_t ns)
{
    return MOST_W * 1e-3 * (double)(ns + LATE_NS) + GRAIN_UJ;
}

/* Hold a reading against the one before it: they are at most so far apart. */
static void check_step(struct energy_domain *d, uint64_t uj, int64_t t_ns)
{
    int64_t ns = t_ns - d->asked_ns;
    uint64_t step = uj - d->uj;
    double watts;

    if (d->wrap_uj && uj > d->wrap_uj) {
        energy_judge(d, ENERGY_IMPOSSIBLE,
                     "%" PRIu64 " uJ is beyond its own range, %" PRIu64, uj,
                     d->wrap_uj);
        return;
    }
    if (!d->shown)
        return;
    if (uj < d->uj)
        step += d->wrap_uj;
    if (uj < d->uj && !d->wrap_uj) {
        energy_judge(d, ENERGY_IMPOSSIBLE,
                     "went back from %" PRIu64 " to %" PRIu64 " uJ", d->uj, uj);
    } else if ((double)step > most_uj(ns)) {
        watts = (double)step * 1e3 / (double)(ns + 1);
        energy_judge(d, ENERGY_IMPOSSIBLE,
                     "went from %" PRIu64 " to %" PRIu64 " uJ in %.1f ms, "
                     "which would be %.0f W",
                     d->uj, uj, (double)ns * 1e-6, watts);
    }
}

static void read_domain(const struct energy_backend *b, void *state, size_t i,
                        struct energy_domain *d)
{
    int64_t asked_ns = clock_monotonic_ns(), t_ns;
    struct err e;
    uint64_t uj;

    if (b->read(state, i, &uj, &e) < 0) {
        size_t n = strlen(d->place);

        if (strncmp(e.msg, d->place, n) == 0 && e.msg[n] == ':')
            n += 2;
        else
            n = 0;
        energy_judge(d, ENERGY_IMPOSSIBLE, "%.500s", e.msg + n);
        return;
    }
    t_ns = clock_monotonic_ns();
    check_step(d, uj, t_ns);
    if (!d->shown) {
        d->first_uj = uj;
        d->first_asked_ns = asked_ns;
        d->first_ns = t_ns;
    }
    d->shown = true;
    d->uj = uj;
    d->asked_ns = asked_ns;
    d->t_ns = t_ns;
}

/* Read what is still believed; returns whether all of it has moved. */
static bool read_domains(const struct energy_backend *b, void *state,
                         struct energy_domains *ds)
{
    bool moved = true;

    for (size_t i = 0; i < ds->n; i++) {
        if (ds->at[i].state != ENERGY_GOOD)
            continue;
        read_domain(b, state, i, &ds->at[i]);
        if (ds->at[i].state == ENERGY_GOOD)
            moved &= ds->at[i].uj != ds->at[i].first_uj;
    }
    return moved;
}

static void judge_rest(struct energy_domain *d)
{
    if (d->state != ENERGY_GOOD || d->uj != d->first_uj)
        return;
    if (d->uj == 0)
        energy_judge(d, ENERGY_STUCK, "always reads zero");
    else if (energy_is_package(d->name))
        energy_judge(d, ENERGY_STUCK, "does not move");
    else
        energy_judge(d, ENERGY_STILL, "at rest now");
}

/* Where nothing moves, nothing is at rest. */
static void judge_all(struct energy_domains *ds)
{
    bool moves = false;

    for (size_t i = 0; i < ds->n; i++) {
        judge_rest(&ds->at[i]);
        moves |= ds->at[i].state == ENERGY_GOOD;
    }
    for (size_t i = 0; i < ds->n && !moves; i++)
        if (ds->at[i].state == ENERGY_STILL)
            energy_judge(&ds->at[i], ENERGY_STUCK, "does not move");
}

/* ---- one counter under two names, one name with two counters ---- */

static bool is_there(const struct energy_domain *d)
{
    return d->state == ENERGY_GOOD || d->state == ENERGY_STILL ||
           d->state == ENERGY_STUCK;
}

/* Are these names of two dies of one package? */
static bool is_same_package(const char *a, const char *b)
{
    const char *die = strstr(a, "-die-");

    return die && energy_is_package(a) && energy_is_package(b) &&
           strncmp(a, b, (size_t)(die - a) + 5) == 0;
}

/* Could one counter show both, one from t[0] to t[1], the other from u? */
static bool is_near(uint64_t a, const int64_t t[2], uint64_t b,
                    const int64_t u[2])
{
    uint64_t apart = a > b ? a - b : b - a;
    int64_t ns = t[1] - u[0] > u[1] - t[0] ? t[1] - u[0] : u[1] - t[0];

    return (double)apart <= most_uj(ns) - GRAIN_UJ;
}

/* Did two counters show the same, first and last? */
static bool is_one_counter(const struct energy_domain *a,
                           const struct energy_domain *b)
{
    return a->wrap_uj == b->wrap_uj &&
           is_near(a->first_uj, (int64_t[]){a->first_asked_ns, a->first_ns},
                   b->first_uj, (int64_t[]){b->first_asked_ns, b->first_ns}) &&
           is_near(a->uj, (int64_t[]){a->asked_ns, a->t_ns}, b->uj,
                   (int64_t[]){b->asked_ns, b->t_ns});
}

/* Of two zones of one name the one that moves counts, else the first. */
static void judge_twins(struct energy_domain *a, struct energy_domain *b)
{
    struct energy_domain *twin =
        a->state != ENERGY_GOOD && b->state == ENERGY_GOOD ? a : b;

    energy_judge(twin, ENERGY_MIRRORED, "shows %.63s once more", twin->name);
}

/* Two dies, one counter: the first keeps it.  It may have been read just
 * before the counter moved, and the second just after. */
static void judge_dies(struct energy_domain *a, struct energy_domain *b)
{
    if (b->state == ENERGY_GOOD)
        a->state = ENERGY_GOOD;
    energy_judge(b, ENERGY_MIRRORED, "shows the counter of %.63s", a->name);
}

static void judge_mirrors(const struct energy_backend *b,
                          struct energy_domain *d, struct energy_domain *later)
{
    if (!is_there(d) || !is_there(later))
        return;
    if (strcmp(d->name, later->name) == 0)
        judge_twins(d, later);
    else if (b->absolute && is_same_package(d->name, later->name) &&
             is_one_counter(d, later))
        judge_dies(d, later);
}

/* What lies in a package that mirrors another is a mirror too. */
static void judge_inside(struct energy_domains *ds, struct energy_domain *d)
{
    const char *slash = strchr(d->name, '/');

    for (size_t j = 0; slash && j < ds->n && is_there(d); j++) {
        const struct energy_domain *o = &ds->at[j];
        size_t n = (size_t)(slash - d->name);

        if (o->state == ENERGY_MIRRORED && strlen(o->name) == n &&
            strncmp(o->name, d->name, n) == 0 && strstr(o->why, "counter of"))
            energy_judge(d, ENERGY_MIRRORED, "%.63s mirrors another", o->name);
    }
}

void energy_check(const struct energy_backend *b, void *state,
                  struct energy_domains *ds)
{
    int64_t start = clock_monotonic_ns(), nap = NS_PER_MS;
    struct timespec ts = {0};

    read_domains(b, state, ds);
    do {
        ts.tv_nsec = nap;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
        nap = nap < LONGEST_NAP_NS ? nap * 2 : nap;
    } while (!read_domains(b, state, ds) &&
             clock_monotonic_ns() - start < LONGEST_CHECK_NS);
    judge_all(ds);
    for (size_t i = 0; i < ds->n; i++)
        for (size_t j = i + 1; j < ds->n; j++)
            judge_mirrors(b, &ds->at[i], &ds->at[j]);
    for (size_t i = 0; i < ds->n; i++)
        judge_inside(ds, &ds->at[i]);
}
