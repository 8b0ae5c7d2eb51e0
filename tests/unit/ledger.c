/* What the ledger counts, against figures worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/recorder/ledger.h"

static struct channels channels;
static struct ledger l, other;

static int set_up(void **state)
{
    (void)state;
    channels_add(&channels, "cpu.user", "tick", CHANNEL_U64, CHANNEL_COUNTER,
                 0);
    channels_add(&channels, "energy:psys", "uJ", CHANNEL_U64, CHANNEL_COUNTER,
                 1000);
    channels_add(&channels, "procs_running", "1", CHANNEL_U64, CHANNEL_GAUGE,
                 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    channels_release(&channels);
    return 0;
}

static void assert_fact(const struct ledger *of, const char *key,
                        const char *value)
{
    struct labels facts = {0};
    const char *found;

    ledger_facts(of, &facts);
    found = labels_get(&facts, key);
    assert_non_null(found);
    assert_string_equal(found, value);
    labels_release(&facts);
}

/* Rows of cpu.user, energy, procs_running, one after another. */
static void put_rows(struct ledger *to, const uint64_t rows[][3], size_t n)
{
    for (size_t i = 0; i < n; i++)
        ledger_row(to, i ? rows[i - 1] : NULL, rows[i],
                   (int64_t)(1000 * (i + 1)));
}

static const uint64_t rows[][3] = {
    {5, 100, 1}, {5, 161, 9}, {7, 283, 1}, {7, 954, 2}, {9, 15, 2},
};

static void quanta_are_divisors_of_the_changes(void **state)
{
    (void)state;
    ledger_init(&l, &channels, 16 * NS_PER_MS);
    put_rows(&l, rows, 5);
    assert_fact(&l, "ledger.rows", "5");
    assert_fact(&l, "ledger.quantum.cpu.user", "step=2 mean=1 moved=0.5000");
    /* 61, 122, 671, and 61 over the wrap at 1000 */
    assert_fact(&l, "ledger.quantum.energy:psys",
                "step=61 mean=228.75 moved=1.0000");
    assert_fact(&l, "ledger.read_mean_ns", "3000");
    assert_fact(&l, "ledger.read_max_ns", "5000");
    ledger_release(&l);
}

static void lateness_has_moments_and_bins(void **state)
{
    static const int64_t late[] = {0, 999, 1000, 3000, 4000, 2000000, NS_PER_S};
    double sum = 0, squares = 0;
    char text[32];

    (void)state;
    ledger_init(&l, &channels, 16 * NS_PER_MS);
    for (int i = 0; i < 7; i++) {
        ledger_tick(&l, late[i], i == 6 ? 62 : 0);
        sum += (double)late[i];
    }
    for (int i = 0; i < 7; i++)
        squares += pow((double)late[i] - sum / 7, 2);
    assert_fact(&l, "ledger.ticks_missed", "62");
    assert_fact(&l, "ledger.ticks_late", "2"); /* by over 1.6 ms */
    assert_fact(&l, "ledger.late_max_ns", "1000000000");
    snprintf(text, sizeof text, "%.0f", sum / 7);
    assert_fact(&l, "ledger.late_mean_ns", text);
    snprintf(text, sizeof text, "%.0f", sqrt(squares / 7));
    assert_fact(&l, "ledger.late_sd_ns", text);
    assert_fact(&l, "ledger.late_histogram",
                "1us:2 2us:1 4us:1 8us:1 2048us:1 more:1");
    ledger_release(&l);
}

static void parts_add_up(void **state)
{
    (void)state;
    ledger_init(&l, &channels, NS_PER_MS);
    ledger_init(&other, &channels, NS_PER_MS);
    put_rows(&other, rows, 5);
    ledger_tick(&other, 5000, 1);
    other.bytes = 70;
    ledger_spent(&other);
    assert_true(other.cpu_ns >= 0);
    ledger_add(&l, &other);
    ledger_restart(&other);
    assert_fact(&other, "ledger.rows", "0");
    assert_fact(&other, "ledger.quantum.cpu.user",
                "step=0 mean=0 moved=0.0000");
    put_rows(&other, (const uint64_t[][3]){{9, 0, 0}, {12, 0, 0}}, 2);
    other.bytes = 7;
    ledger_add(&l, &other);
    assert_fact(&l, "ledger.rows", "7");
    assert_fact(&l, "ledger.ticks_missed", "1");
    assert_fact(&l, "ledger.bytes", "77");
    assert_fact(&l, "ledger.quantum.cpu.user", "step=1 mean=1.4 moved=0.6000");
    assert_fact(&l, "ledger.late_mean_ns", "5000");
    ledger_release(&l);
    ledger_release(&other);
}

/* What the kernel counts is counted once, over a restart too. */
static void spending_is_never_lost(void **state)
{
    int64_t before = clock_cpu_ns(), sum;
    volatile int spin;

    (void)state;
    ledger_init(&l, &channels, NS_PER_MS);
    for (spin = 0; spin < 3000000; spin++)
        ;
    ledger_spent(&l);
    sum = l.cpu_ns;
    ledger_restart(&l);
    assert_int_equal(l.cpu_ns, 0);
    for (spin = 0; spin < 3000000; spin++)
        ;
    ledger_spent(&l);
    assert_true(sum > 0 && l.cpu_ns > 0);
    assert_true(sum + l.cpu_ns <= clock_cpu_ns() - before);
    ledger_release(&l);
}

static void lines_are_for_people(void **state)
{
    struct strings lines = {0};
    char *text;

    (void)state;
    ledger_init(&l, &channels, NS_PER_MS);
    put_rows(&l, rows, 5);
    ledger_lines(&l, &lines);
    text = strings_join(&lines, "\n");
    assert_non_null(strstr(text, "5 rows, 0 ticks missed"));
    assert_non_null(strstr(text, "energy:psys: steps of 61 uJ, which is 26.67 "
                                 "% of its mean"));
    assert_null(strstr(text, "procs_running"));
    free(text);
    strings_release(&lines);
    ledger_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quanta_are_divisors_of_the_changes),
        cmocka_unit_test(lateness_has_moments_and_bins),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(spending_is_never_lost),
        cmocka_unit_test(lines_are_for_people),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
