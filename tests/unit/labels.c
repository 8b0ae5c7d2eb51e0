/* Labels and lists of strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/labels.h"

static void a_label_is_set_replaced_and_removed(void **state)
{
    struct labels ls = {0};

    (void)state;
    labels_set(&ls, "run", "a");
    labels_setf(&ls, "cpus", "%d", 4);
    labels_set(&ls, "run", "b");
    assert_int_equal(ls.n, 2);
    assert_string_equal(labels_get(&ls, "run"), "b");
    labels_remove(&ls, "run");
    labels_remove(&ls, "run");
    assert_null(labels_get(&ls, "run"));
    assert_string_equal(labels_get_or(&ls, "run", "none"), "none");
    assert_string_equal(labels_get_or(&ls, "cpus", "none"), "4");
    labels_release(&ls);
}

static void merging_takes_what_begins_so(void **state)
{
    struct labels from = {0}, to = {0};

    (void)state;
    labels_set(&from, "score.mae", "1");
    labels_set(&from, "score.r2", "2");
    labels_set(&from, "split", "run");
    labels_set(&to, "score.r2", "old");
    labels_merge(&to, &from, "score.");
    assert_int_equal(to.n, 2);
    assert_string_equal(labels_get(&to, "score.r2"), "2");
    labels_merge(&to, &from, "");
    assert_int_equal(to.n, 3);
    labels_release(&from);
    labels_release(&to);
}

static void what_was_split_is_joined_again(void **state)
{
    static const char *const texts[] = {"", ",", "a", "a,b", ",a,,b,"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct strings ss = {0};
        char *text;

        strings_split(&ss, texts[i], ',');
        text = strings_join(&ss, ",");
        assert_string_equal(text, texts[i]);
        free(text);
        strings_release(&ss);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_set_replaced_and_removed),
        cmocka_unit_test(merging_takes_what_begins_so),
        cmocka_unit_test(what_was_split_is_joined_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
