/* Signals of several channels: the clock by the probe, the spread over CPUs. */
#include "tests/unit/recording.h"

enum { CPUS = 5, FIELDS = 8 };

static const char *const fields[FIELDS] = {
    "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};

/* ---- the clock ---- */

struct clock {
    uint64_t *cycles, *ticks, *khz;
};

static struct clock add_clock(struct recording *r)
{
    struct clock c = {add_counter(r, "freq.cycles", "cycle", 0),
                      add_counter(r, "freq.ticks", "tick", 0),
                      add(r, "freq.khz", "kHz", CHANNEL_GAUGE, CHANNEL_U64, 0)};

    for (size_t i = 0; i < N; i++)
        c.khz[i] = 2300000;
    return c;
}

/* As once recorded in a guest: 0.778 ticks of 2.3 GHz a cycle are 2.956 GHz. */
static void cycles_by_ticks_are_the_clock(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    struct clock c;

    (void)state;
    start(&r, 4, 16 * NS_PER_MS);
    c = add_clock(&r);
    for (size_t i = 0; i < 4; i++) {
        c.cycles[i] = 12288 * (i < 2 ? i : i - 1);
        c.ticks[i] = 9560 * (i < 2 ? i : i - 1);
    }
    d = open_derive(&r, "cpu_ghz", "none");
    derive_all(d, &r, &out);
    assert_int_equal(out.state[1], ROW_FOLLOWS);
    assert_float_equal(out.x[0][1], 2.3 * 12288 / 9560, 1e-6);
    /* the probe was disturbed each time: that is no row, and no 0 GHz */
    assert_int_equal(out.state[2], ROW_BAD);
    assert_int_equal(out.state[3], ROW_FOLLOWS);
    assert_float_equal(out.x[0][3], 2.9563, 1e-4);
    derive_free(d);
    finish(&r);
}

/* A bin is all its cycles by all its ticks, the row without any among them. */
static void a_bin_counts_all_its_cycles(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    struct clock c;

    (void)state;
    start(&r, 9, 16 * NS_PER_MS);
    c = add_clock(&r);
    for (size_t i = 1; i < 9; i++) {
        bool none = i == 3;

        c.cycles[i] = c.cycles[i - 1] + (none ? 0 : 12288);
        c.ticks[i] = c.ticks[i - 1] + (none ? 0 : 8000 + 300 * (i % 4));
    }
    d = try_open(&r, "cpu_ghz", "none", 64 * NS_PER_MS);
    assert_non_null(d);
    derive_all(d, &r, &out);
    assert_int_equal(out.n, 3);
    assert_float_equal(out.x[0][1], 2.3 * 3 * 12288 / (8300 + 8600 + 8000),
                       1e-6);
    assert_float_equal(out.x[0][2],
                       2.3 * 4 * 12288 / (8300 + 8600 + 8900 + 8000), 1e-6);
    derive_free(d);
    finish(&r);
}

/* The probe's word goes before cpufreq's, which serves without it. */
static void cpufreq_serves_where_there_is_no_probe(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    struct clock c;
    double *khz;

    (void)state;
    start(&r, 3, NS_PER_S);
    khz = add_gauge(&r, "cpu.khz", "kHz");
    for (size_t i = 0; i < 3; i++)
        khz[i] = i == 1 ? 0 : 1800000; /* 0: no policy could tell */
    d = open_derive(&r, "cpu_ghz", "none");
    derive_all(d, &r, &out);
    assert_int_equal(out.state[0], ROW_FRESH);
    assert_float_equal(out.x[0][0], 1.8, 1e-6);
    assert_int_equal(out.state[1], ROW_BAD);
    derive_free(d);

    c = add_clock(&r);
    for (size_t i = 0; i < 3; i++) {
        c.cycles[i] = 12288 * i;
        c.ticks[i] = 12288 * i;
    }
    d = open_derive(&r, "cpu_ghz", "none");
    derive_all(d, &r, &out);
    assert_float_equal(out.x[0][1], 2.3, 1e-6);
    assert_false(derive_wants(d, 0));
    assert_true(derive_wants(d, 1));
    derive_free(d);
    finish(&r);
}

static void units_of_the_probe_are_checked(void **state)
{
    struct recording r;

    (void)state;
    start(&r, 2, NS_PER_S);
    add_counter(&r, "freq.cycles", "1", 0);
    add_counter(&r, "freq.ticks", "tick", 0);
    assert_null(try_open(&r, "cpu_ghz", "none", NS_PER_S));
    assert_non_null(strstr(e.msg, "'cpu.khz', which was not recorded"));
    add_gauge(&r, "freq.khz", "kHz");
    assert_null(try_open(&r, "cpu_ghz", "none", NS_PER_S));
    assert_non_null(strstr(e.msg, "'freq.cycles' is in '1', not in 'cycle'"));
    finish(&r);
}

/* ---- the spread ---- */

/* Ticks that field f of CPU c steps by before row i. */
static uint64_t step(size_t c, size_t f, size_t i)
{
    return c == 3 ? 0 : (c * 7 + f * 5 + i * 3) % 11;
}

/* Naive: straight from the definition, over rows from..to. */
static void naive(size_t from, size_t to, double *spread, double *busiest)
{
    double sum = 0, squares = 0;

    *busiest = 0;
    for (size_t c = 0; c < CPUS; c++) {
        double busy = 0, all = 0;

        for (size_t f = 0; f < FIELDS; f++)
            for (size_t i = from; i <= to; i++) {
                all += (double)step(c, f, i);
                if (f != 3 && f != 4 && f != 7)
                    busy += (double)step(c, f, i);
            }
        busy = all > 0 ? busy / all : 0;
        sum += busy;
        squares += busy * busy;
        *busiest = busy > *busiest ? busy : *busiest;
    }
    *spread = sum * sum / squares;
}

static void add_cpus(struct recording *r)
{
    char name[32];

    for (size_t f = 0; f < FIELDS; f++) /* field by field: the order is free */
        for (size_t c = 0; c < CPUS; c++) {
            uint64_t *v;

            snprintf(name, sizeof name, "cpu%zu.%s", c * 3, fields[f]);
            v = add_counter(r, name, "tick", 0);
            for (size_t i = 1; i < r->n; i++)
                v[i] = v[i - 1] + step(c, f, i);
        }
}

static void the_spread_is_that_of_its_definition(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    double spread, busiest;

    (void)state;
    start(&r, 41, 100 * NS_PER_MS);
    add_cpus(&r);
    d = open_derive(&r, "cpu_spread,cpu_busiest", "none");
    derive_all(d, &r, &out);
    for (size_t i = 1; i < 41; i++) {
        naive(i, i, &spread, &busiest);
        assert_int_equal(out.state[i], ROW_FOLLOWS);
        assert_float_equal(out.x[0][i], spread, 1e-5);
        assert_float_equal(out.x[1][i], busiest, 1e-6);
    }
    derive_free(d);

    d = try_open(&r, "cpu_busiest,cpu_spread", "none", NS_PER_S);
    derive_all(d, &r, &out);
    assert_int_equal(out.n, 5);
    for (size_t m = 1; m < 5; m++) {
        naive(10 * m - 9, 10 * m, &spread, &busiest);
        assert_float_equal(out.x[1][m], spread, 1e-5);
        assert_float_equal(out.x[0][m], busiest, 1e-6);
    }
    derive_free(d);
    finish(&r);
}

/* All on one CPU: 1.  The same on each: as many as there are.  Nothing: 0. */
static void the_spread_is_a_number_of_cpus(void **state)
{
    static const struct {
        uint64_t busy[4];
        float spread, busiest;
    } cases[] = {
        {{10, 0, 0, 0}, 1, 1},     {{5, 5, 5, 5}, 4, .5f},
        {{10, 10, 0, 0}, 2, 1},    {{0, 0, 0, 0}, 0, 0},
        {{8, 4, 0, 0}, 1.8f, .8f},
    };
    const size_t n = sizeof cases / sizeof *cases;
    struct recording r;
    struct derived out;
    struct derive *d;
    char name[32];

    (void)state;
    start(&r, n + 1, 100 * NS_PER_MS);
    for (size_t c = 0; c < 4; c++) {
        uint64_t *user, *idle;

        snprintf(name, sizeof name, "cpu%zu.user", c);
        user = add_counter(&r, name, "tick", 0);
        snprintf(name, sizeof name, "cpu%zu.idle", c);
        idle = add_counter(&r, name, "tick", 0);
        for (size_t i = 0; i < n; i++) {
            user[i + 1] = user[i] + cases[i].busy[c];
            idle[i + 1] = idle[i] + 10 - cases[i].busy[c];
        }
    }
    d = open_derive(&r, "cpu_spread,cpu_busiest", "none");
    derive_all(d, &r, &out);
    for (size_t i = 0; i < n; i++) {
        assert_float_equal(out.x[0][i + 1], cases[i].spread, 1e-6);
        assert_float_equal(out.x[1][i + 1], cases[i].busiest, 1e-6);
    }
    derive_free(d);
    finish(&r);
}

/* cpu.idle of the whole machine, and odd names, are no CPUs. */
static void without_cpus_there_is_no_spread(void **state)
{
    static const char *const names[] = {"cpu.idle", "cpux.idle", "cpu1x.idle",
                                        "cpu2idle", "xcpu1.idle"};
    struct recording r;

    (void)state;
    start(&r, 2, NS_PER_S);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        add_counter(&r, names[i], "tick", 0);
    assert_null(try_open(&r, "cpu_spread", "none", NS_PER_S));
    assert_non_null(strstr(e.msg, "needs channel 'cpu0.idle'"));
    add_gauge(&r, "cpu1.idle", "%");
    assert_null(try_open(&r, "cpu_spread", "none", NS_PER_S));
    assert_non_null(strstr(e.msg, "'cpu1.idle' must not be a gauge"));
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_by_ticks_are_the_clock),
        cmocka_unit_test(a_bin_counts_all_its_cycles),
        cmocka_unit_test(cpufreq_serves_where_there_is_no_probe),
        cmocka_unit_test(units_of_the_probe_are_checked),
        cmocka_unit_test(the_spread_is_that_of_its_definition),
        cmocka_unit_test(the_spread_is_a_number_of_cpus),
        cmocka_unit_test(without_cpus_there_is_no_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
