/* Programs that are started, watched and ended, with all that they start. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/process.h"

static struct err e;
static char mark[64];

static void start(struct process *p, const char *script, int out)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
    struct process_plan plan = {argv, "/", -1, out};

    if (process_start(p, &plan, &e) < 0)
        fail_msg("%s", e.msg);
}

static void await(struct process *p)
{
    while (!process_ended(p))
        processes_wait(clock_monotonic_ns() + NS_PER_S);
}

static void tells_how_it_ended(void **state)
{
    struct process p;

    (void)state;
    start(&p, "exit 37", -1);
    await(&p);
    assert_int_equal(p.status, 37);
    assert_true(process_ended(&p)); /* and stays so */
    start(&p, "kill -9 $$", -1);
    await(&p);
    assert_int_equal(p.status, 128 + SIGKILL);
    start(&p, "kill -PIPE $$", -1); /* is ours to ignore, not theirs */
    await(&p);
    assert_int_equal(p.status, 128 + SIGPIPE);
}

static void says_what_cannot_be_started(void **state)
{
    char *missing[] = {(char *)"no-such-program-here", NULL};
    char *there[] = {(char *)"true", NULL};
    struct process_plan plan = {missing, NULL, -1, -1};
    struct process p;

    (void)state;
    assert_int_equal(process_start(&p, &plan, &e), -1);
    assert_string_equal(e.msg,
                        "no-such-program-here: No such file or directory");
    assert_true(process_ended(&p));
    plan = (struct process_plan){there, "/no/such/folder", -1, -1};
    assert_int_equal(process_start(&p, &plan, &e), -1);
}

static void a_signal_reaches_all_it_started(void **state)
{
    int ends[2];
    char byte;
    struct process p;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    start(&p, "sleep 300 & sleep 300 & echo; wait", ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    process_signal(&p, SIGTERM);
    await(&p);
    assert_int_equal(p.status, 128 + SIGTERM);
    assert_int_equal(read(ends[0], &byte, 1), 0); /* the sleeps are gone too */
    close(ends[0]);
    processes_reap(NULL, 0);
}

/* What left its group and its parent is found by its mark; of another mark,
 * even one that only begins like ours, it is not. */
static void a_mark_finds_what_got_away(void **state)
{
    char byte, longer[80];
    struct process p, other;
    int ends[2];

    (void)state;
    snprintf(longer, sizeof longer, "%s-other", mark);
    processes_mark(longer);
    start(&other, "exec sleep 300", -1);
    processes_mark(mark);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    start(&p, "setsid sh -c 'sleep 300 & echo; exec sleep 300' &", ends[1]);
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    await(&p);
    assert_int_equal(processes_kill_marked(mark), 2);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    assert_int_equal(processes_kill_marked(mark), 0);
    assert_false(process_ended(&other));
    assert_int_equal(processes_kill_marked(longer), 1);
    await(&other);
    assert_int_equal(other.status, -1); /* gathered with the rest */
}

/* What ignores signals is killed, and gone when we know; others are left. */
static void a_group_is_killed(void **state)
{
    struct process p, other;
    struct process *const ours[] = {&p, &other};
    pid_t group;

    (void)state;
    start(&other, "exec sleep 300", -1);
    start(&p, "trap '' TERM; (exec sleep 300) & (exec sleep 300) & wait", -1);
    group = p.group;
    process_kill(&p, ours, 2);
    assert_int_equal(p.status, 128 + SIGKILL);
    assert_int_equal(kill(-group, 0), -1);
    assert_int_equal(p.group, 0);
    process_kill(&p, ours, 2); /* and again: nobody */
    assert_false(process_ended(&other));
    process_kill(&other, ours, 2);
    assert_int_equal(other.status, 128 + SIGKILL);
}

/* Orphans come to us and are gathered; what we watch is not. */
static void orphans_are_gathered(void **state)
{
    struct process p;
    struct process *const ours[] = {&p};

    (void)state;
    start(&p, "(true &) ; exec sleep 0.05", -1);
    await(&p);
    processes_reap(ours, 1);
    assert_int_equal(p.status, 0);
    while (waitpid(-1, NULL, WNOHANG) == 0) {
        processes_reap(NULL, 0);
        processes_wait(clock_monotonic_ns() + 10 * NS_PER_MS);
    }
}

/* Who starts programs and is killed leaves none. */
static void they_end_with_us(void **state)
{
    int ends[2], status;
    char byte;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct process p;

        start(&p, "echo; exec sleep 300", ends[1]);
        pause();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_it_ended),
        cmocka_unit_test(says_what_cannot_be_started),
        cmocka_unit_test(a_signal_reaches_all_it_started),
        cmocka_unit_test(a_mark_finds_what_got_away),
        cmocka_unit_test(a_group_is_killed),
        cmocka_unit_test(orphans_are_gathered),
        cmocka_unit_test(they_end_with_us),
    };

    snprintf(mark, sizeof mark, "unit-test-%d", (int)getpid());
    alarm(120); /* what does not end is no success */
    if (processes_adopt(&e) < 0)
        return 1;
    processes_mark(mark);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
