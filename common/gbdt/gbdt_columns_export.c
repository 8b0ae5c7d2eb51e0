#include "common/gbdt/gbdt_export.h"

#include <stdio.h>

#include "common/gbdt/gbdt_columns.h"

/* A window: D features of d samples, oldest first. */
struct window {
    struct opgraph *g;
    size_t D, d;
    const char *x;    // (N, D, d)
    const char *wide; // (N, D, d) double
};

static const char *apply(struct opgraph *g, const char *type, const char *x,
                         const char *y)
{
    return opgraph_op(g, type, x, y, NULL)->out;
}

static const char *cast(struct opgraph *g, const char *x, int64_t type)
{
    struct op *o = opgraph_op(g, "Cast", x, NULL);

    op_int(o, "to", type);
    return o->out;
}

/* Samples from..to-1 of each feature: (N, D, to - from). */
static const char *samples(const struct window *w, const char *x, size_t from,
                           size_t to)
{
    const char *begin = opgraph_ints(w->g, 1, (int64_t[]){(int64_t)from});
    const char *end = opgraph_ints(w->g, 1, (int64_t[]){(int64_t)to});
    const char *axis = opgraph_ints(w->g, 1, (int64_t[]){2});

    return opgraph_op(w->g, "Slice", x, begin, end, axis, NULL)->out;
}

/* Over the samples of each feature: (N, D). */
static const char *reduce(const struct window *w, const char *type,
                          const char *x)
{
    struct op *o = opgraph_op(w->g, type, x, NULL);

    op_ints(o, "axes", 1, (int64_t[]){2});
    op_int(o, "keepdims", 0);
    return o->out;
}

/* The sample that is `back` before the newest: (N, D). */
static const char *sample(const struct window *w, size_t back)
{
    const char *x = samples(w, w->x, w->d - 1 - back, w->d - back);
    const char *axis = opgraph_ints(w->g, 1, (int64_t[]){2});

    return apply(w->g, "Squeeze", x, axis);
}

static const char *mean(const struct window *w, size_t span)
{
    const char *x = samples(w, w->wide, w->d - span, w->d);

    return cast(w->g, reduce(w, "ReduceMean", x), OP_TO_FLOAT);
}

/* About the newest sample, as gbdt_columns.c has it: the mean of the squares
 * less the square of the mean. */
static const char *spread(const struct window *w)
{
    const char *newest = samples(w, w->wide, w->d - 1, w->d);
    const char *x = apply(w->g, "Sub", w->wide, newest);
    const char *squares = reduce(w, "ReduceMean", apply(w->g, "Mul", x, x));
    const char *m = reduce(w, "ReduceMean", x);
    const char *variance =
        apply(w->g, "Sub", squares, apply(w->g, "Mul", m, m));
    const char *zero =
        cast(w->g, opgraph_floats(w->g, 0, NULL, (float[]){0}), OP_TO_DOUBLE);

    variance = apply(w->g, "Max", variance, zero);
    return cast(w->g, opgraph_op(w->g, "Sqrt", variance, NULL)->out,
                OP_TO_FLOAT);
}

/* What the rows of these kinds hold, in their order. */
static void list_columns(const struct window *w, unsigned kinds,
                         const char *windows, struct strings *out)
{
    size_t span;

    if (kinds & GBDT_LAST)
        strings_add(out, sample(w, 0));
    if (kinds & GBDT_WINDOW)
        strings_add(out, windows);
    for (size_t k = 0; kinds & GBDT_MEAN; k++) {
        span = gbdt_columns_mean(k, w->d);
        if (span == 0)
            break;
        strings_add(out, mean(w, span));
    }
    if (kinds & GBDT_STEP)
        strings_add(out, apply(w->g, "Sub", sample(w, 0), sample(w, 1)));
    if (kinds & GBDT_SPREAD)
        strings_add(out, spread(w));
    if (kinds & GBDT_RANGE) {
        strings_add(out, reduce(w, "ReduceMin", w->x));
        strings_add(out, reduce(w, "ReduceMax", w->x));
    }
}

const char *gbdt_columns_export(unsigned kinds, size_t D, size_t delays,
                                struct opgraph *g)
{
    const char *windows = opgraph_input(g, "windows", D * delays);
    int64_t shape[] = {0, (int64_t)D, (int64_t)delays};
    struct window w = {.g = g, .D = D, .d = delays};
    struct strings columns = {0};
    struct op *all;

    snprintf(g->scope, sizeof g->scope, "columns");
    w.x = apply(g, "Reshape", windows, opgraph_ints(g, 3, shape));
    w.wide = cast(g, w.x, OP_TO_DOUBLE);
    list_columns(&w, gbdt_columns_distinct(kinds, delays), windows, &columns);
    all = opgraph_op(g, "Concat", columns.at[0], NULL);
    op_int(all, "axis", 1);
    for (size_t i = 1; i < columns.n; i++)
        op_input(all, columns.at[i]);
    strings_release(&columns);
    return all->out;
}
