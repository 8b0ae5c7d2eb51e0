#ifndef FORMATS_SCOREBOOK_H
#define FORMATS_SCOREBOOK_H

#include "common/math/metric.h"
#include "formats/prediction.h"
#include "formats/score_common.h"

/*
 * What prediction streams say of how good they are, in groups: rows that share
 * model, split, part and the labels that were asked for.  Memory grows with
 * the groups, and where units are kept with their runs, never with the rows.
 */
enum { PICK_AUTO, PICK_ALL, PICK_TRAIN, PICK_VALID, PICK_TEST };

/*
 * Which rows are of an idle machine: those of segments with a label, or those
 * that were measured below some watts, each after the segment's first
 * settle_ns.
 */
struct idle_rule {
    char *key, *value; /* NULL: by watts */
    double below_w;
    int64_t settle_ns;
};

/* "workload=idle" or "<3W"; -1 with e filled (ERR_USAGE). */
int idle_rule_parse(struct idle_rule *r, const char *text, struct err *e);
void idle_rule_release(struct idle_rule *r);

/* The rows of one run: what a bootstrap draws. */
struct score_unit {
    uint64_t run; /* hash of machine, workload and run */
    struct metric metric;
};

enum { KEY_MODEL, KEY_SPLIT, KEY_PART, KEY_BY };

struct score_group {
    struct strings key; /* model, split, part, then the labels' values */
    char *beside; /* the values that were left out with its own; NULL: none */
    struct metric metric;
    int64_t unmeasured;
    struct score_unit *unit; /* in the order of run */
    size_t n_units, cap;
    char *model_hash; /* of the first checkpoint */
    bool mixed;       /* there were others */
};

/* Groups that differ in labels only, one behind the other, and their sum. */
struct score_pool {
    struct score_group all; /* labels: "all" */
    size_t first, n;        /* in the book's groups */
};

struct scorebook {
    struct strings by; /* labels; the caller's to fill, as all of these */
    bool by_part, allow_truncated;
    bool by_beside;  /* groups differ by what was left out beside them, too */
    bool keep_units; /* else a group has one unit, of all runs */
    int pick;
    double mape_floor_w;
    double far_w; /* errors beyond are what support should tell */
    struct idle_rule idle;
    struct score_common *note;         /* rows are noted here, not scored */
    const struct score_common *common; /* only rows in there are scored */

    struct score_group **group; /* in the order of their keys */
    size_t n_groups;
    struct score_pool *pool;
    size_t n_pools;
    int64_t rows, picked, measured;

    void *tree; /* from here on private */
    bool *label_seen;
    struct strings models;
    bool warned;
    uint64_t segments;
};

/* Add the predictions in a file (NULL: standard input). */
int scorebook_add(struct scorebook *b, const char *path, struct err *e);

/*
 * All files were added: order the groups and pool them.  -1 with e filled
 * (ERR_DATA) where there is nothing to compare.
 */
int scorebook_close(struct scorebook *b, struct err *e);

/*
 * Add the rows of another group, unit by unit.  score_group_sum() afterwards
 * makes the metric, in an order that does not depend on that of the files.
 */
void score_group_merge(struct score_group *to, const struct score_group *from);
void score_group_sum(struct score_group *g);

/* The values of the labels, "io,r1", on the heap. */
char *score_group_name(const struct score_group *g);

void score_group_release(struct score_group *g);
void scorebook_release(struct scorebook *b);

#endif
