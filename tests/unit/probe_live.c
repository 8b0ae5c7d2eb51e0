/*
 * A whole recording, live, of energy that moves by a known law: what is
 * recorded adds up to what was fed, through three wraps, whatever the timing.
 * The feeder is the reader: it feeds a step when a row has arrived.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "formats/stream.h"

enum { WRAP = 90000000, STEP = 7654321, STEPS = 40 };

static struct err e;
static char *program;
static char dir[] = "/tmp/rapl-live.XXXXXX";
static char *fifo;
static int energy_fd;

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
    char *path = in_dir(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    free(path);
}

/* 16 digits, of which the last 8 change in one write of 8 bytes. */
static void feed(uint64_t uj)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%08" PRIu64, uj % WRAP);
    assert_int_equal(pwrite(energy_fd, digits, 8, 8), 8);
}

static int set_up(void **state)
{
    static const char *const dirs[] = {"class", "class/powercap",
                                       "class/powercap/intel-rapl:0"};
    const char *build = getenv("BUILD");
    char *path;

    (void)state;
    program = xasprintf("%s/bin/rapl-sample", build ? build : "build/release");
    if (access(program, X_OK) < 0 || !mkdtemp(dir))
        return -1;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        path = in_dir(dirs[i]);
        assert_int_equal(mkdir(path, 0755), 0);
        free(path);
    }
    put("class/powercap/intel-rapl:0/name", "package-0\n");
    put("class/powercap/intel-rapl:0/max_energy_range_uj", "90000000\n");
    put("class/powercap/intel-rapl:0/energy_uj", "0000000000000000\n");
    path = in_dir("class/powercap/intel-rapl:0/energy_uj");
    energy_fd = open(path, O_WRONLY);
    free(path);
    fifo = in_dir("fifo");
    return mkfifo(fifo, 0644);
}

static int tear_down(void **state)
{
    char *command = xasprintf("rm -rf %s", dir);
    int rc = system(command);

    (void)state;
    close(energy_fd);
    free(command);
    free(fifo);
    free(program);
    return rc;
}

static pid_t start_recorder(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(program, program, "-i", "1ms", "--energy", "powercap", "--sys",
              dir, "-o", fifo, NULL);
        _exit(127);
    }
    return pid;
}

static void records_what_was_fed(void **state)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    uint64_t fed = 0, recorded = 0, last = 0;
    int steps = 0, column = -1;
    bool ended = false;
    pid_t pid = start_recorder();
    int status;

    (void)state;
    assert_int_equal(stream_reader_open(&r, fifo, STREAM_SAMPLE, &e), 0);
    while (stream_next(r, &item, &e) == 1) {
        const struct channels *cs = &stream_reader_header(r)->channels;

        if (item.kind == ITEM_SEGMENT) {
            column = channels_find(cs, "energy:package-0");
            assert_true(column >= 0);
            assert_int_equal(cs->at[column].wrap, WRAP);
        }
        ended = item.kind == ITEM_END;
        if (item.kind == ITEM_MARK) /* a busy machine misses ticks */
            assert_int_equal(item.mark.kind, MARK_GAP);
        if (item.kind != ITEM_BLOCK)
            continue;
        for (size_t i = 0; i < item.block.n; i++) {
            uint64_t uj = ((const uint64_t *)item.block.column[column])[i];

            recorded += (uj + WRAP - last) % WRAP;
            last = uj;
        }
        if (recorded < fed || steps > STEPS)
            continue;
        if (steps++ < STEPS)
            feed(fed += STEP);
        else
            kill(pid, SIGINT);
    }
    assert_true(ended); /* with its end record, checksum and all */
    assert_int_equal(recorded, (uint64_t)STEP * STEPS);
    assert_true(recorded > 3 * (uint64_t)WRAP);
    stream_reader_close(r);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* of the test, not the group: cmocka lets a group whose set-up
         * fails pass with no test run */
        cmocka_unit_test_setup_teardown(records_what_was_fed, set_up,
                                        tear_down),
    };

    alarm(300); /* should the recorder never open its end of the pipe */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
