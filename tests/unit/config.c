#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "formats/config.h"

static struct err e;

static int parse(const char *text, size_t len)
{
    struct node *root;
    int rc = config_parse(&root, "t.yaml", text, len, &e);

    assert_true(rc == 0 ? root != NULL : root == NULL);
    node_free(root);
    return rc;
}

static void refused(const char *text, const char *message)
{
    assert_int_equal(parse(text, strlen(text)), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_string_equal(e.msg, message);
}

static void yaml_and_json_are_read(void **state)
{
    static const char json[] = "{\"a\": [1, 2.5, \"x\"], \"b\": {\"c\": true}}";
    struct node *root;

    (void)state;
    assert_int_equal(parse("a: 1 # comment\nb: [1, 2]\n", 25), 0);
    assert_int_equal(config_parse(&root, "j", json, strlen(json), &e), 0);
    assert_int_equal(root->kind, NODE_MAP);
    assert_string_equal(node_get(root, "a")->item[2]->text, "x");
    assert_string_equal(node_get(node_get(root, "b"), "c")->text, "true");
    node_free(root);
}

static void a_byte_order_mark_is_skipped(void **state)
{
    struct node *root;

    (void)state;
    assert_int_equal(config_parse(&root, "t",
                                  "\xef\xbb\xbf"
                                  "a: 1",
                                  7, &e),
                     0);
    assert_non_null(node_get(root, "a"));
    node_free(root);
}

static void bad_documents_are_refused_with_their_line(void **state)
{
    (void)state;
    refused("", "t.yaml:1: empty: keys and values are wanted");
    refused("a: 1\nb: 2\na: 3\n",
            "t.yaml:3: 'a' is here twice, first in line 1");
    refused("a: &x 1\nb: *x\n", "t.yaml:1: anchors (&name) are not taken; "
                                "write the value again");
    refused("a: 1\nb: *x\n", "t.yaml:2: aliases (*name) are not taken; "
                             "write the value again");
    refused("a: 1\n---\nb: 1\n",
            "t.yaml:2: a second document; one file holds one");
    refused("a: 1\nb: !!int 2\n",
            "t.yaml:2: tags (!name) are not taken; leave it out");
    refused("? [a, b]\n: 1\n", "t.yaml:1: a key must be one word");
    refused("a: 1\nb: \"x\\0y\"\n", "t.yaml:2: a NUL character in a text");
    refused("a:\n\tb: 1\n", "t.yaml:2: found character that cannot start any "
                            "token");
    refused("a: 1\nb: \xff\xfe\n", "t.yaml:2: invalid leading UTF-8 octet");
    refused("a: 1\nb: \x01\n", "t.yaml:2: control characters are not allowed");
    refused("a: [1, 2\n", "t.yaml:2: did not find expected ',' or ']'");
    assert_int_equal(parse("a: 1\nb\0: 2", 11), -1);
}

static void hostile_sizes_are_refused(void **state)
{
    size_t n = CONFIG_MAX_NODES + 10;
    char *text = xmalloc(CONFIG_MAX_TEXT + 2);

    (void)state;
    memset(text, '[', 100);
    assert_int_equal(parse(text, 100), -1);
    assert_string_equal(e.msg, "t.yaml:1: nested deeper than 64");
    memset(text, '-', 1 << 20);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 4 * i, "- x\n", 4);
    assert_int_equal(parse(text, 4 * n), -1);
    assert_string_equal(e.msg, "t.yaml:100000: more than 100000 values");
    memset(text, 'x', CONFIG_MAX_TEXT + 1);
    assert_int_equal(parse(text, CONFIG_MAX_TEXT + 1), -1);
    assert_string_equal(e.msg, "t.yaml: larger than 16 MiB");
    assert_int_equal(parse(text, CONFIG_MAX_TEXT), 0);
    free(text);
}

static void files_are_read_up_to_their_limit(void **state)
{
    char path[] = "/tmp/rapl-config.XXXXXX";
    int fd = mkstemp(path);
    struct node *root;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 1\n", 5), 5);
    assert_int_equal(config_read(&root, path, &e), 0);
    assert_string_equal(root->file, path);
    node_free(root);
    assert_int_equal(ftruncate(fd, CONFIG_MAX_FILE + 1), 0);
    assert_int_equal(config_read(&root, path, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_null(root);
    close(fd);
    unlink(path);
    assert_int_equal(config_read(&root, path, &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_int_equal(config_read(&root, "/", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
}

struct settings {
    struct cli_common common;
    int64_t epochs;
    double rate;
    struct strings labels;
};

static int apply(const char *text, struct settings *s, bool epochs_given)
{
    static const char *const others[] = {"model", NULL};
    struct opt opts[] = {
        {OPT_INT, 0, "epochs", &s->epochs, "N", "", 1, 9, 0, epochs_given},
        {OPT_REAL, 0, "rate", &s->rate, "X", "", 0, 0, 0, 0},
        {OPT_STRINGS, 'l', "label", &s->labels, "K=V", "", 0, 0, 0, 0},
        CLI_COMMON(&s->common),
    };
    struct cli cli = {.name = "rapl-test", .opts = opts};
    struct node *root;
    int rc;

    assert_int_equal(config_parse(&root, "t.yaml", text, strlen(text), &e), 0);
    rc = config_options(root, &cli, others, &e);
    node_free(root);
    if (s->common.output) /* a text outlives the file */
        assert_string_equal(s->common.output, "x.out");
    s->common.output = NULL;
    cli_release(&cli);
    return rc;
}

static void options_come_from_the_file(void **state)
{
    struct settings s = {.epochs = 5};

    (void)state;
    assert_int_equal(apply("epochs: 3\nrate: .5\nlabel: [a=1, b=2]\n"
                           "output: x.out\nmodel: {family: v3}\n",
                           &s, false),
                     0);
    assert_int_equal(s.epochs, 3);
    assert_true(s.rate == .5);
    assert_int_equal(s.labels.n, 2);
    assert_string_equal(s.labels.at[1], "b=2");
    strings_release(&s.labels);
}

static void the_command_line_beats_the_file(void **state)
{
    struct settings s = {.epochs = 5};

    (void)state;
    assert_int_equal(apply("epochs: 3\n", &s, true), 0);
    assert_int_equal(s.epochs, 5);
}

static void bad_options_are_named_with_their_line(void **state)
{
    struct settings s = {.epochs = 5};

    (void)state;
    assert_int_equal(apply("rate: 1\nepoch: 3\n", &s, false), -1);
    assert_string_equal(e.msg, "t.yaml:2: unknown key 'epoch'; near: "
                               "epochs; rapl-test --help lists the options");
    assert_int_equal(apply("rate: 1\nepochs: 33\n", &s, false), -1);
    assert_string_equal(e.msg, "t.yaml:2: --epochs: 33 is not in 1..9");
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(apply("epochs: [1]\n", &s, false), -1);
    assert_int_equal(apply("config: x\n", &s, false), -1);
    assert_int_equal(apply("- epochs\n", &s, false), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_and_json_are_read),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(bad_documents_are_refused_with_their_line),
        cmocka_unit_test(hostile_sizes_are_refused),
        cmocka_unit_test(files_are_read_up_to_their_limit),
        cmocka_unit_test(options_come_from_the_file),
        cmocka_unit_test(the_command_line_beats_the_file),
        cmocka_unit_test(bad_options_are_named_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
