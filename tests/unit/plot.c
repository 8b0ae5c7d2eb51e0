/* What pictures keep of long streams; the text that gnuplot is told; principal
 * components. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/math/principal.h"
#include "common/plot/canvas.h"
#include "common/plot/timebins.h"

/* However many rows come, each is in one bin, and the extremes are those of
 * all. */
static void test_timebins(void **state)
{
    struct timebins b;
    double sum = 0;
    float min = INFINITY, max = -INFINITY;
    uint64_t n = 0, breaks = 0;
    int64_t t = 0;

    (void)state;
    timebins_init(&b, 2);
    for (int i = 0; i < 100000; i++) {
        float v[2] = {(float)((i * 7919) % 1000), i % 3 ? NAN : 1};

        t += 1000000 * (1 + i % 5);
        timebins_add(&b, t, v, i % 10000 == 0);
    }
    assert_true(b.last < TIMEBINS && b.last >= TIMEBINS / 2);
    for (int64_t i = 0; i <= b.last; i++) {
        const struct timebin *bin = timebins_at(&b, i, 0);

        breaks += b.broken[i];
        if (bin->n == 0)
            continue;
        n += bin->n;
        sum += bin->sum;
        min = bin->min < min ? bin->min : min;
        max = bin->max > max ? bin->max : max;
    }
    assert_int_equal(n, 100000);
    assert_true(fabs(sum - 100000 * 499.5) < 1e-6);
    assert_true(min == 0 && max == 999);
    assert_int_equal(breaks, 10);
    assert_true(timebins_any(&b, 1));
    timebins_release(&b);
}

static void test_far(void **state)
{
    struct timebins b;
    float v = 3;

    (void)state;
    timebins_init(&b, 1);
    timebins_add(&b, 0, &v, true);
    timebins_add(&b, INT64_MAX / 2, &v, false);
    assert_true(b.last > 0 && b.last < TIMEBINS);
    assert_int_equal(timebins_at(&b, 0, 0)->n + timebins_at(&b, b.last, 0)->n,
                     2);
    timebins_release(&b);
}

static void quoted(const char *text, size_t most, bool tic, const char *want)
{
    struct canvas c;

    canvas_open(&c, CANVAS_GNUPLOT, 0, 0, NULL);
    (tic ? canvas_quote_tic : canvas_quote)(&c, text, most);
    fflush(c.f);
    assert_string_equal(c.text, want);
    canvas_close(&c);
}

static void test_quote(void **state)
{
    (void)state;
    quoted("a b_1", 0, false, "\"a b_1\"");
    quoted(
        "\"; system 'x' `y` \\ $z @a #b", 0, false,
        "\"\\042; system \\047x\\047 \\140y\\140 \\134 \\044z \\100a \\043b\"");
    quoted("50 %", 0, false, "\"50 \\045\"");
    quoted("50 %", 0, true, "\"50 \\045\\045\"");
    quoted("a\nb\tc\033[1m\177", 0, false, "\"a?b?c?[1m?\"");
    quoted("\xc3\xa4\xff\xe2\x82", 0, false, "\"\xc3\xa4???\"");
    quoted("abcdef", 4, false, "\"abc\xe2\x80\xa6\"");
    quoted("abcd", 4, false, "\"abcd\"");
}

/* Two features that move as one, a third by itself: known eigenvectors. */
static void test_principal(void **state)
{
    float x[8 * 4];
    struct principal p;
    double at[2], other[2];

    (void)state;
    for (int i = 0; i < 8; i++) {
        float a = i & 1 ? 1 : -1, b = i & 2 ? 1 : -1;
        float row[4] = {100 + 5 * a, -2 * a, 7 * b, 42};

        for (int j = 0; j < 4; j++)
            x[i * 4 + j] = row[j];
    }
    principal_fit(&p, x, 8, 4);
    assert_true(fabs(p.share[0] - 2. / 3) < 1e-9);
    assert_true(fabs(p.share[1] - 1. / 3) < 1e-9);
    assert_true(fabs(fabs(p.axis[0]) - sqrt(.5)) < 1e-6);
    assert_true(fabs(p.axis[0] + p.axis[1]) < 1e-6); /* opposite ways */
    assert_true(fabs(fabs(p.axis[4 + 2]) - 1) < 1e-6);
    assert_true(p.axis[3] == 0 && p.axis[7] == 0); /* never changes */
    principal_place(&p, x, at);
    principal_place(&p, x + 4, other);
    assert_true(fabs(fabs(at[0]) - sqrt(2)) < 1e-6);
    assert_true(fabs(at[0] + other[0]) < 1e-6);
    assert_true(fabs(at[1] - other[1]) < 1e-6);
    principal_release(&p);
    principal_fit(&p, x, 1, 4); /* one row: nothing varies */
    principal_place(&p, x, at);
    assert_true(at[0] == 0 && at[1] == 0 && p.share[0] == 0);
    principal_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timebins), cmocka_unit_test(test_far),
        cmocka_unit_test(test_quote), cmocka_unit_test(test_principal)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
