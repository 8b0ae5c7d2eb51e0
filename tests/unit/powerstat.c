#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/pack.h"
#include "formats/powerstat.h"

#define PREAMBLE \
    "Running for 60.0 seconds (120 samples at 0.5 second intervals).\n\n"
#define HEADING "  Time    User  Sys Ctxt/s  Watts  pkg-0   core   TCPU\n"
#define DASHES "-------- ----- ---- ------ ------ ------ ------ ------\n"

static struct err e;

struct log_file {
    char path[32];
    struct lines *lines;
    struct powerstat *log;
    struct log_row row;
};

static int open_text(struct log_file *f, const char *text, int64_t day_ns)
{
    size_t len = strlen(text);
    int fd;

    *f = (struct log_file){.path = "/tmp/rapl-log.XXXXXX"};
    fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    assert_int_equal(lines_open(&f->lines, f->path, &e), 0);
    return powerstat_open(&f->log, f->lines, day_ns, &e);
}

static void close_log(struct log_file *f)
{
    powerstat_close(f->log);
    lines_close(f->lines);
    unlink(f->path);
}

static bool next(struct log_file *f)
{
    int rc = powerstat_next(f->log, &f->row, &e);

    assert_true(rc >= 0);
    return rc > 0;
}

static void good_row(struct log_file *f, int64_t s, const double *want)
{
    size_t n = powerstat_channels(f->log)->n;

    assert_true(next(f));
    assert_null(f->row.why);
    assert_int_equal(f->row.t_ns, s * NS_PER_S);
    for (size_t i = 0; i < n; i++)
        assert_true(f64_of_bits(f->row.cells[i]) == want[i]);
}

static void bad_row(struct log_file *f, const char *why)
{
    assert_true(next(f));
    assert_non_null(f->row.why);
    assert_string_equal(f->row.why, why);
}

static void columns_are_known_by_heading(void **state)
{
    static const char *const names[] = {"cpu.user", "cpu.system", "ctxt",
                                        "power:package-0", "power:core"};
    const struct channels *cs;
    struct log_file f;

    (void)state;
    assert_int_equal(
        open_text(&f,
                  PREAMBLE HEADING
                  "00:00:01   1.0  2.0    300  99.99   5.50   4.25  50.00\n"
                  "  Time    core  pkg-0  Sys User  Ctxt/s iwlwif\n"
                  "00:00:02   4.0   5.0   2.0  1.0     300  -N/A-\n",
                  0),
        0);
    cs = powerstat_channels(f.log);
    assert_int_equal(cs->n, 5);
    for (size_t i = 0; i < cs->n; i++)
        assert_string_equal(cs->at[i].name, names[i]);
    assert_int_equal(powerstat_interval_ns(f.log), NS_PER_S / 2);
    good_row(&f, 1, (double[]){1, 2, 300, 5.5, 4.25});
    good_row(&f, 2, (double[]){1, 2, 300, 5, 4});
    assert_false(next(&f));
    close_log(&f);
}

static void domains_of_further_packages_have_names(void **state)
{
    static const char *const names[] = {"power:package-0", "power:dram",
                                        "power:package-1", "power:dram-1"};
    const struct channels *cs;
    struct log_file f;

    (void)state;
    assert_int_equal(open_text(&f,
                               "  Time pkg-0 dram pkg-1 dram\n"
                               "00:00:01 1 2 3 4\n"
                               "  Time pkg-1 dram pkg-0 dram\n"
                               "00:00:02 3 2 1 4\n",
                               0),
                     0);
    cs = powerstat_channels(f.log);
    assert_int_equal(cs->n, 4);
    for (size_t i = 0; i < cs->n; i++)
        assert_string_equal(cs->at[i].name, names[i]);
    good_row(&f, 1, (double[]){1, 2, 3, 4});
    good_row(&f, 2, (double[]){1, 2, 3, 4});
    close_log(&f);
}

static void the_summary_is_skipped(void **state)
{
    struct log_file f;

    (void)state;
    assert_int_equal(open_text(&f,
                               "  Time  User\n"
                               "00:00:01 1\n" DASHES " Average 1\n" DASHES
                               "Summary:\n 1.0 - 2.0   3 ####\n"
                               ".00 40\n"
                               "00:00:00 2\n" DASHES "x\n",
                               0),
                     0);
    good_row(&f, 1, (double[]){1});
    good_row(&f, 0, (double[]){2}); /* another log, written over */
    assert_false(next(&f));
    close_log(&f);
}

static void midnight_begins_a_day_and_a_step_back_does_not(void **state)
{
    struct log_file f;

    (void)state;
    assert_int_equal(open_text(&f,
                               "  Time  User\n23:59:59 1\n00:00:00 2\n"
                               "00:02:00 3\n00:00:32 4\n",
                               NS_PER_S * 86400 * 10),
                     0);
    good_row(&f, 86400 * 11 - 1, (double[]){1});
    good_row(&f, 86400 * 11, (double[]){2});
    good_row(&f, 86400 * 11 + 120, (double[]){3});
    good_row(&f, 86400 * 11 + 32, (double[]){4});
    close_log(&f);
}

static void bad_rows_say_why(void **state)
{
    struct log_file f;

    (void)state;
    assert_int_equal(open_text(&f,
                               "  Time  User pkg-0\n"
                               "00:00:01 1\n"
                               "00:00:01 1 2 3\n"
                               "00:00:01 nan 2\n"
                               "00:00:01 101 2\n"
                               "00:00:01 1 -2\n"
                               "00:60:01 1 2\n"
                               "0\x1b[2J 1 2\n"
                               "  Time  User\n"
                               "00:00:01 1\n"
                               "  Time  pkg-0 User\r\n"
                               "00:00:01 2 1\r\n",
                               0),
                     0);
    bad_row(&f, "2 fields, 3 columns");
    assert_int_equal(f.row.line, 2);
    bad_row(&f, "4 fields, 3 columns");
    bad_row(&f, "cpu.user: 'nan' is no number");
    bad_row(&f, "cpu.user: '101' is out of range");
    bad_row(&f, "power:package-0: '-2' is out of range");
    bad_row(&f, "Time: '00:60:01' is no HH:MM:SS");
    bad_row(&f, "Time: '0?[2J' is no HH:MM:SS");
    bad_row(&f, "the heading of line 9 has no column for power:package-0");
    good_row(&f, 1, (double[]){1, 2});
    assert_false(next(&f));
    close_log(&f);
}

static void what_is_no_log_is_refused(void **state)
{
    struct log_file f;

    (void)state;
    assert_int_equal(open_text(&f, "", 0), 0);
    assert_false(next(&f));
    close_log(&f);
    assert_int_equal(open_text(&f, " \n\r\n\n", 0), 0);
    assert_false(next(&f));
    close_log(&f);
    assert_int_equal(open_text(&f, PREAMBLE, 0), -1);
    assert_int_equal(e.code, ERR_DATA);
    close_log(&f);
    assert_int_equal(open_text(&f, "  Time TCPU\n", 0), -1);
    assert_int_equal(e.code, ERR_DATA);
    close_log(&f);
}

static void logs_are_recognised(void **state)
{
    (void)state;
    assert_true(powerstat_guess(PREAMBLE, strlen(PREAMBLE)));
    assert_true(powerstat_guess(HEADING, strlen(HEADING)));
    assert_false(powerstat_guess("timestamp_unix,user", 19));
    assert_false(powerstat_guess("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_known_by_heading),
        cmocka_unit_test(domains_of_further_packages_have_names),
        cmocka_unit_test(the_summary_is_skipped),
        cmocka_unit_test(midnight_begins_a_day_and_a_step_back_does_not),
        cmocka_unit_test(bad_rows_say_why),
        cmocka_unit_test(what_is_no_log_is_refused),
        cmocka_unit_test(logs_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
