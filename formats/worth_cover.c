#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/coverage.h"
#include "formats/sample.h"
#include "formats/worth.h"
#include "formats/worth_parts.h"

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NAN;
}

enum { LONGEST = 48 }; /* of a list of names, which --columns has in full */

static void put_names(struct worth_table *t, const char *check,
                      const struct strings *names, const char *what)
{
    struct strings some = {0};
    size_t length = 0;
    char *all;

    for (size_t i = 0; i < names->n && length < LONGEST; i++) {
        length += strlen(names->at[i]) + 1;
        strings_add(&some, length < LONGEST ? names->at[i] : "...");
    }
    all = strings_join(&some, ",");
    worth_put(t, check, (double)names->n, 0, names->n ? all : NULL, what);
    free(all);
    strings_release(&some);
}

/* ---- idleness ---- */

static void add_once(struct strings *names, const char *name)
{
    if (strings_find(names, name) < 0)
        strings_add(names, name);
}

/* A stretch of rows a..b-1 without load: what kind is it? */
static void take_idle(struct strings *kinds, const struct labelled *l, size_t f,
                      size_t a, size_t b, const char *label)
{
    double s = (double)(l->t_ns[b - 1] - l->t_ns[a]) * 1e-9;

    if (s < WORTH_PAUSE_S)
        return;
    add_once(kinds, label ? label : a == l->begin[f] ? "start" : "after_load");
    if (s > WORTH_SETTLE_S)
        add_once(kinds, "settled");
}

static bool is_idle(float busy)
{
    return busy <= (float)WORTH_IDLE_SHARE;
}

/* As a sweep says in the label `idle`; else by what was before. */
static void put_idle_kinds(struct worth_table *t, const struct rowset *set,
                           const struct labelled *l, const float *busy)
{
    struct strings kinds = {0};

    for (size_t f = 0; f < l->n_files; f++) {
        const char *label = labels_get(&set->recording[f].meta, "idle");
        size_t end = l->begin[f + 1], a = l->begin[f], b;

        for (; a < end; a = b + 1) {
            for (b = a; b < end && is_idle(busy[b]);)
                b++;
            if (b > a)
                take_idle(&kinds, l, f, a, b, label);
        }
    }
    put_names(t, "idle_kinds", &kinds,
              "kinds of idleness, of 5 s and longer on end");
    strings_release(&kinds);
}

/* ---- work ---- */

static void put_dominance(struct worth_table *t, const struct rowset *set,
                          const struct labelled *rows)
{
    size_t *count = xcalloc(rows->n_groups, sizeof *count), most = 0;
    double bits = 0;

    for (size_t i = 0; i < rows->T; i++)
        count[labelled_group(rows, i)]++;
    for (size_t k = 0; k < rows->n_groups; k++) {
        double p = (double)count[k] / (double)rows->T;

        bits -= p > 0 ? p * log2(p) : 0;
        if (count[k] > count[most])
            most = k;
    }
    worth_put(t, "groups", (double)rows->n_groups, 0, NULL,
              "values of --group");
    worth_put(t, "even_groups", exp2(bits), 1, NULL,
              "groups of one size that would be as mixed");
    worth_put(t, "largest_group_pct",
              share((double)count[most], (double)rows->T), 1,
              set->groups.at[most], "rows of the group with the most");
    free(count);
}

/* ---- features, watts ---- */

static void put_space(struct worth_table *t, const struct labelled *rows)
{
    struct coverage c;

    coverage_of(rows->x, rows->T, rows->D, &c);
    worth_put(t, "dimensions", c.dimensions, 1, NULL,
              "unrelated features that would vary as much as these");
    worth_put(t, "pairs_pct", c.pairs_pct, 1, NULL,
              "cells of any two features, in tenths, with a row");
}

static void put_columns(struct worth_table *t, const struct rowset *set,
                        const struct labelled *rows)
{
    struct strings constant = {0};
    struct quantum q;

    health_quantum(rows->y, rows->T, 1, &q);
    worth_put(t, "watts_distinct", (double)q.distinct, 0, NULL,
              "different values of watts");
    worth_put(t, "watts_step", q.usual, 4, NULL,
              "usual difference between neighbouring ones, W");
    for (size_t d = 0; d < rows->D; d++) {
        health_quantum(rows->x + d, rows->T, rows->D, &q);
        if (q.distinct < 2)
            strings_add(&constant, set->names.at[d]);
    }
    put_names(t, "constant_features", &constant, "features that never change");
    strings_release(&constant);
}

static bool is_known(const float *busy, size_t T)
{
    for (size_t i = 0; i < T; i++)
        if (!isnan(busy[i]))
            return true;
    return false;
}

void worth_put_cover(struct worth_table *t, const struct rowset *set,
                     const struct labelled *rows, const float *busy)
{
    bool known = is_known(busy, rows->T);

    if (known)
        put_idle_kinds(t, set, rows, busy);
    else
        worth_put(t, "idle_kinds", NAN, 0, NULL, "the load is not known");
    worth_put(t, "load_tenths",
              known ? (double)coverage_tenths(busy, rows->T, 1, 0, 1) : NAN, 0,
              NULL, "tenths of the load with at least .1 % of the rows");
    put_dominance(t, set, rows);
    put_space(t, rows);
    put_columns(t, set, rows);
}
