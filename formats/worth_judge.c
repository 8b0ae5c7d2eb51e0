#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/load.h"
#include "formats/sample.h"
#include "formats/worth.h"
#include "formats/worth_parts.h"

/* Of one recording, or of all of them. */
struct judged {
    double recordings, refused, truncated, empty, with_idle, seconds;
    double rows, late, missing, gaps, resets, clock_steps, negative;
    double steps, interval, variance; /* sums of them, as shares of nominal */
    double energy_off_pct;            /* the worst; NaN: unknown */
    struct health h;
};

/* ---- checks that are the same of one recording and of all ---- */

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

static double recordings(const struct judged *j)
{
    return j->recordings;
}

static double hours(const struct judged *j)
{
    return j->seconds / 3600;
}

static double rows_of(const struct judged *j)
{
    return j->rows;
}

static double empty(const struct judged *j)
{
    return j->empty;
}

static double refused(const struct judged *j)
{
    return j->refused;
}

static double truncated(const struct judged *j)
{
    return j->truncated;
}

static double interval_pct(const struct judged *j)
{
    return j->steps > 0 ? 100 * j->interval / j->steps : NAN;
}

static double jitter_pct(const struct judged *j)
{
    return j->steps > 0 ? 100 * sqrt(j->variance / j->steps) : NAN;
}

static double late_pct(const struct judged *j)
{
    return share(j->late, j->rows);
}

static double missing_pct(const struct judged *j)
{
    return share(j->missing, j->rows + j->missing);
}

static double gaps(const struct judged *j)
{
    return j->gaps;
}

static double resets(const struct judged *j)
{
    return j->resets;
}

static double clock_steps(const struct judged *j)
{
    return j->clock_steps;
}

static double labelled_pct(const struct judged *j)
{
    return share((double)j->h.labelled, (double)j->h.rows);
}

static double mean_w(const struct judged *j)
{
    return j->h.labelled ? j->h.sum_w / (double)j->h.labelled : NAN;
}

static double min_w(const struct judged *j)
{
    return j->h.labelled ? j->h.min_w : NAN;
}

static double max_w(const struct judged *j)
{
    return j->h.labelled ? j->h.max_w : NAN;
}

static double negative(const struct judged *j)
{
    return j->negative;
}

static double impossible(const struct judged *j)
{
    return (double)j->h.impossible;
}

static double energy_off_pct(const struct judged *j)
{
    return j->energy_off_pct;
}

static double stuck_s(const struct judged *j)
{
    return j->h.stuck_s;
}

static double idle_pct(const struct judged *j)
{
    return share((double)j->h.idle, (double)j->h.loaded);
}

static double idle_recordings(const struct judged *j)
{
    return j->with_idle;
}

static double idle_s(const struct judged *j)
{
    return j->h.idle_s;
}

static double settled_s(const struct judged *j)
{
    return j->h.settled_s;
}

static const struct rule {
    const char *name;
    int decimals;
    int worst; /* 1: the greatest is worth naming; -1: the least */
    double (*value)(const struct judged *j);
    const char *what;
} RULES[] = {
    {"recordings", 0, 0, recordings, "segments with rows"},
    {"empty", 0, 0, empty, "segments without"},
    {"refused", 0, 0, refused, "files that are no such stream, or damaged"},
    {"truncated", 0, 1, truncated, "without an end record: cut off"},
    {"hours", 2, 0, hours, "from first to last row"},
    {"rows", 0, 0, rows_of, "as recorded"},
    {"interval_pct", 2, 0, interval_pct, "mean interval, of the nominal one"},
    {"jitter_pct", 2, 1, jitter_pct,
     "standard deviation of the interval, of the nominal one"},
    {"late_pct", 3, 1, late_pct, "rows over half an interval late"},
    {"missing_pct", 3, 1, missing_pct, "rows that there should be"},
    {"gaps", 0, 1, gaps, "marks: ticks missed, rows rejected"},
    {"resets", 0, 1, resets, "marks: a counter went back"},
    {"clock_steps", 0, 1, clock_steps, "marks: the wall clock was stepped"},
    {"labelled_pct", 2, -1, labelled_pct, "rows with measured watts"},
    {"mean_w", 2, 0, mean_w, ""},
    {"min_w", 2, -1, min_w, ""},
    {"max_w", 2, 1, max_w, ""},
    {"negative", 0, 1, negative, "rows below 0 W"},
    {"impossible", 0, 1, impossible, "rows above --most-watts"},
    {"stuck_s", 1, 1, stuck_s, "longest time that the watts stay the same"},
    {"energy_off_pct", 3, 1, energy_off_pct,
     "watts times time, off what the energy counter gained"},
    {"idle_pct", 2, 0, idle_pct, "rows with at most 2 % of the CPUs busy"},
    {"idle_recordings", 0, 0, idle_recordings, "recordings with such rows"},
    {"idle_s", 1, 0, idle_s, "longest idle time on end"},
    {"settled_s", 1, 0, settled_s, "idle for over 10 minutes on end"},
};
enum { N_RULES = sizeof RULES / sizeof *RULES };

/* ---- looking at recordings ---- */

static void look_at(const struct rowset *set, const struct labelled *rows,
                    const struct worth_options *o, const float *busy, size_t f,
                    struct judged *j)
{
    const struct recording *r = &set->recording[f];
    struct health_options how = worth_health_options(r, o);
    size_t at = rows->begin[f];
    double jitter = worth_jitter_pct(r) / 100;

    *j = (struct judged){.recordings = 1,
                         .truncated = !r->complete,
                         .seconds = (double)(r->last_ns - r->first_ns) * 1e-9,
                         .rows = (double)r->rows,
                         .late = (double)r->late,
                         .missing = (double)r->missing,
                         .gaps = (double)r->gaps,
                         .resets = (double)r->resets,
                         .clock_steps = (double)r->clock_steps,
                         .energy_off_pct = r->energy_off_pct};
    if (!isnan(jitter)) {
        j->steps = (double)r->steps;
        j->interval = j->steps * r->mean_s / (1e-9 * (double)r->nominal_ns);
        j->variance = j->steps * jitter * jitter;
    }
    health_of(rows->t_ns + at, rows->y + at, busy + at, rows->begin[f + 1] - at,
              &how, &j->h);
    j->negative = (double)(r->negative + j->h.negative);
    j->with_idle = j->h.idle > 0;
}

static void add_judged(struct judged *to, const struct judged *from)
{
    to->recordings += from->recordings;
    to->truncated += from->truncated;
    to->with_idle += from->with_idle;
    to->seconds += from->seconds;
    to->rows += from->rows;
    to->late += from->late;
    to->missing += from->missing;
    to->gaps += from->gaps;
    to->resets += from->resets;
    to->clock_steps += from->clock_steps;
    to->negative += from->negative;
    to->steps += from->steps;
    to->interval += from->interval;
    to->energy_off_pct = fmax(to->energy_off_pct, from->energy_off_pct);
    to->variance += from->variance;
    health_merge(&to->h, &from->h);
}

/* The recording that a rule finds worst; -1: it finds all the same. */
static int find_worst(const struct rule *rule, const struct judged *each,
                      size_t n)
{
    double worst = NAN;
    bool differ = false;
    int at = -1;

    for (size_t f = 0; f < n && rule->worst; f++) {
        double v = rule->value(&each[f]) * rule->worst;

        if (isnan(v))
            continue;
        differ |= at >= 0 && (v > worst || v < worst);
        if (at >= 0 && !(v > worst))
            continue;
        at = (int)f;
        worst = v;
    }
    return differ ? at : -1;
}

/* ---- the table ---- */

/* "late_pct<1" or "rows>1000": is it of this check, and is it met? */
static bool is_met(const char *text, const char *name, double value,
                   bool *is_of)
{
    size_t n = strcspn(text, "<>");
    double limit = strtod(text + n + 1, NULL);

    *is_of = strlen(name) == n && memcmp(text, name, n) == 0;
    return text[n] == '<' ? value < limit : value > limit;
}

void worth_put(struct worth_table *t, const char *name, double value,
               int decimals, const char *worst, const char *what)
{
    const char *verdict = NULL;
    bool is_of;

    for (size_t i = 0; i < t->require->n; i++) {
        bool met = is_met(t->require->at[i], name, value, &is_of);
        char *text;

        if (!is_of)
            continue;
        t->known[i] = true;
        verdict = met && !verdict ? "ok" : met ? verdict : "failed";
        if (met)
            continue;
        text = xasprintf("%s is not met: %s is %.*f", t->require->at[i], name,
                         decimals, value);
        strings_add(t->failed, text);
        free(text);
    }
    grid_string(t->g, name);
    grid_number(t->g, value, decimals);
    grid_string(t->g, verdict);
    grid_string(t->g, worst);
    grid_string(t->g, what);
}

static void put_rules(struct worth_table *t, const struct rowset *set,
                      const struct judged *each, const struct judged *all)
{
    for (size_t i = 0; i < N_RULES; i++) {
        const struct rule *rule = &RULES[i];
        int at = find_worst(rule, each, set->n_files);
        char *worst = NULL;

        if (at >= 0) {
            const struct labels *meta = &set->recording[at].meta;

            worst = xasprintf("%s %s", labels_get_or(meta, META_WORKLOAD, ""),
                              labels_get_or(meta, META_RUN, "?"));
        }
        worth_put(t, rule->name, rule->value(all), rule->decimals, worst,
                  rule->what);
        free(worst);
    }
}

static int check_requirements(const struct worth_table *t, struct err *e)
{
    for (size_t i = 0; i < t->require->n; i++)
        if (!t->known[i])
            return err_set(e, ERR_USAGE,
                           "--require: '%s' names no check of the table; write "
                           "'late_pct<1' or 'rows>1000'",
                           t->require->at[i]);
    return 0;
}

/* A name, < or >, a number. */
static int check_syntax(const struct strings *require, struct err *e)
{
    for (size_t i = 0; i < require->n; i++) {
        const char *text = require->at[i];
        size_t n = strcspn(text, "<>");
        char *end = NULL;

        if (text[n])
            strtod(text + n + 1, &end);
        if (!end || end == text + n + 1 || *end)
            return err_set(e, ERR_USAGE,
                           "--require: '%s' is no requirement; write "
                           "'late_pct<1' or 'rows>1000'",
                           text);
    }
    return 0;
}

int worth_judge(const struct rowset *set, const struct labelled *rows,
                const struct worth_options *o, struct pool *pool,
                struct grid **g, struct strings *failed, struct err *e)
{
    struct judged *each = xcalloc(set->n_files, sizeof *each);
    struct judged all = {.energy_off_pct = NAN};
    float *busy = load_share(set, rows);
    struct worth_table t = {.require = o->require, .failed = failed};
    int rc = check_syntax(o->require, e);

    (void)pool;
    for (size_t f = 0; f < set->n_files; f++) {
        look_at(set, rows, o, busy, f, &each[f]);
        add_judged(&all, &each[f]);
    }
    all.empty = (double)set->n_empty;
    all.refused = (double)set->n_refused;
    if (rc == 0) {
        t.known = xcalloc(o->require->n + 1, sizeof *t.known);
        t.g = *g = grid_new("check,value,verdict,worst,what");
        put_rules(&t, set, each, &all);
        worth_put_cover(&t, set, rows, busy);
        rc = check_requirements(&t, e);
    }
    free(t.known);
    free(each);
    free(busy);
    return rc;
}
