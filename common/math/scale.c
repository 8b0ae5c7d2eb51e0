#include "common/math/scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

static const char *const names[] = {"none", "minmax", "zscore"};

int scale_kind_parse(const char *name, enum scale_kind *kind, struct err *e)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *kind = (enum scale_kind)i;
            return 0;
        }
    return err_set(e, ERR_DATA,
                   "no scaling is called '%.100s'; there are none, minmax, "
                   "zscore",
                   name);
}

void scale_init(struct scale *s, enum scale_kind kind, size_t D)
{
    s->kind = kind;
    s->D = D;
    s->offset = xcalloc(D, sizeof *s->offset);
    s->factor = xcalloc(D, sizeof *s->factor);
    for (size_t j = 0; j < D; j++)
        s->factor[j] = 1;
}

void scale_release(struct scale *s)
{
    free(s->offset);
    free(s->factor);
    memset(s, 0, sizeof *s);
}

/* What is known of one column. */
struct column {
    double min, max, mean, squares; /* squares: of deviations (Welford) */
};

static void column_add(struct column *c, double x, size_t n)
{
    double delta = x - c->mean;

    c->min = n == 1 || x < c->min ? x : c->min;
    c->max = n == 1 || x > c->max ? x : c->max;
    c->mean += delta / (double)n;
    c->squares += delta * (x - c->mean);
}

static void set_column(struct scale *s, size_t j, const struct column *c,
                       size_t n)
{
    double width = c->max - c->min;

    if (s->kind == SCALE_ZSCORE)
        width = width > 0 ? sqrt(c->squares / (double)n) : 0;
    s->offset[j] = (float)(s->kind == SCALE_ZSCORE ? c->mean : c->min);
    s->factor[j] = (float)(1 / width);
    if (!isfinite(s->factor[j]) || !isnormal(s->factor[j])) {
        s->offset[j] = (float)c->min;
        s->factor[j] = 1;
    }
}

int scale_fit(struct scale *s, const float *x, size_t T, const uint8_t *use,
              struct err *e)
{
    struct column *column = xcalloc(s->D, sizeof *column);
    size_t n = 0;
    int rc = -1;

    for (size_t t = 0; t < T; t++) {
        if (use && !use[t])
            continue;
        n++;
        for (size_t j = 0; j < s->D; j++) {
            float v = x[t * s->D + j];

            if (!isfinite(v)) {
                err_set(e, ERR_DATA, "row %zu, column %zu: not a finite number",
                        t + 1, j + 1);
                goto out;
            }
            column_add(&column[j], v, n);
        }
    }
    if (n == 0) {
        err_set(e, ERR_DATA, "no rows to fit a scaling to");
        goto out;
    }
    for (size_t j = 0; j < s->D && s->kind != SCALE_NONE; j++)
        set_column(s, j, &column[j], n);
    rc = 0;
out:
    free(column);
    return rc;
}

/* Written so that a NaN stays one. */
static float cut(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

void scale_apply(const struct scale *s, float *x, size_t n, bool clip)
{
    clip = clip && s->kind == SCALE_MINMAX;
    for (size_t i = 0; i < n; i++, x += s->D)
        for (size_t j = 0; j < s->D; j++) {
            float v = (x[j] - s->offset[j]) * s->factor[j];

            x[j] = clip ? cut(v) : v;
        }
}

void scale_invert(const struct scale *s, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++, x += s->D)
        for (size_t j = 0; j < s->D; j++)
            x[j] = x[j] / s->factor[j] + s->offset[j];
}
