/* The table writer: quoting, numbers, header lines. */
#include "formats/text.h"

#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/pack.h"
#include "common/base/rng.h"

static char path[] = "/tmp/rapl-unit-text.XXXXXX";

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void assert_written(const char *expected)
{
    char got[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    fclose(f);
    assert_string_equal(got, expected);
}

/* Two rows that hold all that is awkward. */
static void write_table(enum text_format format, bool rows)
{
    struct text_writer *w;
    struct err e;

    assert_int_equal(text_writer_open(&w, path, format, &e), 0);
    text_column(w, "name");
    text_column(w, "a,b|c");
    text_column(w, "n");
    if (rows) {
        text_string(w, "tab\tquote\"line\nback\\bar|");
        text_real(w, NAN);
        text_u64(w, UINT64_MAX);
        assert_int_equal(text_row(w, &e), 0);
        text_string(w, NULL);
        text_fixed(w, 2.0 / 3, 3);
        text_int(w, INT64_MIN);
        assert_int_equal(text_row(w, &e), 0);
    }
    assert_int_equal(text_writer_close(w, &e), 0);
}

static void quotes_csv(void **state)
{
    (void)state;
    write_table(TEXT_CSV, true);
    assert_written("name,\"a,b|c\",n\n"
                   "\"tab\tquote\"\"line\nback\\bar|\",,"
                   "18446744073709551615\n"
                   ",0.667,-9223372036854775808\n");
    write_table(TEXT_CSV, false);
    assert_written("name,\"a,b|c\",n\n");
}

static void escapes_tsv(void **state)
{
    (void)state;
    write_table(TEXT_TSV, true);
    assert_written("name\ta,b|c\tn\n"
                   "tab\\tquote\"line\\nback\\\\bar|\t\t"
                   "18446744073709551615\n"
                   "\t0.667\t-9223372036854775808\n");
}

static void escapes_markdown(void **state)
{
    (void)state;
    write_table(TEXT_MD, true);
    assert_written("| name | a,b\\|c | n |\n"
                   "| --- | --- | --- |\n"
                   "| tab quote\"line back\\\\bar\\| |  | "
                   "18446744073709551615 |\n"
                   "|  | 0.667 | -9223372036854775808 |\n");
}

static void escapes_json(void **state)
{
    static const char first[] =
        "{\"name\":\"tab\\u0009quote\\\"line\\u000aback\\\\bar|\","
        "\"a,b|c\":null,\"n\":18446744073709551615}";
    static const char second[] =
        "{\"name\":null,\"a,b|c\":0.667,\"n\":-9223372036854775808}";
    char expected[512];

    (void)state;
    write_table(TEXT_JSONL, true);
    snprintf(expected, sizeof expected, "%s\n%s\n", first, second);
    assert_written(expected);
    write_table(TEXT_JSONL, false);
    assert_written("");
    write_table(TEXT_JSON, true);
    snprintf(expected, sizeof expected, "{\"rows\":[\n%s,\n%s\n]}\n", first,
             second);
    assert_written(expected);
    write_table(TEXT_JSON, false);
    assert_written("{\"rows\":[]}\n");
}

static void write_json_string(const char *s)
{
    struct text_writer *w;
    struct err e;

    assert_int_equal(text_writer_open(&w, path, TEXT_JSONL, &e), 0);
    text_column(w, "s");
    text_string(w, s);
    assert_int_equal(text_row(w, &e), 0);
    assert_int_equal(text_writer_close(w, &e), 0);
}

static void json_is_always_utf8(void **state)
{
    (void)state;
    write_json_string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x8b");
    assert_written("{\"s\":\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x8b\"}\n");
    write_json_string("a\xff\xc3");
    assert_written("{\"s\":\"a\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    write_json_string("\xc0\xaf"); /* overlong */
    assert_written("{\"s\":\"\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    write_json_string("\xed\xa0\x80"); /* a surrogate */
    assert_written("{\"s\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

static void infinity_is_no_json(void **state)
{
    struct text_writer *w;
    struct err e;

    (void)state;
    for (int format = TEXT_CSV; format <= TEXT_JSONL; format++) {
        assert_int_equal(text_writer_open(&w, path, format, &e), 0);
        text_column(w, "v");
        text_real(w, -INFINITY);
        assert_int_equal(text_row(w, &e), 0);
        assert_int_equal(text_writer_close(w, &e), 0);
        assert_written(format == TEXT_JSONL ? "{\"v\":null}\n" : "v\n-inf\n");
    }
}

static void columns_may_change_in_json_lines(void **state)
{
    struct text_writer *w;
    struct err e;

    (void)state;
    assert_int_equal(text_writer_open(&w, path, TEXT_JSONL, &e), 0);
    text_column(w, "a");
    text_int(w, 1);
    assert_int_equal(text_row(w, &e), 0);
    text_columns_clear(w);
    text_column(w, "b");
    text_int(w, -2);
    assert_int_equal(text_row(w, &e), 0);
    assert_int_equal(text_writer_close(w, &e), 0);
    assert_written("{\"a\":1}\n{\"b\":-2}\n");
}

static void numbers_are_short(void **state)
{
    static const struct {
        double v;
        const char *text;
    } expected[] = {
        {0, "0"},           {-0.0, "-0"},       {0.1, "0.1"},
        {-45.25, "-45.25"}, {1e6, "1000000"},   {0.05, "0.05"},
        {1e22, "1e+22"},    {1e-300, "1e-300"}, {1.0 / 3, "0.3333333333333333"},
        {NAN, "nan"},       {-INFINITY, "-inf"}};
    char text[TEXT_NUMBER];

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        text_format_f64(text, expected[i].v);
        assert_string_equal(text, expected[i].text);
    }
    assert_int_equal(text_format_f32(text, 0.1f), 3);
    assert_string_equal(text, "0.1");
}

static void numbers_read_back(void **state)
{
    char text[TEXT_NUMBER];
    struct rng r;

    (void)state;
    rng_init(&r, 1, 0);
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = rng_next(&r);
        float f = f32_of_bits((uint32_t)bits), watts;
        double d = f64_of_bits(bits);

        if (isfinite(d)) {
            assert_true(text_format_f64(text, d) < TEXT_NUMBER);
            assert_true(strtod(text, NULL) == d);
        }
        if (isfinite(f)) {
            assert_true(text_format_f32(text, f) < TEXT_NUMBER);
            assert_true(strtof(text, NULL) == f);
        }
        watts = (float)rng_uniform(&r, 0, 200);
        text_format_f32(text, watts);
        assert_true(strtof(text, NULL) == watts);
    }
}

static void full_disk_is_told(void **state)
{
    struct text_writer *w;
    struct err e;

    (void)state;
    assert_int_equal(text_writer_open(&w, "/dev/full", TEXT_CSV, &e), 0);
    text_column(w, "a");
    assert_int_equal(text_writer_close(w, &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_int_equal(text_writer_open(&w, "/nowhere/x", TEXT_CSV, &e), -1);
    assert_null(w);
    assert_int_equal(text_writer_close(w, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_csv),
        cmocka_unit_test(escapes_tsv),
        cmocka_unit_test(escapes_markdown),
        cmocka_unit_test(escapes_json),
        cmocka_unit_test(json_is_always_utf8),
        cmocka_unit_test(infinity_is_no_json),
        cmocka_unit_test(columns_may_change_in_json_lines),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(numbers_read_back),
        cmocka_unit_test(full_disk_is_told),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
