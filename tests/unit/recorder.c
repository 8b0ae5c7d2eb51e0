/* The recording loop on a machine that a test moves between its rows. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/recorder/heading.h"
#include "common/recorder/recorder.h"
#include "formats/sample.h"

static char dir[] = "/tmp/rapl-recorder.XXXXXX";
static struct roots roots = {.proc = dir, .sys = "/nonexistent"};
static char *stream; /* a file in dir */
static struct err e;
static struct probe probe;

static int stat_fd;

/* What /proc/stat says. */
static void put_stat(unsigned ctxt)
{
    char text[64];

    snprintf(text, sizeof text, "ctxt %08u\nprocesses 7\n", ctxt);
    assert_int_equal(pwrite(stat_fd, text, strlen(text), 0),
                     (ssize_t)strlen(text));
}

static int set_up(void **state)
{
    char *path;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = xasprintf("%s/stat", dir);
    stat_fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_true(stat_fd >= 0);
    free(path);
    stream = xasprintf("%s/out.rapl", dir);
    return 0;
}

static int tear_down(void **state)
{
    char *command = xasprintf("rm -rf %s", dir);

    (void)state;
    free(stream);
    close(stat_fd);
    assert_int_equal(system(command), 0);
    free(command);
    return 0;
}

/* The law: what stat says before row n, from 0. */
struct feed {
    unsigned n, (*law)(unsigned n);
    unsigned most; /* stop before that row; 0: never */
    int64_t told;  /* the deadline that was fed already */
    struct recorder *r;
    bool closed; /* from the first row on, no file can be opened */
    const struct watch_eyes *eyes; /* NULL: nobody looks out */
    bool look; /* before each row: what could be read by now? */
};

static void allow_files(bool yes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = yes ? limit.rlim_max : 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* A crash now would lose the rows that are missing: all of them younger than
 * what --flush says. */
static void look(const struct recorder *r)
{
    struct stream_reader *reader;
    struct stream_item item;
    int64_t last_ns = 0;

    log_init("recorder", LOG_QUIET);
    assert_int_equal(stream_reader_open(&reader, stream, 0, &e), 0);
    stream_reader_allow_truncated(reader, true);
    while (stream_next(reader, &item, &e) > 0)
        if (item.kind == ITEM_BLOCK)
            last_ns = item.block.t_ns[item.block.n - 1];
    stream_reader_close(reader);
    if (r->plan.flush_ns == 0)
        assert_int_equal(last_ns, r->t_ns);
    else if (r->mono_ns - r->start_mono_ns >= r->plan.flush_ns)
        assert_true(last_ns > r->t_ns - r->plan.flush_ns - NS_PER_US);
}

static bool feed(void *arg)
{
    struct feed *f = arg;

    if (f->told != f->r->ticker.next_ns) {
        f->told = f->r->ticker.next_ns;
        put_stat(f->law(++f->n));
        if (f->closed && f->n == 1)
            allow_files(false);
        if (f->look)
            look(f->r);
    }
    return f->most && f->n == f->most;
}

static void record(const struct recorder_plan *plan, struct feed *f)
{
    struct files_plan files_plan = {.path = stream};
    struct files files;
    struct strings labels = {0};
    struct stream_header h;
    struct recorder r;

    put_stat(f->law(0));
    assert_int_equal(probe_open(&probe, &roots, "none", false, "stat", &e), 0);
    assert_int_equal(heading_make(&h, &probe, &roots, plan->interval_ns,
                                  &labels, "test", &e),
                     0);
    assert_int_equal(files_open(&files, &files_plan, &e), 0);
    recorder_init(&r, plan, &probe);
    if (f->eyes)
        recorder_watch(&r, f->eyes, &roots);
    f->r = &r;
    r.stop = feed;
    r.stop_arg = f;
    assert_int_equal(recorder_run(&r, &files, &h, &e), 0);
    allow_files(true);
    assert_int_equal(files_close(&files, &e), 0);
    recorder_release(&r);
    stream_header_release(&h);
    probe_close(&probe);
}

/* Rows of the stream; the law must have made each; *resets counts marks. */
static unsigned check(unsigned (*law)(unsigned n), unsigned *resets)
{
    struct stream_reader *r;
    struct stream_item item;
    unsigned n = 0;
    int rc;

    *resets = 0;
    assert_int_equal(stream_reader_open(&r, stream, STREAM_SAMPLE, &e), 0);
    while ((rc = stream_next(r, &item, &e)) > 0) {
        if (item.kind == ITEM_MARK && item.mark.kind == MARK_RESET) {
            assert_string_equal(item.mark.text, "ctxt");
            assert_true(law(n) < law(n - 1));
            ++*resets;
        }
        if (item.kind != ITEM_BLOCK)
            continue;
        for (size_t i = 0; i < item.block.n; i++) {
            assert_int_equal(((const uint64_t *)item.block.column[0])[i],
                             law(n++));
            assert_int_equal(item.block.t_ns[i] % NS_PER_US, 0);
        }
    }
    assert_int_equal(rc, 0);
    stream_reader_close(r);
    return n;
}

static unsigned saw(unsigned n)
{
    return 100 + n % 8;
}

static void rows_are_what_was_there(void **state)
{
    struct recorder_plan plan = {NS_PER_MS, 0, 30, NS_PER_S};
    struct feed f = {.law = saw};
    unsigned resets;

    (void)state;
    record(&plan, &f);
    assert_int_equal(check(saw, &resets), 30);
    assert_int_equal(resets, 3); /* 7 to 8, 15 to 16, 23 to 24 */
}

static void opens_nothing_once_it_runs(void **state)
{
    struct recorder_plan plan = {NS_PER_MS, 0, 20, 0};
    struct feed f = {.law = saw, .closed = true, .eyes = &watch_eyes_here};
    unsigned resets;

    (void)state;
    record(&plan, &f);
    assert_int_equal(check(saw, &resets), 20);
}

static void a_crash_loses_a_flush_interval_at_most(void **state)
{
    struct recorder_plan plan = {NS_PER_MS, 0, 40, 0};
    struct feed each = {.law = saw, .look = true};
    struct feed often = {.law = saw, .look = true};

    (void)state;
    record(&plan, &each);
    assert_int_equal(each.n, 39);
    plan.flush_ns = 7 * NS_PER_MS;
    record(&plan, &often);
    assert_int_equal(often.n, 39);
}

static void stops_when_told(void **state)
{
    struct recorder_plan plan = {NS_PER_MS, 0, 0, 0};
    struct feed f = {.law = saw, .most = 5};
    unsigned resets;

    (void)state;
    record(&plan, &f);
    assert_int_equal(check(saw, &resets), 5);
    assert_int_equal(resets, 0);
}

/* ---- a machine that sleeps ---- */

static int64_t slept_ns;

static int64_t boot(void *arg)
{
    (void)arg;
    return clock_monotonic_ns() + slept_ns;
}

static int64_t mono(void *arg)
{
    (void)arg;
    return clock_monotonic_ns();
}

static void no_model(void *arg, char text[WATCH_TEXT])
{
    (void)arg;
    text[0] = '\0';
}

static unsigned sleep_before_row_5(unsigned n)
{
    slept_ns = n < 5 ? 0 : 90 * NS_PER_S;
    return n;
}

/* The mark stands right before the row that does not follow. */
static void a_suspension_is_marked_where_it_was(void **state)
{
    static const struct watch_eyes eyes = {boot, mono, no_model, NULL};
    struct recorder_plan plan = {NS_PER_MS, 0, 20, NS_PER_S};
    struct feed f = {.law = sleep_before_row_5, .eyes = &eyes};
    struct stream_reader *r;
    struct stream_item item;
    unsigned rows = 0, marks = 0;

    (void)state;
    record(&plan, &f);
    assert_int_equal(stream_reader_open(&r, stream, STREAM_SAMPLE, &e), 0);
    while (stream_next(r, &item, &e) > 0) {
        if (item.kind == ITEM_BLOCK)
            rows += (unsigned)item.block.n;
        if (item.kind != ITEM_MARK || item.mark.kind != MARK_CLOCK)
            continue;
        marks++;
        assert_int_equal(rows, 5);
        assert_string_equal(item.mark.text, "suspended");
        assert_true(item.mark.value > 89 * NS_PER_S);
        assert_true(item.mark.value <= 90 * NS_PER_S);
    }
    stream_reader_close(r);
    assert_int_equal(rows, 20);
    assert_int_equal(marks, 1);
}

static int make(struct stream_header *h, const char *label)
{
    struct strings labels = {0};
    int rc;

    strings_add(&labels, label);
    rc = heading_make(h, &probe, &roots, 16 * NS_PER_MS, &labels, "test", &e);
    strings_release(&labels);
    return rc;
}

static void headings_hold_labels_and_facts(void **state)
{
    struct stream_header h;
    int64_t interval_ns;

    (void)state;
    put_stat(0);
    assert_int_equal(probe_open(&probe, &roots, "none", false, "stat", &e), 0);
    assert_int_equal(make(&h, "run=r=1"), 0);
    assert_string_equal(labels_get(&h.meta, META_RUN), "r=1");
    assert_string_equal(labels_get(&h.meta, META_ENERGY), "none");
    assert_int_equal(sample_interval_ns(&h, &interval_ns, &e), 0);
    assert_int_equal(interval_ns, 16 * NS_PER_MS);
    assert_int_equal(h.channels.n, 2);
    stream_header_release(&h);
    assert_int_equal(make(&h, "user_hz=7"), -1);
    assert_int_equal(e.code, ERR_USAGE);
    stream_header_release(&h);
    assert_int_equal(make(&h, "=x"), -1);
    stream_header_release(&h);
    probe_close(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_was_there),
        cmocka_unit_test(opens_nothing_once_it_runs),
        cmocka_unit_test(a_crash_loses_a_flush_interval_at_most),
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(a_suspension_is_marked_where_it_was),
        cmocka_unit_test(headings_hold_labels_and_facts),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
