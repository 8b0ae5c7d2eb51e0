#include "formats/score_common.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"

/* The rows of a model under a split, by name; their hashes in order. */
struct rows {
    char *model, *split;
    uint64_t *row;
    size_t n, cap;
};

struct score_common {
    struct rows *rows; /* closed: one a split, of all models */
    size_t n, last;    /* last: the one that was asked for last */
};

struct score_common *score_common_new(void)
{
    return xcalloc(1, sizeof(struct score_common));
}

static uint64_t row_of(uint64_t run, int64_t t_ns)
{
    return rng_at(run, 0, (uint64_t)t_ns);
}

static bool is_of(const struct rows *r, const char *model, const char *split)
{
    return strcmp(r->split, split) == 0 && strcmp(r->model, model) == 0;
}

static struct rows *find_rows(struct score_common *c, const char *model,
                              const char *split)
{
    for (size_t i = 0; i < c->n; i++) {
        size_t at = (c->last + i) % c->n;

        if (is_of(&c->rows[at], model, split)) {
            c->last = at;
            return &c->rows[at];
        }
    }
    c->rows = xreallocarray(c->rows, c->n + 1, sizeof *c->rows);
    c->rows[c->n] =
        (struct rows){.model = xstrdup(model), .split = xstrdup(split)};
    c->last = c->n++;
    return &c->rows[c->last];
}

void score_common_note(struct score_common *c, const char *model,
                       const char *split, uint64_t run, int64_t t_ns)
{
    struct rows *r = find_rows(c, model, split);

    r->row = xgrow(r->row, r->n, &r->cap, sizeof *r->row);
    r->row[r->n++] = row_of(run, t_ns);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* In order, each once. */
static void put_in_order(struct rows *r)
{
    size_t n = 0;

    qsort(r->row, r->n, sizeof *r->row, by_value);
    for (size_t i = 0; i < r->n; i++)
        if (n == 0 || r->row[n - 1] != r->row[i])
            r->row[n++] = r->row[i];
    r->n = n;
}

/* Leave in r what is in other as well; both in order. */
static void keep_shared(struct rows *r, const struct rows *other)
{
    size_t n = 0, k = 0;

    for (size_t i = 0; i < r->n; i++) {
        while (k < other->n && other->row[k] < r->row[i])
            k++;
        if (k < other->n && other->row[k] == r->row[i])
            r->row[n++] = r->row[i];
    }
    r->n = n;
}

static void release_rows(struct rows *r)
{
    free(r->model);
    free(r->split);
    free(r->row);
}

int score_common_close(struct score_common *c, struct err *e)
{
    size_t n = 0;

    c->last = 0;
    for (size_t i = 0, k; i < c->n; i++) {
        struct rows *r = &c->rows[i];

        put_in_order(r);
        for (k = 0; k < n && strcmp(c->rows[k].split, r->split) != 0; k++)
            ;
        if (k == n) {
            c->rows[n++] = *r;
            continue;
        }
        keep_shared(&c->rows[k], r);
        release_rows(r);
    }
    c->n = n;
    for (size_t k = 0; k < n; k++)
        if (c->rows[k].n == 0)
            return err_set(e, ERR_DATA,
                           "the models have no row in common under the split "
                           "'%s'; a row is known by its time and the labels "
                           "machine, workload and run",
                           c->rows[k].split);
    return 0;
}

bool score_common_has(const struct score_common *c, const char *split,
                      uint64_t run, int64_t t_ns)
{
    uint64_t row = row_of(run, t_ns);

    for (size_t k = 0; k < c->n; k++)
        if (strcmp(c->rows[k].split, split) == 0)
            return bsearch(&row, c->rows[k].row, c->rows[k].n, sizeof row,
                           by_value) != NULL;
    return false;
}

void score_common_free(struct score_common *c)
{
    for (size_t i = 0; c && i < c->n; i++)
        release_rows(&c->rows[i]);
    if (c)
        free(c->rows);
    free(c);
}
