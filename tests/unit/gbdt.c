/*
 * Boosted trees: what is read of XGBoost's bytes, and what it learns where the
 * library is here.
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
#include "formats/config.h"

enum { F = 3, N = 4000 };

static struct err e;

static void *slurp(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *bytes = xmalloc(1 << 16);

    if (!f)
        fail_msg("%s: run this in the checkout", path);
    *n = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    return bytes;
}

static void predicts_as(const char *version)
{
    char *path = xasprintf("tests/golden/gbdt-%s.ubj", version);
    size_t n, rows = 0;
    void *bytes = slurp(path, &n);
    struct gbdt *g = gbdt_from_bytes(bytes, n, &e);
    char *text = xasprintf("tests/golden/gbdt-%s.txt", version);
    FILE *f = fopen(text, "r");
    float x[F], want, got;

    assert_non_null(g);
    assert_non_null(f);
    assert_int_equal(gbdt_columns(g), F);
    assert_int_equal(gbdt_trees(g), 5);
    while (fscanf(f, "%f %f %f %f", &x[0], &x[1], &x[2], &want) == 4) {
        gbdt_predict(g, x, 1, &got);
        assert_true(fabsf(got - want) < 1e-5f);
        rows++;
    }
    assert_int_equal(rows, 40);
    fclose(f);
    gbdt_free(g);
    free(text);
    free(bytes);
    free(path);
}

static void bytes_of_any_version_predict_as_it_does(void **state)
{
    (void)state;
    predicts_as("1.7");
    predicts_as("3.2");
}

static void bytes_come_back(void **state)
{
    size_t n, m;
    void *bytes = slurp("tests/golden/gbdt-1.7.ubj", &n);
    struct gbdt *g = gbdt_from_bytes(bytes, n, &e);
    const void *kept;

    (void)state;
    assert_non_null(g);
    kept = gbdt_bytes(g, &m);
    assert_int_equal(n, m);
    assert_memory_equal(kept, bytes, n);
    gbdt_free(g);
    gbdt_free(NULL);
    free(bytes);
}

/* Cut anywhere, it is refused; with any byte changed, it is refused or is
 * another forest that can be walked. */
static void damaged_bytes_are_refused(void **state)
{
    float x[F] = {50, 50, NAN}, watts;
    size_t n, refused = 0;
    uint8_t *bytes = slurp("tests/golden/gbdt-1.7.ubj", &n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_null(gbdt_from_bytes(bytes, i, &e));
        assert_int_equal(e.code, ERR_DATA);
    }
    for (size_t i = 0; i < n; i++) {
        struct gbdt *g;

        bytes[i] ^= 0x41;
        g = gbdt_from_bytes(bytes, n, &e);
        refused += !g;
        if (g && gbdt_columns(g) == F)
            gbdt_predict(g, x, 1, &watts);
        gbdt_free(g);
        bytes[i] ^= 0x41;
    }
    assert_true(refused > n / 10);
    free(bytes);
}

/* Put four bytes in the array of that name: its first number becomes v. */
static void first_number(uint8_t *bytes, size_t n, const char *name, int v)
{
    uint8_t *at = memmem(bytes, n, name, strlen(name));

    assert_non_null(at);
    /* name [ $ l # L and a count of eight bytes */
    at += strlen(name) + 5 + 8;
    memcpy(at, (uint8_t[]){0, 0, 0, (uint8_t)v}, 4);
}

static void refuses(const char *array, int v, const char *says)
{
    size_t n;
    uint8_t *bytes = slurp("tests/golden/gbdt-1.7.ubj", &n);

    first_number(bytes, n, array, v);
    assert_null(gbdt_from_bytes(bytes, n, &e));
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.msg, says));
    free(bytes);
}

static void nodes_that_form_no_tree_are_refused(void **state)
{
    (void)state;
    refuses("left_children", 0, "tree 1: its nodes form no tree"); /* a loop */
    refuses("right_children", 200, "form no tree");
    refuses("split_indices", F, "over 3 columns");
}

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

static void need_library(void)
{
    char version[32];

    if (gbdt_library(version, sizeof version, &e) == 0)
        return;
    print_message("# SKIPPED: %s\n", e.msg);
    skip();
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
    need_library();
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
    need_library();
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
    need_library();
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
    need_library();
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
    need_library();
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
    need_library();
    o.subsample = -1;
    assert_null(gbdt_train(&o, &rows, NULL, 1, NULL, NULL, &e));
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_non_null(strstr(e.msg, "subsample"));
    free(t);
}

static int options_in(struct gbdt_options *o, const char *text)
{
    struct node *root;
    int rc;

    assert_int_equal(config_parse(&root, "t.yaml", text, strlen(text), &e), 0);
    gbdt_options_init(o);
    rc = gbdt_options_read(o, root, &e);
    node_free(root);
    return rc;
}

static void options_are_read(void **state)
{
    struct gbdt_options o;

    (void)state;
    assert_int_equal(options_in(&o, "trees: 7\ndepth: 3\neta: 0.5\n"
                                    "loss: huber\nhuber_delta: 2\n"),
                     0);
    assert_int_equal(o.trees, 7);
    assert_int_equal(o.depth, 3);
    assert_true(o.eta == .5 && o.huber_delta == 2 && o.loss == GBDT_HUBER);
    assert_int_equal(options_in(&o, "trees: 7\nloss: mae\n"), -1);
    assert_string_equal(e.msg, "t.yaml:2: trees know no loss 'mae'; there "
                               "are: mse, huber");
    assert_int_equal(options_in(&o, "huber_delta: 2\n"), -1);
    assert_string_equal(e.msg,
                        "t.yaml:1: huber_delta is for loss huber, not mse");
    assert_int_equal(options_in(&o, "eta: 0\n"), -1);
    assert_non_null(strstr(e.msg, "t.yaml:1: eta"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_any_version_predict_as_it_does),
        cmocka_unit_test(bytes_come_back),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(nodes_that_form_no_tree_are_refused),
        cmocka_unit_test(steps_are_learnt),
        cmocka_unit_test(we_walk_as_the_library_does),
        cmocka_unit_test(training_stops_where_trees_no_longer_help),
        cmocka_unit_test(a_watcher_can_end_it),
        cmocka_unit_test(any_number_of_threads_grows_the_same_bytes),
        cmocka_unit_test(rows_that_cannot_be_learnt_from_are_refused),
        cmocka_unit_test(the_librarys_own_errors_come_through),
        cmocka_unit_test(options_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
