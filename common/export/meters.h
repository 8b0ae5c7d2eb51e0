#ifndef EXPORT_METERS_H
#define EXPORT_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/prediction.h"

/*
 * What a prediction stream amounts to: for each zone (a power domain, such as
 * package or dram), each source and each model the latest watts and the energy
 * so far.  Zones overlap, so nothing here adds them up.
 *
 * Energy is watts times the time that the row stands for, as the stream says
 * (dt); what lies in a gap belongs to no row and is not made up.  Energy only
 * grows: watts below zero, which some models predict, add none.
 */
enum meter_source { METER_PREDICTED, METER_MEASURED };

const char *meter_source_name(enum meter_source source);

struct meter_sums {
    double joules;
    double idle_joules, dynamic_joules; /* 0 where the model tells neither */
    double seconds;                     /* that the joules are of */
};

struct meter {
    char *zone, *model; /* model: METER_DIGITS of its hash; "": measured */
    enum meter_source source;
    struct meter_sums sums;
    struct meter_sums shown; /* to others: the sums when they were last saved */

    bool live; /* in the latest row; nothing below holds otherwise */
    float watts, lower_w[INTERVALS], upper_w[INTERVALS]; /* NaN: not told */
    float idle_w;                                        /* NaN: not told */
};

enum {
    METER_DIGITS = 12, /* of a hash, that a label shows */
    METERS_MAX = 256,  /* zones x sources x models, of all time */
    METER_MAX_ZONE = 256,
};

struct meters {
    struct meter *at;
    size_t n, cap;
    uint64_t n_rows, n_rows_shown; /* of all time */

    /* of the segment */
    struct strings zones; /* as the form has them: `power`, then the domains */
    char *measured_zone;  /* what is measured beside the first of them */
    struct labels meta;   /* of the model: sha256, name, trained_on */
    char *model;          /* "" for none */
    /* of the latest row */
    bool any;              /* there was one, since the start */
    int64_t t_ns, came_ns; /* when it was, when it came (monotonic) */
    float support, dt_s;
};

void meters_release(struct meters *ms);

/* A segment begins.  ERR_DATA: zones that cannot be told apart. */
int meters_begin(struct meters *ms, const struct stream_header *h,
                 const struct prediction_form *form, struct err *e);

/* A row of it came, at now_ns of the monotonic clock. */
void meters_add(struct meters *ms, const struct prediction *p, int64_t now_ns);

/*
 * Let the meter of that name be the last of the list, made where there is none
 * yet.  The one that was not used for longest is forgotten where there would be
 * more than METERS_MAX.
 */
void meters_use(struct meters *ms, const char *zone, enum meter_source source,
                const char *model);

/* All sums were saved, or need not be: show them. */
void meters_show(struct meters *ms);

#endif
