#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "formats/config.h"
#include "formats/csv.h"

static struct err e;

static const char plain[] =
    "time: {column: t, unit: s}\n"
    "channels:\n"
    "  - {column: u, name: cpu.user, unit: '%', min: 0, max: 100}\n"
    "  - {column: n, name: ctxt, unit: '1', kind: counter, wrap: 4294967296}\n"
    "  - {column: k, name: mem.free, unit: kB, factor: 0.5}\n";

static int read_map(struct csv_map *map, const char *text)
{
    struct node *root;
    int rc;

    assert_int_equal(config_parse(&root, "m.yaml", text, strlen(text), &e), 0);
    rc = csv_map_read(map, root, &e);
    node_free(root);
    return rc;
}

/* A file of these bytes, and a reader of it. */
struct table {
    char path[32];
    struct csv_map map;
    struct lines *lines;
    struct csv_reader *reader;
    struct log_row row;
};

static int open_bytes(struct table *t, const char *text, size_t len)
{
    int fd;

    *t = (struct table){.path = "/tmp/rapl-csv.XXXXXX"};
    assert_int_equal(read_map(&t->map, plain), 0);
    fd = mkstemp(t->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
    assert_int_equal(lines_open(&t->lines, t->path, &e), 0);
    return csv_open(&t->reader, t->lines, &t->map, &e);
}

static int open_text(struct table *t, const char *text)
{
    return open_bytes(t, text, strlen(text));
}

static void close_table(struct table *t)
{
    csv_close(t->reader);
    lines_close(t->lines);
    csv_map_release(&t->map);
    unlink(t->path);
}

static bool next(struct table *t)
{
    int rc = csv_next(t->reader, &t->row, &e);

    assert_true(rc >= 0);
    return rc > 0;
}

static void good_row(struct table *t, int64_t t_ns, double u, uint64_t n)
{
    assert_true(next(t));
    assert_null(t->row.why);
    assert_int_equal(t->row.t_ns, t_ns);
    assert_true(f64_of_bits(t->row.cells[0]) == u);
    assert_int_equal(t->row.cells[1], n);
}

static void bad_row(struct table *t, const char *why)
{
    assert_true(next(t));
    assert_non_null(t->row.why);
    assert_string_equal(t->row.why, why);
}

static void columns_are_found_by_name(void **state)
{
    struct table t;

    (void)state;
    assert_int_equal(open_text(&t, "k,x,n,t,u\n8,junk,7,1.5,2\n4,,9,2.5,3\n"),
                     0);
    good_row(&t, 1500000000, 2, 7);
    assert_true(f64_of_bits(t.row.cells[2]) == 4);
    assert_int_equal(t.row.line, 2);
    good_row(&t, 2500000000, 3, 9);
    assert_false(next(&t));
    close_table(&t);
}

static void quotes_bom_and_line_ends_are_taken(void **state)
{
    struct table t;

    (void)state;
    assert_int_equal(open_text(&t, "\xef\xbb\xbf\"t\",u,n,k,\"a \"\"b\"\"\"\r\n"
                                   "1,2,3,4,\"two\r\nlines\"\r\n\r\n"
                                   "  \n"
                                   "2,\"5\",6,7,"),
                     0);
    good_row(&t, 1000000000, 2, 3);
    assert_int_equal(t.row.line, 2);
    good_row(&t, 2000000000, 5, 6);
    assert_false(next(&t));
    close_table(&t);
}

static void bad_rows_say_why_and_the_next_is_read(void **state)
{
    struct table t;

    (void)state;
    assert_int_equal(open_text(&t, "t,u,n,k\n"
                                   "1,nan,3,4\n"
                                   "1,101,3,4\n"
                                   "1,2,-3,4\n"
                                   "1,2,3\n"
                                   "1,2,3,4,5\n"
                                   "x\x1b,2,3,4\n"
                                   "1,2\"2,3,4\n"
                                   "1,2,3,1e999\n"
                                   "4,5,6,7\n"
                                   "5,\"6,7,8\n9\n"),
                     0);
    bad_row(&t, "u: 'nan' is no number");
    bad_row(&t, "u: '101' is not in 0..100");
    bad_row(&t, "n: '-3' is no count in 63 bits");
    bad_row(&t, "3 fields, 4 columns");
    bad_row(&t, "5 fields, 4 columns");
    bad_row(&t, "t: 'x?' is no time");
    bad_row(&t, "a quote in the wrong place");
    assert_int_equal(t.row.line, 8);
    bad_row(&t, "k: '1e999' is no number");
    good_row(&t, 4000000000, 5, 6);
    bad_row(&t, "the file ends within quotes");
    assert_false(next(&t));
    close_table(&t);
}

static void hostile_bytes_are_bad_rows(void **state)
{
    size_t len = 3 << 20;
    char *text = xmalloc(len);
    struct table t;

    (void)state;
    memset(text, '7', len);
    memcpy(text, "t,u,n,k\n1,\0,3,4\n", 16);
    memcpy(text + len - 9, "\n5,6,7,8\n", 9);
    assert_int_equal(open_bytes(&t, text, len), 0);
    bad_row(&t, "u: '?' is no number");
    bad_row(&t, "longer than 1 MiB; an open quote?");
    assert_int_equal(t.row.line, 3);
    good_row(&t, 5000000000, 6, 7);
    assert_int_equal(t.row.line, 4);
    assert_false(next(&t));
    close_table(&t);
    free(text);
}

static void headings_must_fit_the_map(void **state)
{
    char want[128];
    struct table t;

    (void)state;
    assert_int_equal(open_text(&t, "t,u,n\n"), -1);
    snprintf(want, sizeof want, "%s: no column 'k', which m.yaml:5 names",
             t.path);
    assert_string_equal(e.msg, want);
    assert_int_equal(e.code, ERR_DATA);
    close_table(&t);
    assert_int_equal(open_text(&t, "u,n,k\n"), -1);
    close_table(&t);
    assert_int_equal(open_text(&t, "t,u,n,k,u\n"), -1);
    snprintf(want, sizeof want, "%s:1: two columns are named 'u'", t.path);
    assert_string_equal(e.msg, want);
    close_table(&t);
    assert_int_equal(open_text(&t, ""), 0);
    assert_false(next(&t));
    close_table(&t);
}

static void refused(const char *map, const char *message)
{
    struct csv_map m;

    assert_int_equal(read_map(&m, map), -1);
    assert_string_equal(e.msg, message);
    assert_int_equal(e.code, ERR_DATA);
    csv_map_release(&m);
}

static void bad_maps_are_refused_with_their_line(void **state)
{
#define TIME "time: {column: t, unit: s}\n"
    (void)state;
    refused("times: 1\n", "m.yaml:1: unknown key 'times'; near: time; "
                          "known: delimiter time interval labels channels");
    refused(TIME, "m.yaml:1: a map needs time and channels");
    refused(TIME "channels: []\n", "m.yaml:2: channels: a list is wanted");
    refused("time: {column: t, unit: h}\nchannels: [1]\n",
            "m.yaml:1: unit: 'h' is none of s ms us ns");
    refused(TIME "channels:\n- {column: a, name: b}\n",
            "m.yaml:3: a channel needs column, name and unit");
    refused(TIME "channels:\n- {column: a, name: b, unit: c, colour: d}\n",
            "m.yaml:3: unknown key 'colour'; known: column name unit kind wrap "
            "factor min max");
    refused(TIME "channels:\n- {column: a, name: b, unit: c, kind: d}\n",
            "m.yaml:3: kind: 'd' is neither gauge nor counter");
    refused(TIME "channels:\n- {column: a, name: b, unit: c}\n"
                 "- {column: d, name: b, unit: c}\n",
            "m.yaml:4: a second channel 'b'");
    refused(TIME "channels:\n- {column: t, name: b, unit: c}\n",
            "m.yaml:3: column 't' is taken twice");
    refused(TIME "delimiter: ab\nchannels: [1]\n",
            "m.yaml:2: delimiter: one character is wanted, or 'tab'");
    refused(TIME "interval: 2\nchannels: [1]\n",
            "m.yaml:2: interval: '2' needs a unit (such as 2ms or 2s)");
#undef TIME
}

static void the_original_names_its_runs(void **state)
{
    struct labels ls = {0};

    (void)state;
    assert_false(original_labels(&ls, "run7"));
    assert_false(original_labels(&ls, "run_1_of_2-cpu3-sys4-io5-pipe6-vm7"));
    assert_false(
        original_labels(&ls, "run_1_of_2-cpu3-sys4-io5-pipe6-vm7-cache8x"));
    assert_int_equal(ls.n, 0);
    assert_true(
        original_labels(&ls, "run_12_of_2025-cpu20-sys0-io5-pipe0-vm1-cache0"));
    assert_string_equal(labels_get(&ls, "run_index"), "12");
    assert_string_equal(labels_get(&ls, "run_total"), "2025");
    assert_string_equal(labels_get(&ls, "load.cpu"), "20");
    assert_string_equal(labels_get(&ls, "load.cache"), "0");
    assert_string_equal(labels_get(&ls, "workload"), "cpu+io+vm");
    assert_true(
        original_labels(&ls, "run_1_of_2025-cpu0-sys0-io0-pipe0-vm0-cache0"));
    assert_string_equal(labels_get(&ls, "workload"), "idle");
    labels_release(&ls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(quotes_bom_and_line_ends_are_taken),
        cmocka_unit_test(bad_rows_say_why_and_the_next_is_read),
        cmocka_unit_test(hostile_bytes_are_bad_rows),
        cmocka_unit_test(headings_must_fit_the_map),
        cmocka_unit_test(bad_maps_are_refused_with_their_line),
        cmocka_unit_test(the_original_names_its_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
