/* Names and limits of the files of a rotating recording. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/recorder/files.h"

static struct err e;

static void limits_are_times_or_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t every_ns;
        uint64_t size;
    } good[] = {
        {"1h", 3600 * NS_PER_S, 0}, {"20ms", 20 * NS_PER_MS, 0},
        {"100MB", 0, 100000000},    {"1.5GiB", 0, 1610612736},
        {"10kB", 0, 10000},         {"64KiB", 0, 65536},
    };
    static const char *const bad[] = {"",      "7",      "MB",   "-5MB", "9kB",
                                      "nanMB", "1e30MB", "5 MB", "5mb",  "0h"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct files_plan plan = {0};

        assert_int_equal(files_parse_rotation(&plan, good[i].text, &e), 0);
        assert_int_equal(plan.every_ns, good[i].every_ns);
        assert_int_equal(plan.size, good[i].size);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct files_plan plan = {0};

        assert_int_equal(files_parse_rotation(&plan, bad[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
    }
}

static void assert_name(const char *pattern, unsigned number, const char *want)
{
    char *name = files_name(pattern, 1700000000 * NS_PER_S, number, &e);

    assert_non_null(name);
    assert_string_equal(name, want);
    free(name);
}

static void names_have_a_number_or_a_date(void **state)
{
    (void)state;
    assert_name("a.rapl", 1, "a-0001.rapl");
    assert_name("a.b/c", 12, "a.b/c-0012");
    assert_name("d/.rapl", 3, "d/.rapl-0003");
    assert_name("a", 123456, "a-123456");
    assert_name("%Y-%m-%dT%H%M%S.rapl", 1, "2023-11-14T221320.rapl");
    assert_name("%Y/x.rapl", 2, "2023/x-0002.rapl");
}

/* Nothing that is there is written over, and numbers go on. */
static void files_are_new(void **state)
{
    char dir[] = "/tmp/rapl-files.XXXXXX";
    struct files_plan plan = {.every_ns = NS_PER_S};
    char *path, *command;
    struct files f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    plan.path = path = xasprintf("%s/a.rapl", dir);
    command = xasprintf("echo kept >%s/a-0002.rapl", dir);
    assert_int_equal(system(command), 0);
    free(command);
    assert_int_equal(files_open(&f, &plan, &e), 0);
    files_start(&f, 100);
    assert_false(files_due(&f, 100 + NS_PER_S - 1));
    assert_true(files_due(&f, 100 + NS_PER_S));
    assert_non_null(strstr(f.name, "/a-0001.rapl"));
    /* late by two borders and a half: the third is what comes next */
    assert_int_equal(files_next(&f, 100 + 3 * NS_PER_S + NS_PER_S / 2, &e), 0);
    assert_non_null(strstr(f.name, "/a-0003.rapl"));
    assert_int_equal(f.due_ns, 100 + 4 * NS_PER_S);
    assert_int_equal(f.n, 2);
    assert_int_equal(files_close(&f, &e), 0);
    command = xasprintf("grep -qx kept %s/a-0002.rapl && rm -r %s", dir, dir);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
}

/* Where no file can be opened, the one before goes on. */
static void a_missing_folder_loses_nothing(void **state)
{
    char dir[] = "/tmp/rapl-files.XXXXXX";
    struct files_plan plan = {.size = 10000};
    char *path, *command;
    struct stream_writer *out;
    struct files f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    plan.path = path = xasprintf("%s/a.rapl", dir);
    assert_int_equal(files_open(&f, &plan, &e), 0);
    out = f.out;
    command = xasprintf("rm -r %s", dir);
    assert_int_equal(system(command), 0);
    free(command);
    assert_int_equal(files_next(&f, 0, &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_ptr_equal(f.out, out);
    assert_int_equal(files_close(&f, &e), 0);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_times_or_sizes),
        cmocka_unit_test(names_have_a_number_or_a_date),
        cmocka_unit_test(files_are_new),
        cmocka_unit_test(a_missing_folder_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
