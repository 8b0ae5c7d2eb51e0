#include "formats/joules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/math/counter.h"

#define MOST_UW 2e9 /* no package draws 2000 W */
#define LATE_S 1e-3 /* the counter moves about once a ms */

static int gauge_of(const struct channels *cs, const char *zone)
{
    char name[256];
    int at;

    snprintf(name, sizeof name, "power:%s", zone);
    at = channels_find(cs, name);
    return at >= 0 && cs->at[at].type == CHANNEL_F64 ? at : -1;
}

void joules_begin(struct joules *j, const struct channels *cs,
                  const struct derive *derive)
{
    *j = (struct joules){0};
    for (size_t c = 0; c < cs->n && j->n < JOULES_ZONES; c++) {
        const struct channel *at = &cs->at[c];

        if (strncmp(at->name, "energy:", 7) != 0 || !derive_wants(derive, c) ||
            at->type != CHANNEL_U64 || at->kind != CHANNEL_COUNTER ||
            strcmp(at->unit, "uJ") != 0)
            continue;
        j->zone[j->n++] =
            (struct joules_zone){.channel = c,
                                 .gauge = gauge_of(cs, at->name + 7),
                                 .wrap = at->wrap};
    }
}

bool joules_wants(const struct joules *j, size_t channel)
{
    for (size_t z = 0; z < j->n; z++)
        if (j->zone[z].gauge == (int)channel)
            return true;
    return false;
}

/* uJ of all zones since the row before; NaN: one of them is not known. */
static double step_uj(struct joules *j, const struct block *b, size_t row,
                      double dt_s)
{
    double sum = 0;

    for (size_t z = 0; z < j->n; z++) {
        struct joules_zone *zone = &j->zone[z];
        const uint64_t *v = b->column[zone->channel];
        const struct counter_rule rule = {
            .wrap = zone->wrap, .max_rate = MOST_UW, .jitter_s = LATE_S};

        sum += j->begun ? counter_step(&rule, zone->prev, v[row], dt_s) : NAN;
        zone->prev = v[row];
    }
    return sum;
}

/* W of all zones, as they came; NaN: one has none. */
static double gauge_w(const struct joules *j, const struct block *b, size_t row)
{
    double sum = 0;

    for (size_t z = 0; z < j->n; z++)
        sum += j->zone[z].gauge < 0
                   ? NAN
                   : ((const double *)b->column[j->zone[z].gauge])[row];
    return sum;
}

static void add_over(double *joules, double *seconds, double w, double dt_s)
{
    if (isnan(w))
        return;
    *joules += w * dt_s;
    *seconds += dt_s;
}

static void take_rows(struct joules *j, const struct derived *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->state[i] != ROW_BAD)
            add_over(&j->labelled_j, &j->labelled_s,
                     (double)rows->label_w[0][i], rows->dt_s[i]);
    }
}

void joules_take(struct joules *j, const struct block *b,
                 const struct derived *rows)
{
    for (size_t i = 0; j->n > 0 && i < b->n; i++) {
        double dt_s = (double)(b->t_ns[i] - j->prev_ns) * 1e-9;
        double step = step_uj(j, b, i, dt_s);

        if (!isnan(step))
            add_over(&j->counted_j, &j->counted_s, step * 1e-6 / dt_s, dt_s);
        if (j->begun)
            add_over(&j->gauged_j, &j->gauged_s, gauge_w(j, b, i), dt_s);
        j->prev_ns = b->t_ns[i];
        j->begun = true;
    }
    if (j->n > 0)
        take_rows(j, rows);
}

/* Both as means of the time that they are known of. */
static double off_pct(const struct joules *j, double joules, double seconds)
{
    double counted_w = j->counted_j / j->counted_s;

    if (!(j->counted_s > 0 && seconds > 0 && counted_w > 0))
        return NAN;
    return 100 * fabs(joules / seconds / counted_w - 1);
}

double joules_off_pct(const struct joules *j)
{
    return fmax(off_pct(j, j->labelled_j, j->labelled_s),
                off_pct(j, j->gauged_j, j->gauged_s));
}
