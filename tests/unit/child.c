/* The command behind "--": its end and its status, as a shell tells them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/child.h"

static struct err e;

static int status_of(const char *script)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    struct child c;

    assert_int_equal(child_start(&c, argv, false, &e), 0);
    return child_wait(&c);
}

static void passes_the_status_on(void **state)
{
    (void)state;
    assert_int_equal(status_of("exit 0"), 0);
    assert_int_equal(status_of("exit 37"), 37);
    assert_int_equal(status_of("kill -9 $$"), 128 + SIGKILL);
}

static void says_what_cannot_be_started(void **state)
{
    char *missing[] = {(char *)"/nonexistent/command", NULL};
    char *folder[] = {(char *)"/", NULL};
    struct child c;

    (void)state;
    assert_int_equal(child_start(&c, missing, false, &e), -1);
    assert_int_equal(c.status, 127);
    assert_non_null(strstr(e.msg, "/nonexistent/command"));
    assert_int_equal(child_start(&c, folder, false, &e), -1);
    assert_int_equal(c.status, 126);
    assert_true(child_ended(&c));
}

static void sends_output_to_stderr(void **state)
{
    char *argv[] = {(char *)"sh", (char *)"-c",
                    (char *)"[ /dev/fd/1 -ef /dev/fd/2 ]", NULL};
    struct child c;

    (void)state;
    assert_int_equal(child_start(&c, argv, true, &e), 0);
    assert_int_equal(child_wait(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_the_status_on),
        cmocka_unit_test(says_what_cannot_be_started),
        cmocka_unit_test(sends_output_to_stderr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
