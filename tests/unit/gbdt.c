/* Boosted trees: what is read of XGBoost's bytes, and of a configuration. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/gbdt/gbdt.h"
#include "formats/config.h"

enum { F = 3 };

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
        cmocka_unit_test(options_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
