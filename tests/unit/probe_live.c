/*
 * Whole recordings, live, of energy that moves by a known law: what is
 * recorded of each domain adds up to what was fed, through wraps, whatever the
 * timing.  The feeder is the reader: it feeds a step when a row has arrived.
 */
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
#include "tests/unit/feeder.h"

enum { STEPS = 40, DOMAINS = 7 };

static struct err e;
static char *program;
static char dir[] = "/tmp/rapl-live.XXXXXX";
static char *fifo;

static int set_up(void **state)
{
    const char *build = getenv("BUILD");

    (void)state;
    program = xasprintf("%s/bin/rapl-sample", build ? build : "build/release");
    if (access(program, X_OK) < 0 || !mkdtemp(dir))
        return -1;
    fifo = xasprintf("%s/fifo", dir);
    return mkfifo(fifo, 0644);
}

static int tear_down(void **state)
{
    char *command = xasprintf("rm -rf %s", dir);
    int rc = system(command);

    (void)state;
    free(command);
    free(fifo);
    free(program);
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    return rc;
}

static pid_t start_recorder(const char *energy)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(program, program, "-q", "-i", "1ms", "--energy", energy, "--sys",
              dir, "--proc", dir, "--dev", dir, "-o", fifo, NULL);
        _exit(127);
    }
    return pid;
}

struct feed {
    struct fed *fed; /* N of them, named as their channels */
    const char *const *name;
    size_t n;
    int column[DOMAINS];
    uint64_t recorded[DOMAINS], last[DOMAINS]; /* uJ */
    int steps;
};

static void find_columns(struct feed *f, const struct channels *cs)
{
    for (size_t d = 0; d < f->n; d++) {
        f->column[d] = channels_find(cs, f->name[d]);
        assert_true(f->column[d] >= 0);
        assert_int_equal(cs->at[f->column[d]].wrap,
                         fed_uj(&f->fed[d], f->fed[d].range));
    }
}

static void add_rows(struct feed *f, const struct block *b)
{
    for (size_t i = 0; i < b->n; i++)
        for (size_t d = 0; d < f->n; d++) {
            uint64_t uj = ((const uint64_t *)b->column[f->column[d]])[i];
            uint64_t wrap = fed_uj(&f->fed[d], f->fed[d].range);

            f->recorded[d] += (uj + wrap - f->last[d]) % wrap;
            f->last[d] = uj;
        }
}

/* Has all that was fed arrived? */
static bool is_even(const struct feed *f)
{
    for (size_t d = 0; d < f->n; d++)
        if (f->recorded[d] != fed_uj(&f->fed[d], f->fed[d].total))
            return false;
    return true;
}

/* Steps of each its own size, over a twelfth of the range. */
static void feed_all(const struct feed *f)
{
    for (size_t d = 0; d < f->n; d++)
        assert_int_equal(fed_step(&f->fed[d], f->fed[d].range / 12 + 7 * d +
                                                  (uint64_t)f->steps),
                         0);
}

static void record_what_is_fed(struct feed *f, const char *energy)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    bool ended = false;
    pid_t pid = start_recorder(energy);
    int status;

    assert_int_equal(stream_reader_open(&r, fifo, STREAM_SAMPLE, &e), 0);
    while (stream_next(r, &item, &e) == 1) {
        if (item.kind == ITEM_SEGMENT)
            find_columns(f, &stream_reader_header(r)->channels);
        ended = item.kind == ITEM_END;
        if (item.kind == ITEM_MARK) /* a busy machine misses ticks */
            assert_int_equal(item.mark.kind, MARK_GAP);
        if (item.kind != ITEM_BLOCK)
            continue;
        add_rows(f, &item.block);
        if (f->steps > STEPS || !is_even(f))
            continue;
        if (f->steps++ < STEPS)
            feed_all(f);
        else
            kill(pid, SIGINT);
    }
    assert_true(ended); /* with its end record, checksum and all */
    assert_true(is_even(f));
    for (size_t d = 0; d < f->n; d++)
        assert_true(f->fed[d].total > 3 * f->fed[d].range);
    stream_reader_close(r);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void records_every_zone(void **state)
{
    static const char *const name[DOMAINS] = {"energy:package-0",
                                              "energy:package-0/core",
                                              "energy:package-0/dram",
                                              "energy:package-1-die-0",
                                              "energy:package-1-die-1",
                                              "energy:package-1-die-1/uncore",
                                              "energy:psys"};
    static const char *const zone[DOMAINS][2] = {
        {"intel-rapl:0", "package-0"},
        {"intel-rapl:0:0", "core"},
        {"intel-rapl:0:1", "dram"},
        {"intel-rapl:1", "package-1-die-0"},
        {"intel-rapl:2", "package-1-die-1"},
        {"intel-rapl:2:0", "uncore"},
        {"intel-rapl:3", "psys"}};
    struct fed fed[DOMAINS];
    struct feed feed = {.fed = fed, .name = name, .n = DOMAINS};

    (void)state;
    for (size_t d = 0; d < DOMAINS; d++) {
        assert_int_equal(fed_zone(&fed[d], dir, zone[d][0], zone[d][1],
                                  90000000 - 1234567 * d),
                         0);
        /* dies that show one count would be one */
        assert_int_equal(fed_step(&fed[d], 11000000 * d), 0);
        feed.last[d] = feed.recorded[d] = fed[d].total;
    }
    record_what_is_fed(&feed, "powercap");
    for (size_t d = 0; d < DOMAINS; d++)
        close(fed[d].fd);
}

static void records_every_register(void **state)
{
    static const char *const name[] = {
        "energy:package-0", "energy:package-0/core", "energy:package-0/dram"};
    static const off_t at[] = {0x611, 0x639, 0x619};
    static const unsigned shift[] = {14, 14, 16};
    struct fed unit, fed[3];
    struct feed feed = {.fed = fed, .name = name, .n = 3};
    char *msr = xasprintf("%s/cpu/0/msr", dir);

    (void)state;
    assert_int_equal(feeder_put(dir, "devices/system/cpu/online", "0\n"), 0);
    assert_int_equal(feeder_put(dir, "cpuinfo",
                                "vendor_id\t: GenuineIntel\n"
                                "cpu family\t: 6\n"
                                "model\t\t: 85\n"),
                     0);
    assert_int_equal(feeder_put(dir, "cpu/0/msr", ""), 0);
    assert_int_equal(truncate(msr, 0x641), 0);
    assert_int_equal(fed_register(&unit, msr, 0x606, 0), 0);
    assert_int_equal(fed_step(&unit, 0xa0e03), 0);
    for (size_t d = 0; d < 3; d++)
        assert_int_equal(fed_register(&fed[d], msr, at[d], shift[d]), 0);
    record_what_is_fed(&feed, "msr");
    for (size_t d = 0; d < 3; d++)
        close(fed[d].fd);
    close(unit.fd);
    free(msr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* of the test, not the group: cmocka lets a group whose set-up
         * fails pass with no test run */
        cmocka_unit_test_setup_teardown(records_every_zone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_every_register, set_up,
                                        tear_down),
    };

    alarm(300); /* should the recorder never open its end of the pipe */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
