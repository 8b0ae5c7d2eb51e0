/*
 * Growing trees, and the same trees whatever the number of threads.  Skipped,
 * loudly, where XGBoost is not installed.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/gbdt/gbdt.h"

enum { F = 3, N = 4000 };

static struct err e;

/* Rows of an array. */
struct table {
    float x[N][F], y[N];
};

static void fill(void *arg, size_t at, size_t n, float *out)
{
    const struct table *t = arg;

    memcpy(out, t->x[at], n * sizeof *t->x);
}

/* Fewer values than bins: a split can be exactly where the step is. */
static struct table *step_table(uint64_t seed)
{
    struct table *t = xmalloc(sizeof *t);

    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < F; k++)
            t->x[i][k] = (float)(rng_at(seed, k, i) % 100) / 100;
        t->y[i] = t->x[i][0] > .5f ? 30 : 10;
        t->y[i] += t->x[i][1] > .25f ? 7 : 0;
    }
    return t;
}

static struct gbdt_rows rows_of(struct table *t, size_t n)
{
    return (struct gbdt_rows){
        .N = n, .F = F, .label = t->y, .fill = fill, .arg = t};
}

static struct gbdt_options quick(void)
{
    struct gbdt_options o;

    gbdt_options_init(&o);
    o.trees = 60;
    o.eta = .3;
    o.depth = 3;
    o.column_sample = 1;
    return o;
}

static void steps_are_learnt(void **state)
{
    struct table *t = step_table(1), *unseen = step_table(2);
    struct gbdt_rows rows = rows_of(t, N);
    struct gbdt_options o = quick();
    float watts[N];
    struct gbdt *g;

    (void)state;
    for (o.loss = GBDT_MSE; o.loss <= GBDT_HUBER; o.loss++) {
        g = gbdt_train(&o, &rows, NULL, 1, NULL, NULL, &e);
        assert_non_null(g);
        assert_int_equal(gbdt_trees(g), o.trees);
        gbdt_predict(g, unseen->x[0], N, watts);
        for (size_t i = 0; i < N; i++)
            assert_true(fabsf(watts[i] - unseen->y[i]) < .1f);
        gbdt_free(g);
    }
    free(unseen);
    free(t);
}

static bool keep_last(void *arg, const struct gbdt_round *r)
{
    *(struct gbdt_round *)arg = *r;
    return false;
}

/* The loss that training reports is that of the forest as we walk it. */
static void we_walk_as_the_library_does(void **state)
{
    struct table *t = step_table(1), *held = step_table(3);
    struct gbdt_rows rows = rows_of(t, N), valid = rows_of(held, N / 2);
    struct gbdt_options o = quick();
    struct gbdt_round last;
    float watts[N / 2];
    double sum = 0;
    struct gbdt *g;

    (void)state;
    o.trees = 8;
    g = gbdt_train(&o, &rows, &valid, 2, keep_last, &last, &e);
    assert_non_null(g);
    assert_int_equal(last.tree, 8);
    assert_int_equal(last.best, 8);
    gbdt_predict(g, held->x[0], N / 2, watts);
    for (size_t i = 0; i < N / 2; i++)
        sum += pow(watts[i] - held->y[i], 2) / 2;
    assert_true(fabs(sum / (N / 2) - last.valid_loss) < 1e-4 * last.valid_loss);
    gbdt_free(g);
    free(held);
    free(t);
}

static void training_stops_where_trees_no_longer_help(void **state)
{
    struct table *t = step_table(1), *held = step_table(3);
    struct gbdt_rows rows = rows_of(t, 200), valid = rows_of(held, 200);
    struct gbdt_options o = quick();
    struct gbdt_round last;
    struct gbdt *g;

    (void)state;
    for (size_t i = 0; i < 200; i++) /* noise, to overfit to */
        t->y[i] += (float)rng_unit(rng_at(9, 9, i)) * 20;
    o.trees = 1000;
    o.depth = 8;
    o.min_child_weight = 1;
    o.stop_patience = 5;
    g = gbdt_train(&o, &rows, &valid, 1, keep_last, &last, &e);
    assert_non_null(g);
    assert_true(last.tree < 1000);
    assert_int_equal(last.tree, last.best + 5);
    assert_int_equal(gbdt_trees(g), last.best);
    gbdt_free(g);
    free(held);
    free(t);
}

static bool stop_at_3(void *arg, const struct gbdt_round *r)
{
    (void)arg;
    return r->tree == 3;
}

static void a_watcher_can_end_it(void **state)
{
    struct table *t = step_table(1);
    struct gbdt_rows rows = rows_of(t, N);
    struct gbdt_options o = quick();
    struct gbdt *g;

    (void)state;
    g = gbdt_train(&o, &rows, NULL, 1, stop_at_3, NULL, &e);
    assert_non_null(g);
    assert_int_equal(gbdt_trees(g), 3);
    gbdt_free(g);
    free(t);
}

static struct gbdt *noisy_forest(enum gbdt_loss loss, int threads)
{
    struct table *t = step_table(1);
    struct gbdt_rows rows = rows_of(t, N - 500);
    struct gbdt_rows valid = {.N = 500, .F = F, .label = t->y, .fill = fill};
    struct gbdt_options o = quick();
    struct gbdt *g;

    for (size_t i = 0; i < N; i++)
        t->y[i] += (float)rng_unit(rng_at(5, 5, i)) * 3;
    valid.arg = t;
    o.loss = loss;
    o.subsample = .7;
    o.column_sample = .7;
    o.depth = 6;
    g = gbdt_train(&o, &rows, &valid, threads, NULL, NULL, &e);
    assert_non_null(g);
    free(t);
    return g;
}

static void any_number_of_threads_grows_the_same_bytes(void **state)
{
    const void *want, *got;
    size_t n, m;

    (void)state;
    for (enum gbdt_loss loss = GBDT_MSE; loss <= GBDT_HUBER; loss++) {
        struct gbdt *one = noisy_forest(loss, 1);

        want = gbdt_bytes(one, &n);
        for (int threads = 1; threads <= 3; threads++) {
            struct gbdt *more = noisy_forest(loss, threads);

            got = gbdt_bytes(more, &m);
            assert_int_equal(n, m);
            assert_memory_equal(want, got, n);
            gbdt_free(more);
        }
        gbdt_free(one);
    }
}

static void rows_that_cannot_be_learnt_from_are_refused(void **state)
{
    struct table *t = step_table(1);
    struct gbdt_rows rows = rows_of(t, 0);
    struct gbdt_options o = quick();

    (void)state;
    assert_null(gbdt_train(&o, &rows, NULL, 1, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_DATA);
    rows.N = 10;
    t->y[4] = NAN;
    assert_null(gbdt_train(&o, &rows, NULL, 1, NULL, NULL, &e));
    assert_string_equal(e.msg, "the label of row 5 is not finite");
    free(t);
}

/* Reading options keeps these out; whoever does not is told. */
static void the_librarys_own_errors_come_through(void **state)
{
    struct table *t = step_table(1);
    struct gbdt_rows rows = rows_of(t, N);
    struct gbdt_options o = quick();

    (void)state;
    o.subsample = -1;
    assert_null(gbdt_train(&o, &rows, NULL, 1, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_non_null(strstr(e.msg, "subsample"));
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_learnt),
        cmocka_unit_test(we_walk_as_the_library_does),
        cmocka_unit_test(training_stops_where_trees_no_longer_help),
        cmocka_unit_test(a_watcher_can_end_it),
        cmocka_unit_test(any_number_of_threads_grows_the_same_bytes),
        cmocka_unit_test(rows_that_cannot_be_learnt_from_are_refused),
        cmocka_unit_test(the_librarys_own_errors_come_through),
    };
    char version[32];

    if (gbdt_library(version, sizeof version, &e) == 0)
        return cmocka_run_group_tests(tests, NULL, NULL);
    printf("1..0 # SKIP %s\n", e.msg);
    fprintf(stderr, "# SKIPPED: %s\n", e.msg);
    return 0;
}
