#include <math.h>

#include "common/base/labels.h"
#include "common/plot/draws.h"
#include "common/plot/rows.h"

/* $g: the row of a group, and the per cent that each interval holds. */
static void put_group(const struct metric *m, size_t y, struct canvas *c)
{
    fprintf(c->f, "%zu", y);
    for (int i = 0; i < INTERVALS; i++)
        if (m->n_interval[i])
            fprintf(c->f, " %.6g",
                    100. * (double)m->n_covered[i] / (double)m->n_interval[i]);
        else
            fputs(" NaN", c->f);
    fputc('\n', c->f);
}

int draw_coverage(const struct picked *p, struct canvas *c, struct err *e)
{
    struct strings names = {0};
    size_t n = p->groups.n + 1;
    char caption[1024];
    int n_words;

    if (p->all.n_interval[INTERVAL_90] == 0)
        return err_set(e, ERR_DATA,
                       "no row has an interval and measured watts");
    n_words = snprintf(caption, sizeof caption,
                       "Dashed: what an interval should hold. ");
    picked_caption(p, false, caption + n_words,
                   sizeof caption - (size_t)n_words);
    canvas_begin(c, 760, 180 + rows_height(n),
                 "How often intervals hold what was measured", caption);
    strings_add(&names, "all");
    for (size_t g = 0; g < p->groups.n; g++)
        strings_add(&names, p->groups.at[g]);
    fputs("$g << EOD\n", c->f);
    put_group(&p->all, n, c);
    for (size_t g = 0; g < p->groups.n; g++)
        put_group(&p->of_group[g], n - 1 - g, c);
    fputs("EOD\n", c->f);
    rows_names(c, .8, names.at, names.n);
    canvas_key(c, INTERVALS, 13);
    canvas_between(c, 1, 0);
    fputs("set xrange [-2:102]\nset xlabel 'measured inside, % of the rows'\n"
          "set ytics nomirror\n",
          c->f);
    for (int i = 0; i < INTERVALS; i++)
        fprintf(c->f,
                "set arrow from first %d, graph 0 to first %d, graph 1 nohead "
                "lw 1.2 dt 2 lc rgb '%s' back\n",
                interval_percent(i), interval_percent(i),
                canvas_colour((size_t)i));
    for (int i = 0; i < INTERVALS; i++)
        fprintf(c->f,
                "%s$g using %d:1 with points pt %d ps 1 lc rgb '%s' title "
                "'%d %% interval'",
                i ? ", " : "plot ", i + 2, canvas_mark((size_t)i),
                canvas_colour((size_t)i), interval_percent(i));
    fputc('\n', c->f);
    strings_release(&names);
    return 0;
}
