#include "common/gbdt/gbdt_columns.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    enum gbdt_column_kind kind;
} kind_names[] = {
    {"last", GBDT_LAST}, {"window", GBDT_WINDOW}, {"mean", GBDT_MEAN},
    {"step", GBDT_STEP}, {"spread", GBDT_SPREAD}, {"range", GBDT_RANGE},
};
#define N_KINDS (sizeof kind_names / sizeof *kind_names)

/* The kind of that name; 0: none. */
static unsigned find_kind(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kind_names[i].name, name) == 0)
            return kind_names[i].kind;
    return 0;
}

int gbdt_columns_read(unsigned *kinds, const struct node *model, struct err *e)
{
    const struct node *list = node_get(model, "columns");
    unsigned found = 0;

    if (!list)
        return 0;
    if (list->kind != NODE_LIST || list->n == 0)
        return node_error(list, e,
                          "columns wants a list, as [last, mean, spread]");
    for (size_t i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        unsigned kind = item->kind == NODE_SCALAR ? find_kind(item->text) : 0;

        if (!kind)
            return node_error(item, e,
                              "no such columns; there are: last, window, "
                              "mean, step, spread, range");
        found |= kind;
    }
    *kinds = found;
    return 0;
}

size_t gbdt_columns_mean(size_t k, size_t delays)
{
    size_t span = (size_t)2 << k;

    if (span < delays)
        return span;
    return span < 2 * delays && delays > 1 ? delays : 0;
}

unsigned gbdt_columns_distinct(unsigned kinds, size_t delays)
{
    if (kinds & GBDT_WINDOW)
        kinds &= ~(unsigned)GBDT_LAST;
    if (delays == 1)
        kinds &= GBDT_LAST | GBDT_WINDOW;
    return kinds ? kinds : GBDT_LAST;
}

size_t gbdt_columns_count(unsigned kinds, size_t D, size_t delays)
{
    size_t n = 0;

    kinds = gbdt_columns_distinct(kinds, delays);
    n += kinds & GBDT_LAST ? 1 : 0;
    n += kinds & GBDT_WINDOW ? delays : 0;
    n += kinds & GBDT_STEP ? 1 : 0;
    n += kinds & GBDT_SPREAD ? 1 : 0;
    n += kinds & GBDT_RANGE ? 2 : 0;
    for (size_t k = 0; kinds & GBDT_MEAN && gbdt_columns_mean(k, delays); k++)
        n++;
    return n * D;
}

/* Feature f of the sample that is k steps before the newest one. */
static double sample(const struct window_set *set, const float *newest,
                     size_t f, size_t k)
{
    return *(newest - k * set->tau * set->D + f);
}

/* Means over the newest 2, 4, 8, ... and all samples; where they end. */
static float *put_means(const struct window_set *set, const float *newest,
                        float *out)
{
    size_t span, n = 0;

    for (size_t f = 0; f < set->D; f++) {
        double sum = 0;
        size_t at = 0;

        for (n = 0; (span = gbdt_columns_mean(n, set->delays)); n++) {
            for (; at < span; at++)
                sum += sample(set, newest, f, at);
            out[n * set->D + f] = (float)(sum / (double)span);
        }
    }
    return out + n * set->D;
}

static float spread(const struct window_set *set, const float *newest, size_t f)
{
    double origin = newest[f], n = (double)set->delays;
    double sum = 0, squares = 0, variance;

    for (size_t k = 0; k < set->delays; k++) {
        double x = sample(set, newest, f, k) - origin;

        sum += x;
        squares += x * x;
    }
    variance = (squares - sum * sum / n) / n;
    return variance > 0 ? (float)sqrt(variance) : 0;
}

/* The least and the greatest sample of feature f. */
static void put_range(const struct window_set *set, const float *newest,
                      size_t f, float *least, float *greatest)
{
    *least = *greatest = newest[f];
    for (size_t k = 1; k < set->delays; k++) {
        float x = (float)sample(set, newest, f, k);

        *least = x < *least ? x : *least;
        *greatest = x > *greatest ? x : *greatest;
    }
}

/* newest (D) is the last sample of the window, the others lie before it. */
static void put_row(unsigned kinds, const struct window_set *set,
                    const uint32_t *end, float *out)
{
    size_t D = set->D;
    const float *newest = set->x + *end * D;

    if (kinds & GBDT_LAST) {
        memcpy(out, newest, D * sizeof *out);
        out += D;
    }
    if (kinds & GBDT_WINDOW) {
        embed(set->x, D, set->delays, set->tau, end, 1, out);
        out += D * set->delays;
    }
    if (kinds & GBDT_MEAN)
        out = put_means(set, newest, out);
    for (size_t f = 0; kinds & GBDT_STEP && f < D; f++)
        *out++ = newest[f] - (float)sample(set, newest, f, 1);
    for (size_t f = 0; kinds & GBDT_SPREAD && f < D; f++)
        *out++ = spread(set, newest, f);
    for (size_t f = 0; kinds & GBDT_RANGE && f < D; f++)
        put_range(set, newest, f, out + f, out + D + f);
}

void gbdt_columns_fill(unsigned kinds, const struct window_set *set, size_t at,
                       size_t n, float *out)
{
    size_t F = gbdt_columns_count(kinds, set->D, set->delays);

    kinds = gbdt_columns_distinct(kinds, set->delays);
    for (size_t i = 0; i < n; i++)
        put_row(kinds, set, &set->end[at + i], out + i * F);
}
