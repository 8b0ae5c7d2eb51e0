/*
 * The frequency probe: its arithmetic and its judgement, on a clock that the
 * test sets, as once recorded and as disturbed; and once on this processor.
 */
#include <math.h>

#include "common/probe/chain.h"
#include "common/probe/freq.h"
#include "tests/unit/tree.h"

/*
 * A core whose chains take ticks_per_cycle, with what reading the counter
 * takes; extra[i] is what disturbs the i-th chain that is timed.
 */
struct core {
    double ticks_per_cycle, latency;
    uint64_t overhead, quantum;
    const uint64_t *extra;
    size_t n_extra, timed;
    uint64_t noise; /* nonzero: each chain takes another time */
};

static uint64_t time_on_core(void *arg, enum chain chain, size_t n)
{
    struct core *c = arg;
    double cycles = (double)n * (chain == CHAIN_MULTIPLY ? c->latency : 1);
    uint64_t ticks = (uint64_t)lround(cycles * c->ticks_per_cycle);

    ticks += c->overhead;
    if (c->timed < c->n_extra)
        ticks += c->extra[c->timed];
    ticks += c->noise * (c->timed * c->timed % 7);
    c->timed++;
    return c->quantum ? ticks / c->quantum * c->quantum : ticks;
}

static void begin(struct freq_probe *p, struct core *c)
{
    struct chain_timer timer = {time_on_core, c};

    if (freq_probe_init(p, &timer, 3, &e) < 0)
        fail_msg("%s", e.msg);
    assert_true(p->cycles == 0 && p->ticks == 0 && p->rejected == 0);
    c->timed = 0;
}

/* Seen in a guest: 0.778 ticks a cycle, 2.3 GHz by the name, 2.95 in truth. */
static void cycles_and_ticks_give_the_ratio(void **state)
{
    struct core c = {.ticks_per_cycle = .778, .latency = 3, .overhead = 41};
    struct freq_probe p;

    (void)state;
    begin(&p, &c);
    assert_true(freq_probe_measure(&p));
    assert_int_equal(p.cycles, 2 * 2048 * 3);
    assert_true(fabs((double)p.ticks / (double)p.cycles - .778) < 1e-3);
    assert_true(freq_probe_measure(&p));
    assert_int_equal(p.cycles, 4 * 2048 * 3);
    assert_int_equal(p.rejected, 0);
    assert_int_equal(c.timed, 8); /* two runs of two chains each time */
}

/* The counter of some processors moves by many ticks at once. */
static void a_coarse_counter_is_right_on_average(void **state)
{
    struct core c = {
        .ticks_per_cycle = .7037, .latency = 3, .overhead = 40, .quantum = 26};
    struct freq_probe p;

    (void)state;
    begin(&p, &c);
    for (int i = 0; i < 100; i++) {
        c.overhead = 40 + (uint64_t)i * 7 % 26;
        assert_true(freq_probe_measure(&p));
    }
    assert_true(fabs((double)p.ticks / (double)p.cycles - .7037) < .7037 / 200);
}

static void disturbed_runs_are_thrown_away_and_repeated(void **state)
{
    /* long and short chain of one run after another */
    static const struct {
        uint64_t extra[2 * FREQ_RUNS];
        uint64_t rejected;
    } cases[] = {
        {{0}, 0},
        {{5000}, 1},             /* the first run, say a cold cache */
        {{0, 0, 400}, 1},        /* the second, by the least interrupt */
        {{0, 400}, 0},           /* a short chain: there is another */
        {{900, 0, 0, 0, 77}, 1}, /* the last of three by next to nothing */
        {{26000000, 0, 300, 0, 0, 0, 10000, 0, 0}, 3}, /* stolen, then more */
        {{800, 0, 801}, 0},       /* the like of which no chance makes */
        {{800, 0, 0, 0, 801}, 2}, /* two agree, and a shorter one is truth */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct core c = {.ticks_per_cycle = .9, .latency = 3};
        struct freq_probe p;
        double ratio;

        begin(&p, &c);
        c.extra = cases[i].extra;
        c.n_extra = 2 * FREQ_RUNS;
        assert_true(freq_probe_measure(&p));
        ratio = (double)p.ticks / (double)p.cycles;
        if (p.rejected != cases[i].rejected ||
            (i != 6 && fabs(ratio / .9 - 1) > .02))
            fail_msg("case %zu: %.4f, %d rejected", i, ratio, (int)p.rejected);
    }
}

/* What cannot be measured is not counted, and it is said how often. */
static void where_no_two_agree_nothing_is_counted(void **state)
{
    uint64_t extra[2 * FREQ_RUNS] = {0};
    struct core c = {.ticks_per_cycle = .9, .latency = 3};
    struct freq_probe p;

    (void)state;
    begin(&p, &c);
    for (size_t i = 0; i < FREQ_RUNS; i++)
        extra[2 * i] = 1000 + 700 * i * i;
    c.extra = extra;
    c.n_extra = 2 * FREQ_RUNS;
    assert_false(freq_probe_measure(&p));
    assert_int_equal(p.cycles, 0);
    assert_int_equal(p.ticks, 0);
    assert_int_equal(p.rejected, FREQ_RUNS);
    assert_true(freq_probe_measure(&p));
    assert_int_equal(p.cycles, 2 * 2048 * 3);
}

/* A processor that multiplies otherwise, an emulator: off, and it says why. */
static void an_unknown_latency_turns_it_off(void **state)
{
    struct core c = {.ticks_per_cycle = .9, .latency = 4, .overhead = 30};
    struct chain_timer timer = {time_on_core, &c};
    struct freq_probe p;

    (void)state;
    assert_int_equal(freq_probe_init(&p, &timer, 3, &e), -1);
    assert_non_null(strstr(e.msg, "takes 4.00 additions, not 3"));
    assert_int_equal(freq_probe_init(&p, &timer, 0, &e), 0);
    assert_int_equal(p.latency, 4);
    c.latency = 1;
    assert_int_equal(freq_probe_init(&p, &timer, 0, &e), -1);
    c.latency = 3.4;
    assert_int_equal(freq_probe_init(&p, &timer, 3, &e), -1);
    assert_int_equal(freq_probe_init(&p, &timer, 0, &e), -1);
    c.latency = 3;
    c.noise = 900;
    assert_int_equal(freq_probe_init(&p, &timer, 3, &e), -1);
    c = (struct core){.latency = 3}; /* a counter that stands still */
    assert_int_equal(freq_probe_init(&p, &timer, 3, &e), -1);
    assert_non_null(strstr(e.msg, "never takes the same time twice"));
}

/* A machine so busy at the start that the check has to be repeated. */
static void the_check_is_repeated_where_it_is_disturbed(void **state)
{
    static uint64_t extra[4 * 8 * FREQ_RUNS]; /* 8 measurements, 2 chains */
    struct core c = {.ticks_per_cycle = .9, .latency = 3};
    struct chain_timer timer = {time_on_core, &c};
    struct freq_probe p;

    (void)state;
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i += 2)
        extra[i] = 100 + 500 * (i % 23);
    c.extra = extra;
    c.n_extra = sizeof extra / sizeof *extra;
    assert_int_equal(freq_probe_init(&p, &timer, 3, &e), 0);
}

/* ---- the counter ---- */

static void the_counter_must_run_at_one_rate(void **state)
{
    (void)state;
#if defined __x86_64__
    assert_int_equal(
        chain_counter_check("fpu constant_tsc rep_good nonstop_tsc", &e), 0);
    assert_int_equal(chain_counter_check("fpu constant_tsc rep_good", &e), -1);
    assert_non_null(strstr(e.msg, "lack constant_tsc nonstop_tsc"));
    assert_int_equal(
        chain_counter_check("constant_tsc_x xnonstop_tsc constant_tsc", &e),
        -1);
    assert_int_equal(chain_counter_check("", &e), -1);
    assert_int_equal(chain_counter_check(NULL, &e), -1);
#endif
}

static void the_rate_is_that_between_two_readings(void **state)
{
    const struct chain_reading a = {1000, 1100, 5000000};
    const struct chain_reading b = {1000 + 11500000, 1140 + 11500000, 10000000};
    const struct chain_reading far = {UINT64_MAX, 1099, 1000000000000};

    (void)state;
    assert_int_equal(chain_khz_between(&a, &b), 2300004); /* 20 ticks in 5 ms */
    assert_int_equal(chain_khz_between(&a, &a), 0);
    assert_int_equal(chain_khz_between(&b, &a), 0);
    assert_int_equal(chain_khz_between(&a, &far), 0);
}

/* Moved to a host with another counter; paused; a busy second. */
static void another_rate_is_believed_the_second_time(void **state)
{
    static const struct {
        uint64_t found, khz;
    } checks[] = {{2300000, 2300000}, {2301000, 2300000}, {2300900, 2300000},
                  {9999999, 2300000}, {2300000, 2300000}, {2700000, 2300000},
                  {0, 2300000},       {2700000, 2300000}, {2700100, 2700100},
                  {2700000, 2700100}, {0, 2700100},       {0, 2700100}};
    struct freq_rate rate = {.khz = 2300000};

    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        freq_rate_check(&rate, checks[i].found);
        assert_int_equal(rate.khz, checks[i].khz);
    }
}

/* ---- the source ---- */

static void a_counter_that_may_change_its_rate_turns_it_off(void **state)
{
    const struct roots roots = {.proc = FIXTURE "container/proc",
                                .sys = FIXTURE "container/sys"};

    (void)state;
    open_and_read(&roots, "stat,freq");
    assert_int_equal(channels_find(&probe.channels, "freq.cycles"), -1);
    assert_non_null(strstr(probe.part[1].absent.msg, "the frequency probe is "
                                                     "off: this processor's"));
    probe_close(&probe);
}

/* Here, whatever here is: off with a reason, or figures that hang together. */
static void on_this_processor_it_is_off_or_sensible(void **state)
{
    const struct roots roots = {.proc = "/proc", .sys = "/sys"};
    uint64_t cycles;

    (void)state;
    open_and_read(&roots, "stat,freq");
    if (channels_find(&probe.channels, "freq.cycles") < 0) {
        print_message("# %s\n", probe.part[1].absent.msg);
        assert_true(strlen(probe.part[1].absent.msg) > 20);
    } else {
        cycles = value("freq.cycles");
        for (int i = 0; i < 100; i++)
            assert_int_equal(probe_read(&probe, cells, &e), 0);
        assert_true(value("freq.khz") > 10000); /* 10 MHz to 10 GHz */
        assert_true(value("freq.khz") < 10000000);
        assert_true(value("freq.cycles") - cycles <= 100 * 12288u * 4);
        if (value("freq.cycles") > cycles) {
            double ghz = (double)value("freq.khz") * 1e-6 *
                         (double)value("freq.cycles") /
                         (double)value("freq.ticks");

            assert_true(ghz > .1 && ghz < 10);
        } else {
            assert_true(value("freq.rejected") >= 100 * FREQ_RUNS);
        }
    }
    probe_close(&probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_and_ticks_give_the_ratio),
        cmocka_unit_test(a_coarse_counter_is_right_on_average),
        cmocka_unit_test(disturbed_runs_are_thrown_away_and_repeated),
        cmocka_unit_test(where_no_two_agree_nothing_is_counted),
        cmocka_unit_test(an_unknown_latency_turns_it_off),
        cmocka_unit_test(the_check_is_repeated_where_it_is_disturbed),
        cmocka_unit_test(the_counter_must_run_at_one_rate),
        cmocka_unit_test(the_rate_is_that_between_two_readings),
        cmocka_unit_test(another_rate_is_believed_the_second_time),
        cmocka_unit_test(a_counter_that_may_change_its_rate_turns_it_off),
        cmocka_unit_test(on_this_processor_it_is_off_or_sensible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
