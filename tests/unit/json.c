#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "formats/config.h"
#include "formats/json.h"

static void is_written_as(const char *yaml, const char *json)
{
    struct node *root = NULL;
    struct err e;
    char *text;

    assert_int_equal(config_parse(&root, "t", yaml, strlen(yaml), &e), 0);
    text = json_of(root);
    assert_string_equal(text, json);
    node_free(root);
    free(text);
}

static void trees_become_json(void **state)
{
    (void)state;
    is_written_as("a: 1\nb: [x, -2.5, true]\nc: {}\nd: []\n",
                  "{\"a\":1,\"b\":[\"x\",-2.5,true],\"c\":{},\"d\":[]}");
    is_written_as("- {type: dense, out: 512}\n- {type: relu}\n",
                  "[{\"type\":\"dense\",\"out\":512},{\"type\":\"relu\"}]");
}

/* What JSON would not take as a number is a string. */
static void only_json_numbers_are_numbers(void **state)
{
    (void)state;
    is_written_as("[0, -0, 10, 1e-3, 5.0e+4, 0.25]",
                  "[0,-0,10,1e-3,5.0e+4,0.25]");
    is_written_as("[01, .5, 1., 1.e5, +1, 0x10, inf, nan, -, 1e, 1 2, '']",
                  "[\"01\",\".5\",\"1.\",\"1.e5\",\"+1\",\"0x10\",\"inf\","
                  "\"nan\",\"-\",\"1e\",\"1 2\",\"\"]");
}

static void it_is_read_back(void **state)
{
    static const char yaml[] = "a: \"q\\\" b\\\\ n\\n t\\t \\u00fc \\u2028\"";
    struct node *root = NULL, *again = NULL;
    struct err e;
    char *text;

    (void)state;
    assert_int_equal(config_parse(&root, "t", yaml, strlen(yaml), &e), 0);
    text = json_of(root);
    assert_int_equal(config_parse(&again, "t", text, strlen(text), &e), 0);
    assert_string_equal(node_get(root, "a")->text, node_get(again, "a")->text);
    node_free(root);
    node_free(again);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_become_json),
        cmocka_unit_test(only_json_numbers_are_numbers),
        cmocka_unit_test(it_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
