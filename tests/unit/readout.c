#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "formats/readout.h"

/* Lines that come of n predictions, step apart, the first at t0; on the heap.
 */
static char *lines(int n, int64_t t0_ns, int64_t step_ns, struct prediction p)
{
    char *text = NULL;
    size_t len;
    struct readout r = {.f = open_memstream(&text, &len)};

    assert_non_null(r.f);
    for (int i = 0; i < n; i++) {
        p.t_ns = t0_ns + i * step_ns;
        readout_add(&r, &p);
    }
    readout_end(&r);
    fclose(r.f);
    return text;
}

static int count(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static const struct prediction known = {.power_w = 41.2f,
                                        .lower_w = {[INTERVAL_90] = 35},
                                        .upper_w = {[INTERVAL_90] = 48.1f},
                                        .support = 0.5f,
                                        .measured_w = 40.8f};

static void what_is_known_is_said(void **state)
{
    char *text;

    (void)state;
    text = lines(1, 0, 1, known);
    assert_string_equal(text, "00:00:00    41.20 W  (35.0 to 48.1)  measured "
                              "  40.80 W, error +0.40 W  support 0.50\n");
    free(text);
    text = lines(1, 0, 1,
                 (struct prediction){.power_w = 7,
                                     .lower_w = {[INTERVAL_90] = NAN},
                                     .upper_w = {[INTERVAL_90] = NAN},
                                     .support = 1,
                                     .measured_w = NAN});
    assert_string_equal(text, "00:00:00     7.00 W  support 1.00\n");
    free(text);
}

static void a_line_a_second(void **state)
{
    char *text;

    (void)state;
    text = lines(625, 0, 16 * NS_PER_MS, known); /* 10 s */
    assert_in_range(count(text), 11, 12);
    free(text);
    text = lines(10, 0, NS_PER_S, known);
    assert_int_equal(count(text), 10);
    free(text);
    text = lines(10, 0, NS_PER_S - 1000, known); /* ticks a little early */
    assert_int_equal(count(text), 10);
    free(text);
    text = lines(5, 0, 10 * NS_PER_S, known);
    assert_int_equal(count(text), 5);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_said),
        cmocka_unit_test(a_line_a_second),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
