/* Is the recording of a run complete, and when was the load? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/sweep/recording_check.h"
#include "formats/stream.h"

#define CHECK(call) assert_int_equal(call, 0)

static struct err e;
static char path[64];

/* Ten rows, a second apart from 1 s on, with these marks before the rows at
 * their times. */
static void write_rows(const struct mark *marks, size_t n, bool whole)
{
    struct stream_header h = {.kind = STREAM_SAMPLE};
    struct stream_writer *w;
    int fd;

    snprintf(path, sizeof path, "/tmp/rapl-check.XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    channels_add(&h.channels, "ctxt", "1", CHANNEL_U64, CHANNEL_COUNTER, 0);
    CHECK(stream_writer_open(&w, path, 0, &e));
    CHECK(stream_writer_begin(w, &h, &e));
    for (uint64_t i = 1; i <= 10; i++) {
        for (size_t k = 0; k < n; k++)
            if (marks[k].t_ns == (int64_t)i * NS_PER_S)
                CHECK(stream_writer_mark(w, &marks[k], &e));
        CHECK(stream_writer_row(w, (int64_t)i * NS_PER_S, &i, &e));
    }
    if (whole)
        CHECK(stream_writer_close(w, &e));
    else
        stream_writer_abandon(w);
    stream_header_release(&h);
}

static int check(struct recording *r)
{
    int rc = recording_check(r, path, &e);

    unlink(path);
    return rc;
}

static const struct mark begins = {2 * NS_PER_S, MARK_NOTE, 0, NOTE_BEGINS};
static const struct mark ends = {9 * NS_PER_S, MARK_NOTE, 0, NOTE_ENDS};

static void counts_what_is_in_it(void **state)
{
    const struct mark marks[] = {
        begins,
        {3 * NS_PER_S, MARK_NOTE, 0, "step 1: stress-ng --cpu 1"},
        {4 * NS_PER_S, MARK_GAP, 3, ""},
        {5 * NS_PER_S, MARK_GAP, 4, ""},
        {6 * NS_PER_S, MARK_RESET, 0, ""},
        {7 * NS_PER_S, MARK_CLOCK, 3600 * NS_PER_S, ""},
        ends};
    struct recording r;

    (void)state;
    write_rows(marks, sizeof marks / sizeof *marks, true);
    CHECK(check(&r));
    assert_int_equal(r.rows, 10);
    assert_int_equal(r.missed, 7);
    assert_int_equal(r.gaps, 2);
    assert_int_equal(r.resets, 1);
    assert_int_equal(r.clock_steps, 1);
    assert_int_equal(r.first_ns, NS_PER_S);
    assert_int_equal(r.last_ns, 10 * NS_PER_S);
    assert_int_equal(r.begin_ns, begins.t_ns);
    assert_int_equal(r.end_ns, ends.t_ns);
}

static void says_what_is_missing(void **state)
{
    const struct mark both[] = {begins, ends};
    const struct mark turned[] = {{2 * NS_PER_S, MARK_NOTE, 0, NOTE_ENDS},
                                  {9 * NS_PER_S, MARK_NOTE, 0, NOTE_BEGINS}};
    struct recording r;

    (void)state;
    for (size_t n = 0; n < 2; n++) {
        write_rows(both, n, true);
        assert_int_equal(check(&r), -1);
        assert_non_null(strstr(e.msg, "does not say when the load"));
    }
    write_rows(turned, 2, true);
    assert_int_equal(check(&r), -1);
    write_rows(both, 2, false);
    assert_int_equal(check(&r), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(check(&r), -1); /* it is gone now */
    assert_int_equal(e.code, ERR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_in_it),
        cmocka_unit_test(says_what_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
