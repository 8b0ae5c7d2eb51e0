#include "common/math/additive.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"

/* The penalty on the square of a step, in rows: what few rows say of a bin
 * counts little. */
static const double RIDGE_ROWS = 10;

/*
 * P bins of all features together.  A row is P indicators, D of them 1, so
 * that the normal equations of a fold are counts; those of the rows outside
 * it are the total less its own.
 */
struct fold {
    double n, y, y2; /* rows; sums of y and of its square, about `centre` */
    uint32_t *count; // (P, P) rows in both bins
    double *sum;     // (P) of y in the bin
};

struct additive {
    const uint8_t *code;
    const float *y;
    const uint32_t *of_row;
    size_t T, D, P, n_folds;
    size_t *offset; // (D + 1) a feature's first bin
    double centre;
    struct fold *fold; // (n_folds)
    struct fold total;
    struct pool *pool;
};

static void fold_init(struct fold *f, size_t P)
{
    f->count = xcalloc(P * P, sizeof *f->count);
    f->sum = xcalloc(P, sizeof *f->sum);
}

static void fold_release(struct fold *f)
{
    free(f->count);
    free(f->sum);
}

static void add_row(const struct additive *a, struct fold *f, size_t row)
{
    const uint8_t *code = a->code + row * a->D;
    double y = (double)a->y[row] - a->centre;

    f->n++;
    f->y += y;
    f->y2 += y * y;
    for (size_t i = 0; i < a->D; i++) {
        size_t at = a->offset[i] + code[i];

        f->sum[at] += y;
        for (size_t j = 0; j < a->D; j++)
            f->count[at * a->P + a->offset[j] + code[j]]++;
    }
}

static void fill_fold(void *arg, size_t i, int thread)
{
    struct additive *a = arg;

    (void)thread;
    fold_init(&a->fold[i], a->P);
    for (size_t row = 0; row < a->T; row++)
        if (a->of_row[row] == i)
            add_row(a, &a->fold[i], row);
}

static void add_fold(const struct additive *a, struct fold *to,
                     const struct fold *from)
{
    to->n += from->n;
    to->y += from->y;
    to->y2 += from->y2;
    for (size_t i = 0; i < a->P; i++)
        to->sum[i] += from->sum[i];
    for (size_t i = 0; i < a->P * a->P; i++)
        to->count[i] += from->count[i];
}

struct additive *additive_new(const uint8_t *code, const uint16_t *n_codes,
                              const float *y, const uint32_t *fold, size_t T,
                              size_t D, size_t n_folds, struct pool *pool)
{
    struct additive *a = xcalloc(1, sizeof *a);

    *a = (struct additive){.code = code,
                           .y = y,
                           .of_row = fold,
                           .T = T,
                           .D = D,
                           .n_folds = n_folds,
                           .pool = pool};
    a->offset = xcalloc(D + 1, sizeof *a->offset);
    for (size_t d = 0; d < D; d++)
        a->offset[d + 1] = a->offset[d] + n_codes[d];
    a->P = a->offset[D];
    for (size_t row = 0; row < T; row++)
        a->centre += (double)y[row] / (double)T;
    a->fold = xcalloc(n_folds, sizeof *a->fold);
    pool_run(pool, n_folds, fill_fold, a);
    fold_init(&a->total, a->P);
    for (size_t i = 0; i < n_folds; i++)
        add_fold(a, &a->total, &a->fold[i]);
    return a;
}

void additive_free(struct additive *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n_folds; i++)
        fold_release(&a->fold[i]);
    fold_release(&a->total);
    free(a->fold);
    free(a->offset);
    free(a);
}

/* ---- scores ---- */

/* Which bins the model may see, and what each fold gave. */
struct held_out {
    const struct additive *a;
    size_t *bin; // (K) of the P
    size_t K;
    double *sse;     // (n_folds)
    struct err *err; // (n_folds)
};

/* The normal equations of the rows outside the fold. */
static void fill_equations(const struct held_out *h, const struct fold *out,
                           double mean, double *gram, double *rhs)
{
    const struct fold *all = &h->a->total;
    size_t P = h->a->P;

    for (size_t i = 0; i < h->K; i++) {
        size_t at = h->bin[i] * P, p = h->bin[i];
        double rows = (double)(all->count[at + p] - out->count[at + p]);

        for (size_t j = 0; j <= i; j++)
            gram[i * h->K + j] = (double)(all->count[at + h->bin[j]] -
                                          out->count[at + h->bin[j]]);
        gram[i * h->K + i] += RIDGE_ROWS;
        rhs[i] = all->sum[p] - out->sum[p] - mean * rows;
    }
}

/* The sum of squared errors over the rows of the fold. */
static double squared_errors(const struct held_out *h, const struct fold *f,
                             double mean, const double *w)
{
    size_t P = h->a->P;
    double sse = f->y2 - 2 * mean * f->y + f->n * mean * mean;

    for (size_t i = 0; i < h->K; i++) {
        size_t p = h->bin[i];
        double rows = (double)f->count[p * P + p], product = 0;

        for (size_t j = 0; j < h->K; j++)
            product += (double)f->count[p * P + h->bin[j]] * w[j];
        sse += w[i] * (product - 2 * (f->sum[p] - mean * rows));
    }
    return sse;
}

static void hold_out(void *arg, size_t i, int thread)
{
    struct held_out *h = arg;
    const struct fold *out = &h->a->fold[i], *all = &h->a->total;
    double *gram, *w, mean;

    (void)thread;
    if (out->n == 0)
        return;
    mean = (all->y - out->y) / (all->n - out->n);
    gram = xcalloc(h->K * h->K + 1, sizeof *gram);
    w = xcalloc(h->K + 1, sizeof *w);
    fill_equations(h, out, mean, gram, w);
    if (h->K == 0 || blas_solve_spd(h->K, gram, w, &h->err[i]) == 0)
        h->sse[i] = squared_errors(h, out, mean, w);
    free(gram);
    free(w);
}

static int sum_up(const struct held_out *h, struct additive_score *out,
                  struct err *e)
{
    const struct additive *a = h->a;
    double sse = 0;

    for (size_t i = 0; i < a->n_folds; i++) {
        if (h->err[i].code != ERR_NONE) {
            *e = h->err[i];
            return -1;
        }
        sse += h->sse[i];
    }
    out->mse = sse / a->total.n;
    out->r2 = a->total.y2 > 0 ? 1 - sse / a->total.y2 : NAN;
    return 0;
}

int additive_held_out(const struct additive *a, const bool *use,
                      struct additive_score *out, struct err *e)
{
    struct held_out h = {.a = a};
    size_t filled = 0;
    int rc;

    for (size_t i = 0; i < a->n_folds; i++)
        filled += a->fold[i].n > 0;
    if (filled < 2)
        return err_set(e, ERR_DATA,
                       "nothing is left to learn from where all "
                       "rows are held out together");
    h.bin = xcalloc(a->P, sizeof *h.bin);
    h.sse = xcalloc(a->n_folds, sizeof *h.sse);
    h.err = xcalloc(a->n_folds, sizeof *h.err);
    for (size_t d = 0; d < a->D; d++)
        for (size_t p = a->offset[d]; p < a->offset[d + 1]; p++)
            if (!use || use[d])
                h.bin[h.K++] = p;
    pool_run(a->pool, a->n_folds, hold_out, &h);
    rc = sum_up(&h, out, e);
    free(h.bin);
    free(h.sse);
    free(h.err);
    return rc;
}
