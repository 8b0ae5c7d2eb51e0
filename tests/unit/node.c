#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/node.h"
#include "formats/config.h"

static struct node *tree(const char *text)
{
    struct node *root;
    struct err e;

    assert_int_equal(config_parse(&root, "t.yaml", text, strlen(text), &e), 0);
    return root;
}

static void get_finds_values_and_nothing_else(void **state)
{
    struct node *root = tree("a: 1\nb:\n  c: two\nl: [x, y]\n");
    const struct node *list = node_get(root, "l");

    (void)state;
    assert_string_equal(node_get(root, "a")->text, "1");
    assert_string_equal(node_get(node_get(root, "b"), "c")->text, "two");
    assert_int_equal(node_get(node_get(root, "b"), "c")->line, 3);
    assert_int_equal(list->n, 2);
    assert_string_equal(list->item[1]->text, "y");
    assert_null(node_get(root, "c"));
    assert_null(node_get(list, "x"));
    assert_null(node_get(NULL, "x"));
    node_free(root);
    node_free(NULL);
}

static void typed_values_are_read(void **state)
{
    struct node *root = tree("i: -7\nr: 1e-3\nyes: true\nno: false\nt: word\n");
    const char *text = "default";
    int64_t i = 3;
    double r = 3;
    bool b = false;
    struct err e;

    (void)state;
    assert_int_equal(node_int(root, "i", -10, 10, &i, &e), 0);
    assert_int_equal(i, -7);
    assert_int_equal(node_real(root, "r", 0, 1, &r, &e), 0);
    assert_true(r == 1e-3);
    assert_int_equal(node_bool(root, "yes", &b, &e), 0);
    assert_true(b);
    assert_int_equal(node_bool(root, "no", &b, &e), 0);
    assert_false(b);
    assert_int_equal(node_text(root, "t", &text, &e), 0);
    assert_string_equal(text, "word");
    node_free(root);
}

static void absent_keys_keep_the_default(void **state)
{
    struct node *root = tree("a: 1\n");
    const char *text = "default";
    int64_t i = 3;
    double r = 4;
    bool b = true;
    struct err e;

    (void)state;
    assert_int_equal(node_int(root, "i", 0, 1, &i, &e), 0);
    assert_int_equal(node_real(root, "r", 0, 1, &r, &e), 0);
    assert_int_equal(node_bool(root, "b", &b, &e), 0);
    assert_int_equal(node_text(root, "t", &text, &e), 0);
    assert_int_equal(i, 3);
    assert_true(r == 4);
    assert_true(b);
    assert_string_equal(text, "default");
    node_free(root);
}

static void wrong_values_are_named(void **state)
{
    struct node *root = tree("a: x\nb: 99999999999999999999\nc: [1]\nd: inf\n"
                             "e: 1.5\nf: \" 5\"\ng: 7\n");
    const char *text;
    int64_t i = 0;
    double r = 0;
    bool b = false;
    struct err e;

    (void)state;
    assert_int_equal(node_int(root, "a", 0, 9, &i, &e), -1);
    assert_string_equal(e.msg, "t.yaml:1: a: 'x' is no whole number");
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(node_int(root, "b", 0, 9, &i, &e), -1);
    assert_int_equal(node_int(root, "c", 0, 9, &i, &e), -1);
    assert_string_equal(e.msg, "t.yaml:3: c: one value is wanted, not a list");
    assert_int_equal(node_int(root, "e", 0, 9, &i, &e), -1);
    assert_int_equal(node_int(root, "f", 0, 9, &i, &e), -1);
    assert_int_equal(node_int(root, "g", 8, 9, &i, &e), -1);
    assert_string_equal(e.msg, "t.yaml:7: g: 7 is not in 8..9");
    assert_int_equal(node_real(root, "d", 0, 9, &r, &e), -1);
    assert_int_equal(node_real(root, "g", 8, 9, &r, &e), -1);
    assert_int_equal(node_bool(root, "g", &b, &e), -1);
    assert_int_equal(node_text(root, "c", &text, &e), -1);
    assert_int_equal(i, 0);
    node_free(root);
}

static void unknown_keys_are_named_with_their_line(void **state)
{
    static const char *const known[] = {"a", "b", NULL};
    static const char *const words[] = {"a", "player", "layers", NULL};
    struct node *root = tree("a: 1\nzz: 2\n");
    struct err e;

    (void)state;
    assert_int_equal(node_check_keys(root, known, &e), -1);
    assert_string_equal(e.msg, "t.yaml:2: unknown key 'zz'; known: a b");
    assert_int_equal(node_check_keys(root->item[0], known, &e), -1);
    node_free(root);
    root = tree("a: 1\nlayres: 2\n");
    assert_int_equal(node_check_keys(root, words, &e), -1);
    assert_string_equal(e.msg, "t.yaml:2: unknown key 'layres'; near: layers; "
                               "known: a player layers");
    node_free(root);
    root = tree("b: 1\n");
    assert_int_equal(node_check_keys(root, known, &e), 0);
    node_free(root);
}

static void control_characters_stay_out_of_messages(void **state)
{
    struct node *root = tree("a: \"x\\e[2J\\ny\"\n");
    int64_t i;
    struct err e;

    (void)state;
    assert_int_equal(node_int(root, "a", 0, 9, &i, &e), -1);
    assert_string_equal(e.msg, "t.yaml:1: a: 'x?[2J?y' is no whole number");
    node_free(root);
}

static void values_are_set_over_the_file(void **state)
{
    struct node *root = tree("a: {b: 1, l: [2], m: {c: x}}\n");
    const struct node *a = node_get(root, "a");
    int64_t i = 0;
    struct err e;

    (void)state;
    assert_int_equal(node_set(root, "a.b=5", &e), 0);
    assert_int_equal(node_int(a, "b", 0, 9, &i, &e), 0);
    assert_int_equal(i, 5);
    assert_int_equal(node_set(root, "a.m.d=", &e), 0);
    assert_string_equal(node_get(node_get(a, "m"), "d")->text, "");
    assert_int_equal(node_set(root, "new=y", &e), 0);
    assert_string_equal(node_get(root, "new")->text, "y");
    assert_int_equal(node_set(root, "a.b=x", &e), 0);
    assert_int_equal(node_int(a, "b", 0, 9, &i, &e), -1);
    assert_string_equal(e.msg, "t.yaml: as set: b: 'x' is no whole number");
    node_free(root);
}

static void what_cannot_be_set_is_refused(void **state)
{
    struct node *root = tree("a: {b: 1, l: [2]}\n"), *list = tree("[1]\n");
    const char *const bad[] = {"",         "a.b",     "=1",      "a.=1",
                               "z.b=1",    ".b=1",    "a.b.c=1", "a.l.0=1",
                               "a..b.c=1", "a.b..=1", "b.a=1",   "aa.b=1"};
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(node_set(root, bad[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
    }
    assert_string_equal(e.msg, "cannot set 'aa.b=1': t.yaml has no map for it");
    assert_int_equal(node_set(root, "a.l=1", &e), -1);
    assert_string_equal(e.msg, "cannot set 'a.l=1': t.yaml:1 is no value");
    assert_int_equal(node_set(list, "a=1", &e), -1);
    assert_int_equal(root->n, 1);
    assert_int_equal(root->item[0]->n, 2);
    node_free(root);
    node_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_finds_values_and_nothing_else),
        cmocka_unit_test(typed_values_are_read),
        cmocka_unit_test(absent_keys_keep_the_default),
        cmocka_unit_test(wrong_values_are_named),
        cmocka_unit_test(unknown_keys_are_named_with_their_line),
        cmocka_unit_test(control_characters_stay_out_of_messages),
        cmocka_unit_test(values_are_set_over_the_file),
        cmocka_unit_test(what_cannot_be_set_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
