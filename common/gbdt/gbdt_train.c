#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/gbdt/gbdt.h"
#include "common/gbdt/library.h"

enum { BLOCK = 16384 }; /* rows that are asked for at a time */

/* Rows on their way into the library's own matrix. */
struct feed {
    const struct xgboost *library;
    const struct gbdt_rows *rows;
    void *proxy;
    float *block; /* (BLOCK, F) */
    size_t at;
};

struct trainer {
    struct xgboost library;
    const struct gbdt_options *options;
    const struct gbdt_rows *train, *valid; /* valid: NULL for none */
    void *train_matrix, *valid_matrix, *booster;
    float *gradient, *hessian; /* (N) of the training rows */
};

/* The library's own words, without the place in its source and its stack. */
static int library_error(const struct xgboost *x, struct err *e)
{
    const char *said = x->XGBGetLastError(), *check = strstr(said, "failed: ");

    if (check)
        said = check + strlen("failed: ");
    return err_set(e, ERR_SYSTEM, "XGBoost %s: %.*s", x->version,
                   (int)strcspn(said, "\n"), said);
}

static void feed_reset(void *arg)
{
    ((struct feed *)arg)->at = 0;
}

/* Returns 1 for a block, 0 at the end, -1 where the library fails. */
static int feed_next(void *arg)
{
    struct feed *f = arg;
    const struct gbdt_rows *rows = f->rows;
    size_t left = rows->N - f->at, n = left < BLOCK ? left : BLOCK;
    char array[160];

    if (n == 0)
        return 0;
    rows->fill(rows->arg, f->at, n, f->block);
    snprintf(array, sizeof array,
             "{\"data\":[%zu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\","
             "\"version\":3}",
             (size_t)f->block, n, rows->F);
    if (f->library->XGProxyDMatrixSetDataDense(f->proxy, array) ||
        f->library->XGDMatrixSetFloatInfo(f->proxy, "label",
                                          rows->label + f->at, n))
        return -1;
    f->at += n;
    return 1;
}

/* reference  a matrix whose bins are taken; NULL: they are found here */
static int make_matrix(const struct trainer *t, const struct gbdt_rows *rows,
                       void *reference, int threads, void **out, struct err *e)
{
    const struct xgboost *x = &t->library;
    size_t block = rows->N < BLOCK ? rows->N : BLOCK;
    struct feed feed = {.library = x, .rows = rows};
    char config[128];
    int rc = -1;

    snprintf(config, sizeof config,
             "{\"missing\":NaN,\"nthread\":%d,\"max_bin\":%d}", threads,
             (int)t->options->bins);
    feed.block = xmalloc_aligned(block * rows->F, sizeof *feed.block);
    if (x->XGProxyDMatrixCreate(&feed.proxy) == 0) {
        rc = x->XGQuantileDMatrixCreateFromCallback(
            &feed, feed.proxy, reference, feed_reset, feed_next, config, out);
        x->XGDMatrixFree(feed.proxy);
    }
    free(feed.block);
    return rc ? library_error(x, e) : 0;
}

/* Training starts from the mean, so that few trees are spent on reaching it. */
static double mean_label(const struct gbdt_rows *rows)
{
    double sum = 0;

    for (size_t i = 0; i < rows->N; i++)
        sum += rows->label[i];
    return sum / (double)rows->N;
}

static int set_parameters(const struct trainer *t, int threads, struct err *e)
{
    const struct gbdt_options *o = t->options;
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"verbosity", 0},
        {"disable_default_eval_metric", 1},
        {"nthread", threads},
        {"seed", (double)(o->seed & INT32_MAX)},
        {"base_score", mean_label(t->train)},
        {"max_depth", (double)o->depth},
        {"max_bin", (double)o->bins},
        {"eta", o->eta},
        {"subsample", o->subsample},
        {"colsample_bytree", o->column_sample},
        {"min_child_weight", o->min_child_weight},
        {"lambda", o->lambda},
    };
    char text[32];

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(text, sizeof text, "%.9g", numbers[i].value);
        if (t->library.XGBoosterSetParam(t->booster, numbers[i].name, text))
            return library_error(&t->library, e);
    }
    return t->library.XGBoosterSetParam(t->booster, "tree_method", "hist")
               ? library_error(&t->library, e)
               : 0;
}

static double loss_of(const struct gbdt_options *o, double error)
{
    double z = error / o->huber_delta;

    if (o->loss == GBDT_MSE)
        return error * error / 2;
    return o->huber_delta * o->huber_delta * (sqrt(1 + z * z) - 1);
}

/*
 * Sums of such numbers are exact in double, as long as they are below 2^33:
 * the same whatever thread adds up which rows.
 */
static float to_grid(double x)
{
    return (float)(rint(x * 0x1p20) * 0x1p-20);
}

/*
 * What the next tree is grown on.  The second derivative of pseudo-Huber all
 * but vanishes far from the label, where a step by it goes anywhere; the weight
 * that makes a parabola touch the loss from above does not, and no step along
 * that overshoots.
 */
static void set_gradient(struct trainer *t, const float *predicted)
{
    double delta = t->options->huber_delta;

    for (size_t i = 0; i < t->train->N; i++) {
        double z = (double)predicted[i] - t->train->label[i], weight = 1;

        if (t->options->loss == GBDT_HUBER)
            weight = 1 / sqrt(1 + z * z / (delta * delta));
        t->gradient[i] = to_grid(z * weight);
        t->hessian[i] = to_grid(weight);
    }
}

/* Predict all rows of a matrix: borrowed, until the next call.  The library
 * keeps what it predicted before: only the newest tree is walked. */
static const float *predict(const struct trainer *t, void *matrix, size_t N,
                            struct err *e)
{
    const uint64_t *shape;
    const float *predicted;
    uint64_t dims;

    if (t->library.XGBoosterPredictFromDMatrix(
            t->booster, matrix,
            "{\"type\":0,\"training\":false,\"iteration_begin\":0,"
            "\"iteration_end\":0,\"strict_shape\":false}",
            &shape, &dims, &predicted)) {
        library_error(&t->library, e);
        return NULL;
    }
    if (dims == 1 && shape[0] == N)
        return predicted;
    err_set(e, ERR_SYSTEM, "XGBoost %s predicts in another shape",
            t->library.version);
    return NULL;
}

static double mean_loss(const struct gbdt_options *o,
                        const struct gbdt_rows *rows, const float *predicted)
{
    double sum = 0;

    for (size_t i = 0; i < rows->N; i++)
        sum += loss_of(o, (double)predicted[i] - rows->label[i]);
    return sum / (double)rows->N;
}

/* How the trees so far do: fills the losses of *r, and the gradient. */
static int look(struct trainer *t, struct gbdt_round *r, struct err *e)
{
    const float *predicted = predict(t, t->train_matrix, t->train->N, e);

    if (!predicted)
        return -1;
    r->train_loss = mean_loss(t->options, t->train, predicted);
    r->valid_loss = NAN;
    set_gradient(t, predicted);
    if (!t->valid)
        return 0;
    predicted = predict(t, t->valid_matrix, t->valid->N, e);
    if (!predicted)
        return -1;
    r->valid_loss = mean_loss(t->options, t->valid, predicted);
    return 0;
}

static int grow_tree(struct trainer *t, struct gbdt_round *r, struct err *e)
{
    if (t->library.XGBoosterBoostOneIter(t->booster, t->train_matrix,
                                         t->gradient, t->hessian, t->train->N))
        return library_error(&t->library, e);
    if (look(t, r, e))
        return -1;
    if (!isfinite(t->valid ? r->valid_loss : r->train_loss))
        return err_set(e, ERR_DATA, "tree %lld: the loss is no longer finite",
                       (long long)r->tree);
    return 0;
}

/* Grow trees until none helps, or the watcher has seen enough; *n of them are
 * worth keeping. */
static int grow(struct trainer *t, gbdt_watch *watch, void *arg, int64_t *n,
                struct err *e)
{
    int64_t patience = t->options->stop_patience;
    struct gbdt_round r = {0};
    double least = HUGE_VAL;
    bool stop = false;

    if (look(t, &r, e))
        return -1;
    while (!stop && r.tree < t->options->trees) {
        r.tree++;
        if (grow_tree(t, &r, e))
            return -1;
        if (!t->valid || r.valid_loss < least) {
            least = r.valid_loss;
            r.best = r.tree;
        }
        stop = (watch && watch(arg, &r)) ||
               (patience && r.tree - r.best >= patience);
    }
    *n = r.best;
    return 0;
}

/* The first n trees: from the library's bytes, as any reader takes them. */
static struct gbdt *take_forest(const struct trainer *t, int64_t n,
                                struct err *e)
{
    const struct xgboost *x = &t->library;
    struct gbdt *g = NULL;
    void *kept = NULL;
    const char *bytes;
    uint64_t size;

    if (x->XGBoosterSlice(t->booster, 0, (int)n, 1, &kept) ||
        x->XGBoosterSaveModelToBuffer(kept, "{\"format\":\"ubj\"}", &size,
                                      &bytes))
        library_error(x, e);
    else
        g = gbdt_from_bytes(bytes, (size_t)size, e);
    if (kept)
        x->XGBoosterFree(kept);
    return g;
}

static int check_rows(const struct gbdt_rows *rows, struct err *e)
{
    if (rows->N == 0)
        return err_set(e, ERR_DATA, "no rows to grow trees on");
    for (size_t i = 0; i < rows->N; i++)
        if (!isfinite(rows->label[i]))
            return err_set(e, ERR_DATA, "the label of row %zu is not finite",
                           i + 1);
    return 0;
}

static int prepare(struct trainer *t, int threads, struct err *e)
{
    const struct xgboost *x = &t->library;
    void *matrices[2];

    if (make_matrix(t, t->train, NULL, threads, &t->train_matrix, e) ||
        (t->valid && make_matrix(t, t->valid, t->train_matrix, threads,
                                 &t->valid_matrix, e)))
        return -1;
    matrices[0] = t->train_matrix;
    matrices[1] = t->valid_matrix;
    if (x->XGBoosterCreate(matrices, t->valid ? 2 : 1, &t->booster))
        return library_error(x, e);
    return set_parameters(t, threads, e);
}

struct gbdt *gbdt_train(const struct gbdt_options *o,
                        const struct gbdt_rows *train,
                        const struct gbdt_rows *valid, int threads,
                        gbdt_watch *watch, void *arg, struct err *e)
{
    struct trainer t = {.options = o, .train = train, .valid = valid};
    struct gbdt *g = NULL;
    int64_t n;

    if (valid && valid->N == 0)
        t.valid = NULL;
    if (check_rows(train, e) || (t.valid && check_rows(valid, e)) ||
        xgboost_load(&t.library, e))
        return NULL;
    t.gradient = xmalloc_aligned(train->N, sizeof *t.gradient);
    t.hessian = xmalloc_aligned(train->N, sizeof *t.hessian);
    if (prepare(&t, threads, e) == 0 && grow(&t, watch, arg, &n, e) == 0)
        g = take_forest(&t, n, e);
    if (t.booster)
        t.library.XGBoosterFree(t.booster);
    if (t.valid_matrix)
        t.library.XGDMatrixFree(t.valid_matrix);
    if (t.train_matrix)
        t.library.XGDMatrixFree(t.train_matrix);
    free(t.gradient);
    free(t.hessian);
    return g;
}

int gbdt_library(char *version, size_t size, struct err *e)
{
    struct xgboost x;

    if (xgboost_load(&x, e))
        return -1;
    snprintf(version, size, "%s", x.version);
    return 0;
}
