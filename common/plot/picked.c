#include "common/plot/picked.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

enum { MOST_NAMES = 1000 };

void picked_init(struct picked *p, const char *by, enum part part,
                 uint64_t seed, bool allow_truncated)
{
    *p = (struct picked){
        .by = by, .part = part, .allow_truncated = allow_truncated};
    p->of_group = xcalloc(PICKED_GROUPS + 1, sizeof *p->of_group);
    rng_init(&p->rng, seed, 0);
}

void picked_release(struct picked *p)
{
    free(p->row);
    free(p->of_group);
    strings_release(&p->groups);
    strings_release(&p->models);
    strings_release(&p->splits);
    strings_release(&p->trained_on);
}

static void note_name(struct strings *names, const char *name)
{
    if (name && names->n < MOST_NAMES && strings_find(names, name) < 0)
        strings_add(names, name);
}

static uint32_t group_of(struct picked *p, const char *name)
{
    int at = strings_find(&p->groups, name);

    if (at < 0 && p->groups.n < PICKED_GROUPS) {
        strings_add(&p->groups, name);
        at = (int)p->groups.n - 1;
    }
    if (at < 0 && p->groups.n == PICKED_GROUPS)
        strings_add(&p->groups, "(others)");
    return at < 0 ? PICKED_GROUPS : (uint32_t)at;
}

/* Algorithm R: of the rows so far any is as likely to be kept. */
static void keep(struct picked *p, const struct picked_row *row)
{
    uint64_t at = p->seen++;

    if (p->n < PICKED_MAX) {
        p->row = xgrow(p->row, p->n, &p->cap, sizeof *p->row);
        p->row[p->n++] = *row;
        return;
    }
    at = rng_below(&p->rng, at + 1);
    if (at < PICKED_MAX)
        p->row[at] = *row;
}

static void take(struct picked *p, const struct prediction *x, uint32_t group)
{
    struct metric_row m = {.predicted_w = (double)x->power_w,
                           .measured_w = (double)x->measured_w,
                           .dt_s = (double)x->dt_s,
                           .support = (double)x->support};
    struct picked_row row = {x->power_w, x->measured_w, x->support, group};

    if (!isfinite(x->measured_w) || !isfinite(x->power_w)) {
        p->unmeasured++;
        return;
    }
    for (int i = 0; i < INTERVALS; i++) {
        m.lower_w[i] = (double)x->lower_w[i];
        m.upper_w[i] = (double)x->upper_w[i];
    }
    metric_add(&p->all, &m, 1);
    metric_add(&p->of_group[group], &m, 1);
    keep(p, &row);
}

/* Of predictions that have parts those on which a model is judged. */
static bool wanted(const struct picked *p, const struct prediction *x,
                   const char *split)
{
    if (p->part != PART_NONE)
        return x->part == p->part;
    return !split || strcmp(split, "none") == 0 || x->part == PART_TEST;
}

int picked_add(struct picked *p, const char *path, struct err *e)
{
    struct prediction_reader *r = NULL;
    const char *split = NULL;
    struct prediction x;
    uint32_t group = 0;
    bool new_segment;
    int rc = prediction_reader_open(&r, path, e);

    if (rc == 0)
        stream_reader_allow_truncated(prediction_reader_stream(r),
                                      p->allow_truncated);
    while (rc >= 0 &&
           (rc = prediction_reader_next(r, &x, &new_segment, e)) > 0) {
        if (new_segment) {
            const struct labels *meta = &prediction_reader_header(r)->meta;

            split = labels_get(meta, META_SPLIT);
            group = group_of(p, labels_get_or(meta, p->by, "(none)"));
            note_name(&p->models, labels_get(meta, META_MODEL));
            note_name(&p->splits, split);
            note_name(&p->trained_on, labels_get(meta, META_TRAINED_ON));
        }
        if (wanted(p, &x, split))
            take(p, &x, group);
    }
    prediction_reader_close(r);
    return rc;
}

/* What all names begin with up to a "=", such as "leave:workload"; else "". */
static void common_key(const struct strings *names, char *out, size_t size)
{
    size_t n = strcspn(names->at[0], "=");

    for (size_t i = 0; i < names->n; i++)
        if (strcspn(names->at[i], "=") != n ||
            strncmp(names->at[i], names->at[0], n) != 0)
            n = 0;
    snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), names->at[0]);
}

static void one_of(const struct strings *names, const char *several,
                   const char *none, char *out, size_t size)
{
    char key[64];

    if (names->n <= 1) {
        snprintf(out, size, "%s", names->n ? names->at[0] : none);
        return;
    }
    common_key(names, key, sizeof key);
    if (*key && strchr(names->at[0], '='))
        snprintf(out, size, "%s, each in turn", key);
    else
        snprintf(out, size, "%s", several);
}

void picked_caption(const struct picked *p, bool drawn, char *out, size_t size)
{
    double r2 = metric_figures[metric_figure_find("r2")].value(&p->all);
    double mae = metric_figures[metric_figure_find("mae")].value(&p->all);
    char model[160], trained[120], split[120], some[96] = "", rest[64] = "";
    char r2_text[32] = "not defined";

    if (isfinite(r2))
        snprintf(r2_text, sizeof r2_text, "%.2f", r2);
    if (drawn && p->seen > p->n)
        snprintf(some, sizeof some, " Drawn: %zu of them, chosen at random.",
                 p->n);
    if (p->unmeasured)
        snprintf(rest, sizeof rest, " (%" PRIu64 " more have no watts)",
                 p->unmeasured);
    one_of(&p->models, "several models", "a model", model, sizeof model);
    one_of(&p->trained_on, "the rest of each split", "what it was", trained,
           sizeof trained);
    one_of(&p->splits, "several", "none", split, sizeof split);
    snprintf(out, size,
             "Predicted by %s, trained on %s; scored: %s of split %s. %" PRIu64
             " rows%s; R2 %s, MAE %.3g W.%s",
             model, trained,
             p->part != PART_NONE         ? part_name(p->part)
             : strcmp(split, "none") == 0 ? "all rows"
                                          : "test part",
             split, p->seen, rest, r2_text, mae, some);
}
