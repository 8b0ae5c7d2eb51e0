#include <math.h>
#include <string.h>

#include "common/plot/draws.h"

static const struct line {
    const char *column, *title;
} LINES[] = {{"train_loss", "training part"},
             {"valid_loss", "validation part"},
             {"valid_mae_w", "validation part"}};
enum { N_LINES = 3, MAE = 2 };

static void put_rows(const struct scores *s, FILE *f)
{
    fputs("$h << EOD\n", f);
    for (size_t i = 0; i < s->n; i++) {
        double epoch = scores_number(s, i, "epoch");

        fprintf(f, "%.9g", isfinite(epoch) ? epoch : (double)(i + 1));
        for (int j = 0; j < N_LINES; j++) {
            double v = scores_number(s, i, LINES[j].column);

            if (isfinite(v))
                fprintf(f, " %.9g", v);
            else
                fputs(" NaN", f);
        }
        fputc('\n', f);
    }
    fputs("EOD\n", f);
}

static bool known(const struct scores *s, int line)
{
    for (size_t i = 0; i < s->n; i++)
        if (isfinite(scores_number(s, i, LINES[line].column)))
            return true;
    return false;
}

/* A loss on a logarithmic axis, where all of it is above zero. */
static bool positive(const struct scores *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (int j = 0; j < MAE; j++)
            if (scores_number(s, i, LINES[j].column) <= 0)
                return false;
    return known(s, 0) || known(s, 1);
}

/* The epoch of the least error, of which the weights are kept. */
static size_t best(const struct scores *s, double *mae)
{
    size_t at = 0;

    *mae = NAN;
    for (size_t i = 0; i < s->n; i++) {
        double v = scores_number(s, i, "valid_mae_w");

        if (isfinite(v) && !(*mae <= v)) {
            *mae = v;
            at = i;
        }
    }
    return at;
}

static void plot_lines(const struct scores *s, int from, int to,
                       struct canvas *c)
{
    bool first = true;

    for (int j = from; j < to; j++) {
        size_t look = (size_t)(j == MAE ? 1 : j);

        if (!known(s, j))
            continue;
        fprintf(c->f,
                "%s$h using 1:%d with linespoints lw 1.4 dt %d pt %d ps %s lc "
                "rgb '%s' title '%s'",
                first ? "plot " : ", ", j + 2, look ? 2 : 1, canvas_mark(look),
                s->n > 60 ? "0" : ".6", canvas_colour(look), LINES[j].title);
        first = false;
    }
    fputs(first ? "plot NaN notitle\n" : "\n", c->f);
}

int draw_history(const struct scores *s, struct canvas *c, struct err *e)
{
    char caption[256] = "No validation error was recorded.";
    double mae;
    size_t at = best(s, &mae);

    if (!known(s, 0) && !known(s, 1) && !known(s, MAE))
        return err_set(e, ERR_DATA,
                       "no epoch with a loss: a history has the columns epoch, "
                       "train_loss, valid_loss, valid_mae_w (rapl-train "
                       "--history FILE)");
    if (isfinite(mae))
        snprintf(caption, sizeof caption,
                 "%zu epochs. Least error on the validation part: %.4g W "
                 "after epoch %zu (dashed).",
                 s->n, mae, at + 1);
    canvas_begin(c, 760, 560, "How the training went", caption);
    put_rows(s, c->f);
    fprintf(c->f,
            "set multiplot\nset lmargin at screen %.4f\n"
            "set rmargin at screen %.4f\nset key at graph 1,1 right bottom "
            "horizontal maxrows 1\n",
            6 * c->em / c->width, 1 - 1.5 * c->em / c->width);
    fprintf(c->f, "set xrange [%s:%zu]\n", s->n == 1 ? "0" : "1",
            s->n == 1 ? 2 : s->n);
    canvas_panel(c, 0, 2);
    fprintf(c->f, "set ylabel 'loss'\nset format x ''\n%s",
            positive(s) ? "set logscale y\n" : "");
    plot_lines(s, 0, MAE, c);
    canvas_panel(c, 1, 2);
    if (isfinite(mae))
        fprintf(c->f,
                "set arrow from first %zu, graph 0 to first %zu, graph 1 "
                "nohead lc rgb '#444444' dt 2 back\n",
                at + 1, at + 1);
    fputs("unset logscale y\nset ylabel 'mean error, W'\nset xlabel 'epoch'\n"
          "set format x '%g'\n",
          c->f);
    plot_lines(s, MAE, MAE + 1, c);
    fputs("unset multiplot\n", c->f);
    return 0;
}
