/* Splits: shares, no leaks, the same whatever the order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/split.h"

enum { NONE, TRAIN, VALID, TEST, N_RUNS = 200 };

static struct err e;

static void parse(struct split *s, const char *text, const char *ratios,
                  uint64_t seed)
{
    assert_int_equal(split_parse(s, text, ratios, seed, &e), 0);
}

/* Runs of 5 groups and uneven length; `turn` changes only their order. */
static void make_runs(struct split_run *runs, size_t turn)
{
    for (size_t i = 0; i < N_RUNS; i++) {
        size_t at = (i * 7 + turn * 31) % N_RUNS;
        char name[32], value[32];

        snprintf(name, sizeof name, "run%zu", i);
        snprintf(value, sizeof value, "group%zu", i % 5);
        runs[at] = (struct split_run){.run = strdup(name),
                                      .value = strdup(value),
                                      .rows = 50 + rng_at(3, 4, i) % 1000};
    }
}

static void free_runs(struct split_run *runs)
{
    for (size_t i = 0; i < N_RUNS; i++) {
        free(runs[i].run);
        free(runs[i].value);
    }
}

static void share_rows(const struct split_run *runs, double share[4])
{
    double total = 0;

    memset(share, 0, 4 * sizeof *share);
    for (size_t i = 0; i < N_RUNS; i++) {
        share[runs[i].part] += (double)runs[i].rows;
        total += (double)runs[i].rows;
    }
    for (int p = 0; p < 4; p++)
        share[p] /= total;
}

static void refuses_what_makes_no_sense(void **state)
{
    static const char *const bad[][2] = {
        {"runs", "80,10,10"},     {"group:", "80,10,10"},
        {"leave:a", "80,10,10"},  {"leave:=b", "80,10,10"},
        {"leave:a=", "80,10,10"}, {"run", "80,10"},
        {"run", "80,10,10,10"},   {"run", "80,-10,10"},
        {"run", "0,0,0"},         {"run", "80,10,x"},
        {"run", "nan,1,1"},       {"leave:a=b", "0,0,1"},
    };
    struct split s;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(split_parse(&s, bad[i][0], bad[i][1], 1, &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
        split_release(&s);
    }
}

static void runs_come_near_the_ratios(void **state)
{
    struct split_run runs[N_RUNS];
    struct split s;
    double share[4];

    (void)state;
    parse(&s, "run", "80,10,10", 42);
    make_runs(runs, 0);
    assert_int_equal(split_runs(&s, runs, N_RUNS, &e), 0);
    share_rows(runs, share);
    assert_float_equal(share[TRAIN], .8, .02);
    assert_float_equal(share[VALID], .1, .02);
    assert_float_equal(share[TEST], .1, .02);
    assert_true(share[NONE] == 0);
    free_runs(runs);
    split_release(&s);
}

static uint8_t part_of(const struct split_run *runs, const char *name)
{
    for (size_t i = 0; i < N_RUNS; i++)
        if (strcmp(runs[i].run, name) == 0)
            return runs[i].part;
    return 255;
}

static void the_order_of_files_changes_nothing_and_the_seed_does(void **state)
{
    struct split_run a[N_RUNS], b[N_RUNS], c[N_RUNS];
    struct split s, other;
    size_t moved = 0;

    (void)state;
    parse(&s, "run", "60,20,20", 42);
    parse(&other, "run", "60,20,20", 43);
    make_runs(a, 0);
    make_runs(b, 3);
    make_runs(c, 0);
    assert_int_equal(split_runs(&s, a, N_RUNS, &e), 0);
    assert_int_equal(split_runs(&s, b, N_RUNS, &e), 0);
    assert_int_equal(split_runs(&other, c, N_RUNS, &e), 0);
    for (size_t i = 0; i < N_RUNS; i++) {
        assert_int_equal(a[i].part, part_of(b, a[i].run));
        moved += a[i].part != part_of(c, a[i].run);
    }
    assert_true(moved > N_RUNS / 10);
    free_runs(a);
    free_runs(b);
    free_runs(c);
    split_release(&s);
    split_release(&other);
}

static void a_group_stays_together_and_each_part_gets_one(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct split_run runs[N_RUNS];
        uint8_t part[5] = {0};
        double share[4];
        struct split s;

        parse(&s, "group:workload", "80,10,10", seed);
        make_runs(runs, 1);
        assert_int_equal(split_runs(&s, runs, N_RUNS, &e), 0);
        for (size_t i = 0; i < N_RUNS; i++) {
            int g = runs[i].value[5] - '0';

            assert_true(part[g] == 0 || part[g] == runs[i].part);
            part[g] = runs[i].part;
        }
        share_rows(runs, share);
        assert_true(share[TRAIN] > 0 && share[VALID] > 0 && share[TEST] > 0);
        free_runs(runs);
        split_release(&s);
    }
}

static void the_group_left_out_is_the_test(void **state)
{
    struct split_run runs[N_RUNS];
    struct split s, nobody;
    double share[4], test = 0, total = 0;

    (void)state;
    parse(&s, "leave:workload=group2", "80,10,10", 1);
    make_runs(runs, 0);
    assert_int_equal(split_runs(&s, runs, N_RUNS, &e), 0);
    for (size_t i = 0; i < N_RUNS; i++) {
        bool left_out = strcmp(runs[i].value, "group2") == 0;

        assert_int_equal(runs[i].part == TEST, left_out);
        test += left_out ? (double)runs[i].rows : 0;
        total += (double)runs[i].rows;
    }
    share_rows(runs, share);
    assert_float_equal(share[VALID], (1 - test / total) / 9, .02);

    parse(&nobody, "leave:workload=group9", "80,10,10", 1);
    assert_int_equal(split_runs(&nobody, runs, N_RUNS, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(
        e.msg, "workload=group9; there is group0, group1, group2, group3"));
    free_runs(runs);
    split_release(&s);
    split_release(&nobody);
}

/* Both unseen: what shares one value with the test is nobody's. */
static void two_labels_left_out(void **state)
{
    char names[4][3][16], values[4][3][16];
    struct split_run runs[12];
    struct split s;

    (void)state;
    parse(&s, "leave:workload=w,1,session=s2", "50,50,0", 1);
    assert_int_equal(s.key.n, 2);
    assert_string_equal(s.value.at[0], "w,1");
    for (size_t i = 0; i < 12; i++) {
        snprintf(names[i % 4][i / 4], 16, "run%zu", i);
        snprintf(values[i % 4][i / 4], 16, "w,%zu\ns%zu", i % 4, i / 4);
        runs[i] = (struct split_run){names[i % 4][i / 4], values[i % 4][i / 4],
                                     100, 9};
    }
    assert_int_equal(split_runs(&s, runs, 12, &e), 0);
    for (size_t i = 0; i < 12; i++) {
        bool workload = i % 4 == 1, session = i / 4 == 2;

        if (workload || session)
            assert_int_equal(runs[i].part, workload && session ? TEST : NONE);
        else
            assert_true(runs[i].part == TRAIN || runs[i].part == VALID);
    }
    split_release(&s);
    parse(&s, "leave:workload=w,1,session=s7", "50,50,0", 1);
    assert_int_equal(split_runs(&s, runs, 12, &e), -1);
    assert_non_null(strstr(e.msg, "workload,session=w,1,s7; there is w,0/s0"));
    split_release(&s);
    parse(&s, "group:workload,session", "60,20,20", 1);
    assert_int_equal(s.key.n, 2);
    split_release(&s);
}

/* Windows of W rows over n: does any of one part hold a row of another's? */
static void check_no_leak(const struct split *s, uint64_t n, uint64_t W)
{
    uint8_t *owner = calloc(n, 1);
    uint64_t windows[4] = {0};

    for (uint64_t row = W - 1; row < n; row++) {
        uint8_t part = split_time(s, n, row, W);

        windows[part]++;
        for (uint64_t i = row + 1 - W; part && i <= row; i++) {
            assert_true(owner[i] == 0 || owner[i] == part);
            owner[i] = part;
        }
    }
    free(owner);
    assert_true(windows[TRAIN] > 0);
    assert_true(n < 11 * W || (windows[VALID] > 0 && windows[TEST] > 0));
}

static void time_shares_no_sample_between_parts(void **state)
{
    static const uint64_t rows[] = {1000, 999, 250, 60, 31};
    struct split s;

    (void)state;
    parse(&s, "time", "80,10,10", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_no_leak(&s, rows[i], 25);
        check_no_leak(&s, rows[i], 1);
        check_no_leak(&s, rows[i], 4);
    }
    /* in order: train, then valid, then test */
    assert_int_equal(split_time(&s, 1000, 0, 25), TRAIN);
    assert_int_equal(split_time(&s, 1000, 799, 25), TRAIN);
    assert_int_equal(split_time(&s, 1000, 800, 25), NONE);
    assert_int_equal(split_time(&s, 1000, 824, 25), NONE);
    assert_int_equal(split_time(&s, 1000, 825, 25), VALID);
    assert_int_equal(split_time(&s, 1000, 925, 25), TEST);
    split_release(&s);
}

static void shuffle_comes_near_the_ratios(void **state)
{
    uint64_t n[4] = {0}, run = split_hash("a");
    struct split s;

    (void)state;
    parse(&s, "shuffle", "8,1,1", 7);
    for (uint64_t row = 0; row < 100000; row++)
        n[split_shuffle(&s, run, row)]++;
    assert_float_equal((double)n[TRAIN], 80000, 500);
    assert_float_equal((double)n[VALID], 10000, 400);
    assert_float_equal((double)n[TEST], 10000, 400);
    assert_int_equal(n[NONE], 0);
    split_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(runs_come_near_the_ratios),
        cmocka_unit_test(the_order_of_files_changes_nothing_and_the_seed_does),
        cmocka_unit_test(a_group_stays_together_and_each_part_gets_one),
        cmocka_unit_test(the_group_left_out_is_the_test),
        cmocka_unit_test(two_labels_left_out),
        cmocka_unit_test(time_shares_no_sample_between_parts),
        cmocka_unit_test(shuffle_comes_near_the_ratios),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
