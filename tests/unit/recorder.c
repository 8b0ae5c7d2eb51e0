/* The recording loop on a machine that a test moves between its rows. */
#include <fcntl.h>
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
#include "common/recorder/heading.h"
#include "common/recorder/recorder.h"
#include "formats/sample.h"

static char dir[] = "/tmp/rapl-recorder.XXXXXX";
static struct roots roots = {.proc = dir, .sys = "/nonexistent"};
static char *stream; /* a file in dir */
static struct err e;
static struct probe probe;

/* What /proc/stat says. */
static void put_stat(unsigned ctxt)
{
    char *path = xasprintf("%s/stat", dir), text[64];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    snprintf(text, sizeof text, "ctxt %08u\nprocesses 7\n", ctxt);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    free(path);
}

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    stream = xasprintf("%s/out.rapl", dir);
    return 0;
}

static int tear_down(void **state)
{
    char *command = xasprintf("rm -rf %s", dir);

    (void)state;
    free(stream);
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
};

static bool feed(void *arg)
{
    struct feed *f = arg;

    if (f->told != f->r->ticker.next_ns) {
        f->told = f->r->ticker.next_ns;
        put_stat(f->law(++f->n));
    }
    return f->most && f->n == f->most;
}

static void record(const struct recorder_plan *plan, struct feed *f)
{
    struct stream_writer *w;
    struct strings labels = {0};
    struct stream_header h;
    struct recorder r;

    put_stat(f->law(0));
    assert_int_equal(probe_open(&probe, &roots, "none", false, "stat", &e), 0);
    assert_int_equal(heading_make(&h, &probe, &roots, plan->interval_ns,
                                  &labels, "test", &e),
                     0);
    assert_int_equal(stream_writer_open(&w, stream, 0, &e), 0);
    recorder_init(&r, plan, &probe);
    f->r = &r;
    r.stop = feed;
    r.stop_arg = f;
    assert_int_equal(recorder_run(&r, w, &h, &e), 0);
    assert_int_equal(stream_writer_close(w, &e), 0);
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
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(headings_hold_labels_and_facts),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
