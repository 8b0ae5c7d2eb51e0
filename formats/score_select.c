#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/math/nested.h"
#include "formats/score_table.h"

/* Models (pools of the book) and groups in a grid. */
struct grid {
    struct score_table *t;
    const struct scorebook *b;
    size_t M, G;
    const struct score_pool **pool; // (M)
    const struct metric **score;    // (M, G, G), as nested_choose() has it
    bool strict;    // a choice for a group is by models that never saw it
    size_t *choice; // (G)
    size_t *chosen; // (M) how often
};

static const struct score_group *cell(const struct grid *s, size_t m, size_t g)
{
    return s->b->group[s->pool[m]->first + g];
}

static const char *model_of(const struct grid *s, size_t m)
{
    return s->pool[m]->all.key.at[KEY_MODEL];
}

static const char *split_of(const struct score_pool *p)
{
    return p->all.key.at[KEY_SPLIT];
}

static bool same_group(const struct score_group *x, const struct score_group *y)
{
    for (size_t i = KEY_BY; i < x->key.n; i++)
        if (strcmp(x->key.at[i], y->key.at[i]) != 0)
            return false;
    return true;
}

/* Every group of a model: is it one of the first model's, and of one model? */
static int check_model(const struct grid *s, size_t m, struct err *e)
{
    const struct score_pool *p = s->pool[m];

    if (strcmp(split_of(p), split_of(s->pool[0])) != 0)
        return err_set(e, ERR_DATA,
                       "predictions of the splits '%s' and '%s': choosing "
                       "wants those of one",
                       split_of(s->pool[0]), split_of(p));
    for (size_t g = 0; g < s->G || g < p->n; g++) {
        char *name;

        if (g < s->G && g < p->n && same_group(cell(s, 0, g), cell(s, m, g)) &&
            !cell(s, m, g)->mixed)
            continue;
        name = score_group_name(cell(s, g < p->n ? m : 0, g));
        err_set(e, ERR_DATA,
                g < p->n && cell(s, m, g)->mixed
                    ? "group '%s' was predicted by several checkpoints called "
                      "'%s' (rapl-infer --name tells models apart)"
                    : "group '%s' was not predicted by every model: see '%s'",
                name, model_of(s, m));
        free(name);
        return -1;
    }
    return 0;
}

/* ---- pairs of groups left out ---- */

/* Of models that were trained without two groups at a time? */
static bool is_of_pairs(const struct score_pool *p)
{
    return strchr(split_of(p), '*') != NULL;
}

/* What model m says of group h, trained without g as well; NULL: nothing. */
static const struct score_group *find_pair(const struct grid *s, size_t m,
                                           size_t g, size_t h)
{
    const char *beside = cell(s, m, g)->key.at[KEY_BY];

    for (size_t i = 0; i < s->b->n_pools; i++) {
        const struct score_pool *p = &s->b->pool[i];

        if (!is_of_pairs(p) ||
            strcmp(p->all.key.at[KEY_MODEL], model_of(s, m)) != 0)
            continue;
        for (size_t k = p->first; k < p->first + p->n; k++) {
            const struct score_group *it = s->b->group[k];

            if (it->beside && strcmp(it->beside, beside) == 0 && !it->mixed &&
                same_group(it, cell(s, m, h)))
                return it;
        }
    }
    return NULL;
}

/* The figures for a strict choice. */
static int take_pairs(struct grid *s, size_t m, struct err *e)
{
    for (size_t i = 0; i < s->G * s->G; i++) {
        size_t g = i / s->G, h = i % s->G;
        const struct score_group *pair =
            g == h ? cell(s, m, g) : find_pair(s, m, g, h);

        if (!pair)
            return err_set(e, ERR_DATA,
                           "no predictions of '%s' by one '%s' that was "
                           "trained without it and '%s': choosing wants every "
                           "pair of groups left out, of every model, or none",
                           cell(s, m, h)->key.at[KEY_BY], model_of(s, m),
                           cell(s, m, g)->key.at[KEY_BY]);
        s->score[m * s->G * s->G + i] = &pair->metric;
    }
    return 0;
}

/* ---- */

static void take_singles(struct grid *s, size_t m)
{
    for (size_t i = 0; i < s->G * s->G; i++)
        s->score[m * s->G * s->G + i] = &cell(s, m, i % s->G)->metric;
}

static void list_models(struct grid *s)
{
    s->pool = xcalloc(s->b->n_pools, sizeof *s->pool);
    for (size_t i = 0; i < s->b->n_pools; i++)
        if (is_of_pairs(&s->b->pool[i]))
            s->strict = true;
        else
            s->pool[s->M++] = &s->b->pool[i];
}

static int build(struct grid *s, struct err *e)
{
    list_models(s);
    s->G = s->M ? s->pool[0]->n : 0;
    if (s->M < 2 || s->G < 2)
        return err_set(e, ERR_DATA,
                       "%zu models and %zu groups: choosing wants two of each",
                       s->M, s->G);
    if (s->strict && s->t->by->n > 1)
        return err_set(e, ERR_DATA,
                       "pairs of groups were left out: --by names the one "
                       "label that they differ in");
    for (size_t m = 0; m < s->M; m++)
        if (check_model(s, m, e) < 0)
            return -1;
    s->score = xcalloc(s->M * s->G * s->G, sizeof *s->score);
    s->choice = xcalloc(s->G, sizeof *s->choice);
    s->chosen = xcalloc(s->M, sizeof *s->chosen);
    for (size_t m = 0; m < s->M; m++)
        if (!s->strict)
            take_singles(s, m);
        else if (take_pairs(s, m, e) < 0)
            return -1;
    return 0;
}

/* ---- writing ---- */

static void add_columns(struct grid *s)
{
    struct text_writer *w = s->t->text;

    text_column(w, "role");
    for (size_t i = 0; i < s->t->by->n; i++)
        text_column(w, s->t->by->at[i]);
    text_column(w, "model");
    text_column(w, "chosen");
    text_column(w, "split");
    text_column(w, "n");
    score_table_add_figures(s->t);
    score_table_add_ranges(s->t);
}

/* chosen: how often; labels of NULL: all groups. */
static int write_line(struct grid *s, const char *role, const char *model,
                      size_t chosen, const struct score_group *labels,
                      const struct score_group *g, struct err *e)
{
    struct text_writer *w = s->t->text;
    struct score_cells c;

    text_string(w, role);
    for (size_t i = 0; i < s->t->by->n; i++)
        text_string(w, labels ? labels->key.at[KEY_BY + i] : "all");
    text_string(w, model);
    text_u64(w, chosen);
    text_string(w, split_of(s->pool[0]));
    text_u64(w, g->metric.n);
    score_cells_fill(&c, s->t, g, NULL);
    score_table_put_figures(s->t, &c);
    score_table_put_ranges(s->t, &c);
    return text_row(w, e);
}

static int write_choices(struct grid *s, struct metric *nested, struct err *e)
{
    struct score_group all = {.n_units = 0};
    int rc = 0;

    for (size_t g = 0; g < s->G && rc == 0; g++) {
        size_t m = s->choice[g];

        s->chosen[m]++;
        score_group_merge(&all, cell(s, m, g));
        rc = write_line(s, "held-out", model_of(s, m), 1, cell(s, m, g),
                        cell(s, m, g), e);
    }
    score_group_sum(&all);
    *nested = all.metric;
    if (rc == 0)
        rc = write_line(s, s->strict ? "nested-strict" : "nested", "nested",
                        s->G, NULL, &all, e);
    score_group_release(&all);
    return rc;
}

/* All models, best first: had one looked, it would have been that one. */
static int write_candidates(struct grid *s, const struct metric_figure *by,
                            struct err *e)
{
    bool *done = xcalloc(s->M, sizeof *done);
    int rc = 0;

    for (size_t k = 0; k < s->M && rc == 0; k++) {
        const struct score_group *g;
        size_t best = s->M;

        for (size_t m = 0; m < s->M; m++)
            if (!done[m] &&
                (best == s->M ||
                 metric_figure_better(by, by->value(&s->pool[m]->all.metric),
                                      by->value(&s->pool[best]->all.metric))))
                best = m;
        done[best] = true;
        g = &s->pool[best]->all;
        rc = write_line(s, k ? "candidate" : "peeked", model_of(s, best),
                        s->chosen[best], NULL, g, e);
    }
    free(done);
    return rc;
}

int score_table_select(struct score_table *t, const struct scorebook *b,
                       const struct metric_figure *criterion,
                       struct metric *nested, struct err *e)
{
    struct grid s = {.t = t, .b = b};
    int rc = build(&s, e);

    if (rc == 0) {
        nested_choose(s.score, s.M, s.G, criterion, s.choice);
        add_columns(&s);
        rc = write_choices(&s, nested, e);
    }
    if (rc == 0)
        rc = write_candidates(&s, criterion, e);
    free(s.pool);
    free(s.score);
    free(s.choice);
    free(s.chosen);
    return rc;
}
