#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/plot/draws.h"
#include "common/plot/rows.h"

enum { MOST_MODELS = 60 };
static const double MOST = 1e12; /* no figure of ours is that far off */

/* Is that column one of the figure under a split?  Which: behind its name. */
static const char *split_of(const char *name, const char *figure)
{
    size_t n = strlen(figure), len = strlen(name);
    const char *rest = name + n + 1;

    if (strncmp(name, figure, n) != 0 || name[n] != '_' || !*rest ||
        strncmp(rest, "gap_", 4) == 0 ||
        (len > 4 && strcmp(name + len - 4, "_low") == 0) ||
        (len > 5 && strcmp(name + len - 5, "_high") == 0))
        return NULL;
    return rest;
}

/* From what a model has seen to what it has not. */
static int rank(const char *split)
{
    static const char *const order[] = {"shuffle", "run", "leave:session",
                                        "leave:workload"};

    for (int i = 0; i < 4; i++)
        if (strcmp(split, order[i]) == 0)
            return i;
    return 4;
}

/* The splits that the table has this figure for. */
static void splits_of(const struct scores *s, const char *figure,
                      struct strings *out)
{
    for (int r = 0; r <= 4; r++)
        for (size_t i = 0; i < s->columns.n && out->n < CANVAS_COLOURS; i++) {
            const char *split = split_of(s->columns.at[i], figure);

            if (split && rank(split) == r)
                strings_add(out, split);
        }
}

/* "leave:workload": what it is to people. */
static const char *words_of(const char *split)
{
    return strcmp(split, "shuffle") == 0 ? "shuffled: all but one sample seen"
           : strcmp(split, "run") == 0   ? "unseen runs"
           : strcmp(split, "leave:workload") == 0 ? "unseen workloads"
           : strcmp(split, "leave:session") == 0  ? "unseen sessions"
                                                  : split;
}

static double figure_of(const struct scores *s, size_t row, const char *figure,
                        const char *split, const char *end)
{
    char *name = xasprintf("%s_%s%s", figure, split, end);
    double v = scores_number(s, row, name);

    free(name);
    return fabs(v) < MOST ? v : NAN;
}

/* A block a split: row of the model, figure, the ends of its interval. */
static size_t put_splits(const struct scores *s, const char *figure,
                         const struct strings *splits, double *least,
                         double *most, struct canvas *c)
{
    size_t n = 0;

    for (size_t j = 0; j < splits->n; j++) {
        fprintf(c->f, "$s%zu << EOD\n", j);
        for (size_t i = 0; i < s->n; i++) {
            const char *split = splits->at[j];
            double v = figure_of(s, i, figure, split, "");
            double low = figure_of(s, i, figure, split, "_low");
            double high = figure_of(s, i, figure, split, "_high");

            if (!isfinite(v))
                continue;
            n++;
            *least = v < *least ? v : *least;
            *most = v > *most ? v : *most;
            fprintf(c->f, "%.4f %.6g %.6g %.6g\n",
                    (double)(s->n - i) +
                        .16 * ((double)(splits->n - 1) / 2 - (double)j),
                    v, isfinite(low) ? low : v, isfinite(high) ? high : v);
        }
        fputs("EOD\n", c->f);
    }
    return n;
}

static void plot_splits(const struct strings *splits, struct canvas *c)
{
    for (size_t j = 0; j < splits->n; j++)
        fprintf(c->f,
                "%s$s%zu using 3:1:($4-$3):(0) with vectors nohead lw 1.3 lc "
                "rgb '%s' notitle",
                j ? ", " : "plot ", j, canvas_colour(j));
    for (size_t j = 0; j < splits->n; j++) {
        fprintf(c->f,
                ", $s%zu using 2:1 with points pt %d ps .9 lc rgb '%s' title ",
                j, canvas_mark(j), canvas_colour(j));
        canvas_quote(c, words_of(splits->at[j]), 40);
    }
    fputc('\n', c->f);
}

/* Names less what stands in brackets, which a caption has no room for. */
static void names_of(const struct scores *s, struct strings *out)
{
    for (size_t i = 0; i < s->n; i++) {
        const char *name = scores_cell(s, i, "model");
        const char *end = strstr(name, " (");
        char *cut = xstrndup(name, end ? (size_t)(end - name) : strlen(name));

        strings_add(out, cut);
        free(cut);
    }
}

static int check(const struct scores *s, const char *figure,
                 const struct strings *splits, struct err *e)
{
    if (strings_find(&s->columns, "model") < 0 || splits->n == 0)
        return err_set(e, ERR_DATA,
                       "no column model and %s_SPLIT: rapl-score --compare "
                       "--columns %s writes such a table",
                       figure, figure);
    if (s->n > MOST_MODELS)
        return err_set(e, ERR_DATA, "%zu models: one picture shows %d", s->n,
                       MOST_MODELS);
    return 0;
}

/* What of an interval lies far outside is cut, so that points stay apart. */
static void put_axis(const char *figure, double least, double most,
                     struct canvas *c)
{
    bool r2 = strcmp(figure, "r2") == 0;
    double pad = .08 * (most - least) + 1e-9 * (fabs(most) + 1);

    if (r2 && most < 1)
        most = 1;
    if (!r2 && least > 0)
        least = 0;
    fprintf(c->f, "set xrange [%.9g:%.9g]\n", least - (least == 0 ? 0 : pad),
            r2 && most <= 1 ? most : most + pad);
    canvas_set(c, "xlabel",
               r2 ? "R2: 1 is exact, 0 no better than always saying the mean"
                  : figure);
    if (r2)
        fputs("set arrow from first 0, graph 0 to first 0, graph 1 nohead lc "
              "rgb '#444444' lw 1.4 dt 2 back\n",
              c->f);
}

int draw_gap(const struct scores *s, const char *figure, struct canvas *c,
             struct err *e)
{
    struct strings splits = {0}, names = {0};
    double least = 1e300, most = -1e300;
    int rc;

    splits_of(s, figure, &splits);
    rc = check(s, figure, &splits, e);
    if (rc == 0) {
        names_of(s, &names);
        canvas_begin(c, 820, 190 + 2 * rows_height(s->n),
                     "The same models, by what was held out of their training",
                     "Predicted against measured watts, test part of each "
                     "split. Bars: 95 % intervals, cut at the frame.");
        if (put_splits(s, figure, &splits, &least, &most, c) == 0)
            rc = err_set(e, ERR_DATA, "the table has no number of %s", figure);
    }
    if (rc == 0) {
        rows_names(c, .7, names.at, names.n);
        canvas_key(c, splits.n, 34);
        canvas_between(c, 1, 0);
        put_axis(figure, least, most, c);
        plot_splits(&splits, c);
    }
    strings_release(&splits);
    strings_release(&names);
    return rc;
}
