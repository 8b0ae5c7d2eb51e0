#include "common/plot/scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/lines.h"

void scores_release(struct scores *s)
{
    strings_release(&s->columns);
    strings_release(&s->cells);
    memset(s, 0, sizeof *s);
}

/* The line, without its end, cut at its tabs. */
static void cut_line(struct strings *out, const char *text, size_t len)
{
    char *line = xstrndup(text, len);

    strings_split(out, line, '\t');
    free(line);
}

static int add_line(struct scores *s, const struct lines *l, const char *text,
                    size_t len, struct err *e)
{
    size_t C = s->columns.n, was = s->cells.n;
    unsigned long long at = lines_number(l);

    if (memchr(text, '\0', len) || lines_cut(l))
        return err_set(e, ERR_DATA,
                       "%s: line %llu: this is no table of text; rapl-score "
                       "--format tsv and rapl-train --history write one",
                       lines_name(l), at);
    if (C == 0) {
        cut_line(&s->columns, text, len);
        return s->columns.n <= SCORES_COLUMNS
                   ? 0
                   : err_set(e, ERR_DATA, "%s: more than %d columns",
                             lines_name(l), SCORES_COLUMNS);
    }
    if (s->n == SCORES_ROWS || was + C > SCORES_CELLS)
        return err_set(e, ERR_DATA, "%s: line %llu: more than a picture shows",
                       lines_name(l), at);
    cut_line(&s->cells, text, len);
    s->n++;
    return s->cells.n - was == C
               ? 0
               : err_set(e, ERR_DATA,
                         "%s: line %llu: %zu fields, and the first line names "
                         "%zu",
                         lines_name(l), at, s->cells.n - was, C);
}

int scores_read(struct scores *s, const char *path, struct err *e)
{
    struct lines *l = NULL;
    char *text;
    size_t len;
    int rc = lines_open(&l, path, e);

    while (rc >= 0 && (rc = lines_next(l, &text, &len, e)) > 0)
        if (len > 0)
            rc = add_line(s, l, text, len, e);
    lines_close(l);
    return rc;
}

int scores_of_checkpoint(struct scores *s, const char *path, struct err *e)
{
    static const char *const names[] = {"epoch", "train_loss", "valid_loss",
                                        "valid_mae_w", "lr"};
    struct checkpoint c = {0};
    const struct checkpoint_tensor *t;
    int rc = checkpoint_read(&c, path, e);

    if (rc < 0)
        return -1;
    t = checkpoint_find(&c, "train.history");
    if (!t || t->dtype != CHECKPOINT_F64 || t->n_dims != 2 ||
        t->shape[1] < HISTORY_COLUMNS || t->shape[0] > SCORES_ROWS)
        rc = err_set(e, ERR_DATA,
                     "%s: it carries no history of a training, as those of "
                     "networks do",
                     path);
    for (size_t i = 0; rc == 0 && i < 5; i++)
        strings_add(&s->columns, names[i]);
    for (; rc == 0 && s->n < t->shape[0]; s->n++)
        for (size_t j = 0; j < 5; j++) {
            const double *row = (const double *)t->data + s->n * t->shape[1];
            char *cell =
                j ? xasprintf("%.9g", row[j - 1]) : xasprintf("%zu", s->n + 1);

            strings_add(&s->cells, cell);
            free(cell);
        }
    checkpoint_release(&c);
    return rc;
}

const char *scores_cell(const struct scores *s, size_t row, const char *column)
{
    int at = strings_find(&s->columns, column);

    return at < 0 ? NULL : s->cells.at[row * s->columns.n + (size_t)at];
}

double scores_number(const struct scores *s, size_t row, const char *column)
{
    const char *text = scores_cell(s, row, column);
    char *end;
    double v;

    if (!text || !*text)
        return NAN;
    v = strtod(text, &end);
    return *end ? NAN : v;
}
