#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/pack.h"
#include "common/base/rng.h"
#include "common/math/decimal.h"

static bool parse(const char *text, double *out)
{
    return decimal_parse(text, text + strlen(text), out);
}

static void numbers_are_those_of_strtod(void **state)
{
    static const char *const text[] = {
        "0",
        "-0",
        "1",
        "+1",
        "007",
        "3.14159",
        "-2.5e3",
        "1e-7",
        "1.",
        ".5",
        "9e22",
        "1e23",
        "1e308",
        "5e-324",
        "1e-400",
        "0e999",
        "9007199254740993",
        "8.9404e+06",
        "123456789012345678901234567890",
        "0.1234567890123456789012345",
        "99999999999999999999e-5",
        "1430228290.123456",
        "0.000000000000000000000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        double v;

        assert_true(parse(text[i], &v));
        if (bits_of_f64(v) != bits_of_f64(strtod(text[i], NULL)))
            fail_msg("%s: %a", text[i], v);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const text[] = {
        "",      "-",      ".",   "e5",  "1e",  "1e+",  "nan",
        "inf",   "-inf",   "0x1", " 1",  "1 ",  "1,5",  "1.2.3",
        "1e400", "-1e400", "1W",  "--1", "+-1", "1e5x", "-N/A-",
    };
    static const char with_nul[] = {'1', 0, '2'};
    char digits[400];
    double v = 7;

    (void)state;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (parse(text[i], &v))
            fail_msg("'%s' was taken", text[i]);
    assert_false(decimal_parse(with_nul, with_nul + 3, &v));
    memset(digits, '1', sizeof digits);
    assert_false(decimal_parse(digits, digits + sizeof digits, &v));
    assert_true(v == 7);
}

static void random_numbers_round_as_strtod_does(void **state)
{
    struct rng r;
    char text[64];

    (void)state;
    rng_init(&r, 1, 1);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = rng_next(&r);
        double v = f64_of_bits(bits), got;

        if ((bits >> 52 & 0x7ff) == 0x7ff)
            continue;
        if (i % 2)
            v = (double)(int64_t)(bits >> 20) / 1000;
        snprintf(text, sizeof text, i % 3 ? "%.17g" : "%.6g", v);
        assert_true(parse(text, &got));
        if (bits_of_f64(got) != bits_of_f64(strtod(text, NULL)))
            fail_msg("%s: %a", text, got);
    }
}

static void scaled(const char *text, int scale, int64_t want)
{
    int64_t got;

    assert_true(decimal_scaled(text, text + strlen(text), scale, &got));
    if (got != want)
        fail_msg("%s: %" PRId64, text, got);
}

static void times_are_exact(void **state)
{
    static const char *const bad[] = {"1e30", "9223372036854775808", "x", ""};
    int64_t v;

    (void)state;
    scaled("1430228290.123456789", 9, 1430228290123456789);
    scaled("1430228290", 9, 1430228290000000000);
    scaled("1.4302e9", 0, 1430200000);
    scaled("-0.5", 9, -500000000);
    scaled("1.9999999999", 9, 1999999999);
    scaled("12.75", 0, 12);
    scaled("0", 9, 0);
    scaled("1e-30", 9, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(decimal_scaled(bad[i], bad[i] + strlen(bad[i]), 0, &v));
}

static void shares_have_their_sign(void **state)
{
    static const char *const bad[] = {"",     "%",   "5",    "-1%", "101%",
                                      "nan%", "5 %", "0x1%", "1,2%"};
    double share;

    (void)state;
    assert_string_equal(decimal_share("2.5%,x%", &share), ",x%");
    assert_true(share == .025);
    assert_string_equal(decimal_share("0%", &share), "");
    assert_true(share == 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(decimal_share(bad[i], &share));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_strtod),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(random_numbers_round_as_strtod_does),
        cmocka_unit_test(times_are_exact),
        cmocka_unit_test(shares_have_their_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
