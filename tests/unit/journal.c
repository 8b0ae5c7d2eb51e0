/* The journal of a sweep: what is written comes back, whatever a crash did. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "formats/journal.h"

static struct err e;
static char dir[64], path[80];

static int begin(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/rapl-journal.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/journal.jsonl", dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void add(const char *event, const char *key, const char *value)
{
    struct labels more = {0};
    struct journal *j;

    if (key)
        labels_set(&more, key, value);
    if (journal_open(&j, path, &e) < 0 || journal_add(j, event, &more, &e) < 0)
        fail_msg("%s", e.msg);
    journal_close(j);
    labels_release(&more);
}

/* Append bytes as they are. */
static void append(const char *bytes)
{
    FILE *f = fopen(path, "a");

    assert_non_null(f);
    fputs(bytes, f);
    assert_int_equal(fclose(f), 0);
}

static struct journal_lines read_all(void)
{
    struct journal_lines lines = {0};

    if (journal_read(&lines, path, &e) < 0)
        fail_msg("%s", e.msg);
    return lines;
}

static void what_is_written_comes_back(void **state)
{
    static const char *const values[] = {
        "plain",        "",        "a \"quoted\" \\ text", "12",  "-0.5",
        "1e400",        "{}",      "tab\tand newline\n",   "yes", "null",
        "# no comment", "\xc3\xa9"};
    size_t n = sizeof values / sizeof *values;
    struct journal_lines lines;

    (void)state;
    for (size_t i = 0; i < n; i++)
        add("run", "why", values[i]);
    lines = read_all();
    assert_int_equal(lines.n, n);
    assert_int_equal(lines.damaged, 0);
    for (size_t i = 0; i < n; i++) {
        const struct labels *l = &lines.at[i];

        assert_int_equal(l->n, 3);
        assert_string_equal(l->at[0].key, "time");
        assert_int_equal(strlen(l->at[0].value), 24);
        assert_string_equal(labels_get(l, "event"), "run");
        assert_string_equal(labels_get(l, "why"), values[i]);
    }
    journal_lines_release(&lines);
}

/* At whatever byte the power fails, all lines before that one are there, and
 * all that come later. */
static void a_cut_costs_one_line(void **state)
{
    static char whole[4096];
    struct journal_lines lines;
    size_t first, size;
    FILE *f;

    (void)state;
    add("start", NULL, NULL);
    f = fopen(path, "r");
    assert_non_null(f);
    first = fread(whole, 1, sizeof whole, f);
    fclose(f);
    add("run", "result", "good");
    f = fopen(path, "r");
    assert_non_null(f);
    size = fread(whole, 1, sizeof whole, f);
    fclose(f);
    for (size_t cut = first; cut < size; cut++) {
        whole[size] = '\0';
        unlink(path);
        f = fopen(path, "w");
        assert_non_null(f);
        fwrite(whole, 1, cut, f);
        fclose(f);
        add("resume", NULL, NULL);
        lines = read_all();
        /* all but the newline was there, or nothing: no line is damaged */
        assert_int_equal(lines.damaged, cut > first && cut < size - 1);
        assert_int_equal(lines.n, 2 + (cut == size - 1));
        assert_string_equal(labels_get(&lines.at[lines.n - 1], "event"),
                            "resume");
        journal_lines_release(&lines);
    }
}

static void what_is_no_entry_is_counted(void **state)
{
    static const char *const damaged[] = {"x",
                                          "{",
                                          "[1,2]",
                                          "{\"a\":[1]}",
                                          "{\"a\":{}}",
                                          "{\"a\" \"b\"",
                                          "\"event\": \"x\"",
                                          "{}"};
    struct journal_lines lines;
    struct labels entry;

    (void)state;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        if (journal_parse(&entry, damaged[i], strlen(damaged[i])) == 0)
            fail_msg("taken: %s", damaged[i]);
        labels_release(&entry);
        append(damaged[i]);
        append("\n\n");
    }
    append("{\"event\":\"good\"}\r\n{\"event\":\"no newline\"}");
    lines = read_all();
    assert_int_equal(lines.damaged, sizeof damaged / sizeof *damaged);
    assert_int_equal(lines.n, 2);
    assert_string_equal(labels_get(&lines.at[0], "event"), "good");
    journal_lines_release(&lines);
}

static void what_cannot_be_written_is_said(void **state)
{
    struct journal *j;

    (void)state;
    assert_int_equal(journal_open(&j, "/dev/full", &e), 0);
    assert_int_equal(journal_add(j, "start", NULL, &e), -1);
    assert_string_equal(e.msg, "/dev/full: No space left on device");
    journal_close(j);
    assert_int_equal(journal_open(&j, "/no/such", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_null(j);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(a_cut_costs_one_line, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_entry_is_counted, begin,
                                        end),
        cmocka_unit_test(what_cannot_be_written_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
