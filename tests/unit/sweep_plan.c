#include "common/sweep/sweep_plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/sweep/load_steps.h"
#include "formats/config.h"

static struct err e;
static struct node *root;
static struct sweep_spec spec;
static struct sweep_plan plan;

static void make(const char *yaml, unsigned cpus)
{
    if (config_parse(&root, "test.yaml", yaml, strlen(yaml), &e) < 0 ||
        sweep_spec_read(&spec, root, cpus, &e) < 0 ||
        sweep_plan_make(&plan, &spec, &e) < 0)
        fail_msg("%s", e.msg);
}

static int done(void **state)
{
    (void)state;
    sweep_plan_release(&plan);
    sweep_spec_release(&spec);
    node_free(root);
    root = NULL;
    return 0;
}

static void shares_are_rounded_down(void **state)
{
    static const struct {
        const char *text;
        unsigned cpus, workers;
    } good[] = {{"0", 9, 0},    {"17", 9, 17},      {"N", 9, 9},
                {"N/4", 9, 2},  {"2N", 9, 18},      {"3N/4", 9, 6},
                {"N/16", 9, 0}, {"65536", 1, 65536}};
    static const char *const bad[] = {"",
                                      "n",
                                      "N/0",
                                      "N/",
                                      "-1",
                                      "1.5",
                                      "2N/x",
                                      "4 N",
                                      "NN",
                                      "N/4 ",
                                      "65537",
                                      "65536N",
                                      "99999999999999999999"};
    unsigned workers;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(workers_parse(good[i].text, good[i].cpus, &workers),
                         0);
        assert_int_equal(workers, good[i].workers);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(workers_parse(bad[i], 4, &workers), -1);
}

static void equal_levels_are_one(void **state)
{
    (void)state;
    make("parts:\n - combine:\n"
         "    - {stressor: cpu, levels: [0, N/4, N/2, N, 2N]}\n"
         "    - {stressor: vm, levels: 1}\n",
         2);
    assert_int_equal(plan.n, 4); /* 0, 1, 2, 4 */
    assert_string_equal(plan.run[0].name, "run_1_of_4-cpu0-vm1");
    assert_string_equal(plan.run[0].workload, "vm");
    assert_string_equal(plan.run[3].name, "run_4_of_4-cpu4-vm1");
    assert_string_equal(plan.run[3].workload, "cpu+vm");
    assert_int_equal(plan.total_ns, 4 * 63 * NS_PER_S);
}

/* The words that a run starts, joined. */
static char *words(const struct strings *argv)
{
    return strings_join(argv, " ");
}

static void idle_kinds_differ(void **state)
{
    struct load_steps ls;
    char *text;

    (void)state;
    make("times: {run: 3s, cool_down: 2s}\n"
         "parts:\n - idle: plain\n - idle: after_load\n - idle: timers\n"
         " - idle: long\n   times: {run: 1m}\n"
         " - combine: [{stressor: cpu, levels: 0}]\n",
         4);
    assert_int_equal(plan.n, 5);
    for (size_t i = 0; i < plan.n; i++) {
        assert_true(sweep_run_is_idle(&plan.run[i]));
        assert_string_equal(plan.run[i].workload, "idle");
        load_steps_make(&ls, &plan.run[i]);
        assert_int_equal(ls.n, 1);
        assert_int_equal(ls.at[0].to_ns, (i == 3 ? 60 : 3) * NS_PER_S);
        text = words(i == 2 ? &ls.at[0].argv : &ls.before);
        assert_string_equal(
            text, i == 1   ? "stress-ng --cpu 4 --metrics-brief --timeout 2s"
                  : i == 2 ? "stress-ng --timer 1 --timer-freq 1000 "
                             "--metrics-brief --timeout 3s"
                           : "");
        free(text);
        load_steps_release(&ls);
    }
}

static void a_pattern_is_steps_of_load(void **state)
{
    struct load_steps ls;
    int64_t at = 0;
    bool other = false;
    char *text;

    (void)state;
    make(
        "times: {run: 10s}\n"
        "parts:\n - {pattern: random, stressors: [cpu, matrix], step: 300ms}\n",
        8);
    load_steps_make(&ls, &plan.run[0]);
    assert_int_equal(ls.n, 34);
    for (size_t i = 0; i < ls.n; i++) {
        assert_int_equal(ls.at[i].from_ns, at);
        at = ls.at[i].to_ns;
        text = words(&ls.at[i].argv);
        other = other || strstr(text, "--matrix ");
        if (strstr(text, "--cpu "))
            assert_non_null(strstr(text, "--cpu 8 --cpu-load "));
        else
            assert_null(strstr(text, "--cpu-load"));
        free(text);
    }
    assert_int_equal(at, 10 * NS_PER_S);
    assert_true(other);
    load_steps_release(&ls);
}

enum { STEPS = 6000 };

static const double *levels(enum pattern_kind kind, uint64_t seed, size_t n)
{
    static double level[STEPS];
    struct pattern p = {kind, 20, 80, NS_PER_S, 60 * NS_PER_S};

    pattern_levels(&p, seed, n, level);
    for (size_t i = 0; i < n; i++)
        if (level[i] < 20 || level[i] > 80)
            fail_msg("%s: %g", pattern_kind_name(kind), level[i]);
    return level;
}

static double mean(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static void patterns_stay_in_range_and_repeat(void **state)
{
    double first[100];

    (void)state;
    for (int k = PATTERN_RANDOM; k <= PATTERN_MIXED; k++) {
        enum pattern_kind kind = (enum pattern_kind)k;

        levels(kind, 7, STEPS);
        memcpy(first, levels(kind, 7, 100), sizeof first);
        assert_memory_equal(first, levels(kind, 7, STEPS), sizeof first);
        if (kind == PATTERN_SINE || kind == PATTERN_STEPS)
            assert_memory_equal(first, levels(kind, 8, 100), sizeof first);
        else
            assert_memory_not_equal(first, levels(kind, 8, 100), sizeof first);
    }
}

static void patterns_are_what_they_are_called(void **state)
{
    const double *x = levels(PATTERN_SINE, 1, 60);
    size_t high = 0;

    (void)state;
    for (size_t i = 0; i < 60; i++)
        assert_true(fabs(x[i] - (50 - 30 * cos(M_PI * (double)i / 30))) < 1e-9);
    x = levels(PATTERN_STEPS, 1, 60); /* 20 35 50 65 80 80 65 50 35 20 */
    for (size_t i = 3; i < 60; i += 6)
        assert_true(x[i] == 20 + 15 * (double)(i < 30 ? i / 6 : (59 - i) / 6));
    x = levels(PATTERN_RANDOM, 1, STEPS);
    assert_true(fabs(mean(x, STEPS) - 50) < 1.5); /* 6 s.e. */
    x = levels(PATTERN_BURST, 1, STEPS);
    for (size_t i = 0; i < STEPS; i++) {
        assert_true(x[i] == 20 || x[i] == 80);
        high += x[i] == 80;
    }
    assert_true(fabs((double)high / STEPS - .3) < .036);
    x = levels(PATTERN_BROWNIAN, 1, STEPS);
    for (size_t i = 1; i < STEPS; i++)
        assert_true(fabs(x[i] - x[i - 1]) <= 15);
}

/* Each period of `mixed` is that period of one of the others. */
static void a_mixture_is_made_of_the_others(void **state)
{
    enum { PERIOD = 60 };
    static double others[PATTERN_MIXED][STEPS];
    size_t used[PATTERN_MIXED] = {0};
    const double *x;

    (void)state;
    for (int k = 0; k < PATTERN_MIXED; k++)
        memcpy(others[k], levels((enum pattern_kind)k, 3, STEPS),
               sizeof others[k]);
    x = levels(PATTERN_MIXED, 3, STEPS);
    for (size_t at = 0; at < STEPS; at += PERIOD) {
        int k = 0;

        while (k < PATTERN_MIXED &&
               memcmp(x + at, others[k] + at, PERIOD * sizeof *x) != 0)
            k++;
        assert_true(k < PATTERN_MIXED);
        used[k]++;
    }
    for (int k = 0; k < PATTERN_MIXED; k++)
        assert_true(used[k] >= 5); /* of 100; 20 are expected */
}

static void a_shuffle_keeps_every_run(void **state)
{
    unsigned char seen[101] = {0};
    size_t moved = 0;

    (void)state;
    make("order: shuffled\nparts:\n - idle: plain\n   count: 100\n", 1);
    for (size_t i = 0; i < plan.n; i++) {
        moved += plan.run[i].number != i + 1;
        assert_int_equal(seen[plan.run[i].number]++, 0);
    }
    assert_int_equal(plan.n, 100);
    assert_true(moved > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_rounded_down),
        cmocka_unit_test_teardown(equal_levels_are_one, done),
        cmocka_unit_test_teardown(idle_kinds_differ, done),
        cmocka_unit_test_teardown(a_pattern_is_steps_of_load, done),
        cmocka_unit_test(patterns_stay_in_range_and_repeat),
        cmocka_unit_test(patterns_are_what_they_are_called),
        cmocka_unit_test(a_mixture_is_made_of_the_others),
        cmocka_unit_test_teardown(a_shuffle_keeps_every_run, done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
