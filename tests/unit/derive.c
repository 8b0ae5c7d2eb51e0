/* From readings to features and labels: rates, gaps, wraps, units. */
#include "tests/unit/recording.h"

/* ---- every signal, as a counter and as a gauge ---- */

/* Make a counter that steps by `step` a row, or the gauge of that rate. */
static void add_signal(struct recording *r, int i, bool counter)
{
    const struct signal *s = &signal_table[i];
    double dt = (double)r->interval_ns / NS_PER_S;

    if (counter) {
        uint64_t *v = add_counter(r, s->channel, s->counter_unit, 0);

        for (size_t k = 0; k < r->n; k++)
            v[k] = 1000 + k * (uint64_t)(10 + i);
    } else {
        double *v = add_gauge(r, s->channel, s->gauge_unit);
        double rate = (10 + i) / dt;

        for (size_t k = 0; k < r->n; k++)
            v[k] = s->counter_unit && i > SIG_CPU_STEAL
                       ? rate * s->counter_scale / s->gauge_scale
                       : 3 + i;
    }
}

/* derive_made.c's have a test of their own. */
static bool is_made(int i)
{
    return i == SIG_CPU_SPREAD || i == SIG_CPU_BUSIEST;
}

/* The signal that those numbers mean, told apart from derive.c. */
static double expected_signal(int i, bool counter, double dt)
{
    double total = 0;

    for (int k = SIG_CPU_USER; k <= SIG_CPU_STEAL; k++)
        total += 10 + k;
    if (i <= SIG_CPU_STEAL)
        return counter ? (10 + i) / total : (3 + i) / 100.0;
    switch (i) {
    case SIG_PGIN:
    case SIG_PGOUT:
        return (10 + i) / dt * 1024;
    case SIG_DISK_READ:
    case SIG_DISK_WRITE:
        return (10 + i) / dt * 512;
    case SIG_PSI_CPU:
    case SIG_PSI_IO:
    case SIG_PSI_MEM:
    case SIG_CG_USAGE:
    case SIG_CG_USER:
    case SIG_CG_SYSTEM:
        return (10 + i) / dt * 1e-6;
    case SIG_SCHED_RUN:
    case SIG_SCHED_WAIT:
        return (10 + i) / dt * 1e-9;
    }
    return signal_table[i].counter_unit ? (10 + i) / dt : 3 + i;
}

static void check_feature(const struct feature *f, bool prefer_gauge)
{
    struct recording r;
    struct derive *d;
    struct derived out;
    struct signals s = {.n_cpus = 4};
    double value[N_SIGNALS];
    float expected;

    start(&r, 5, 250 * NS_PER_MS);
    for (int i = 0; i < N_SIGNALS; i++) {
        bool counter = signal_table[i].counter_unit &&
                       !(prefer_gauge && signal_table[i].gauge_unit);

        if (is_made(i))
            continue;
        add_signal(&r, i, counter);
        value[i] = expected_signal(i, counter, .25);
        s.at[i] = (f->needs | f->takes) >> i & 1 ? &value[i] : NULL;
    }
    f->compute(&s, 1, &expected);
    d = open_derive(&r, f->name, "auto");
    derive_all(d, &r, &out);
    assert_int_equal(out.n, 5);
    for (size_t k = 1; k < 5; k++) {
        assert_int_equal(out.state[k], ROW_FOLLOWS);
        if (fabsf(out.x[0][k] - expected) > 1e-5f * fabsf(expected))
            fail_msg("%s: %.9g, not %.9g", f->name, out.x[0][k], expected);
        assert_true(isnan(out.label_w[0][k]));
    }
    derive_free(d);
    finish(&r);
}

static void every_feature_from_counters_and_from_gauges(void **state)
{
    (void)state;
    for (size_t i = 0; i < feature_table_n; i++) {
        if (feature_table[i].needs >> SIG_CPU_SPREAD & 1 ||
            feature_table[i].needs >> SIG_CPU_BUSIEST & 1)
            continue;
        check_feature(&feature_table[i], false);
        check_feature(&feature_table[i], true);
    }
}

static void no_tick_at_all_is_idle(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;

    (void)state;
    start(&r, 3, 16 * NS_PER_MS);
    add_counter(&r, "cpu.user", "tick", 0);
    add_counter(&r, "cpu.idle", "tick", 0);
    d = open_derive(&r, "user_pct,idle_pct,busy_cpus", "auto");
    derive_all(d, &r, &out);
    assert_true(out.x[0][1] == 0 && out.x[1][1] == 100 && out.x[2][1] == 0);
    assert_int_equal(out.state[1], ROW_FOLLOWS);
    derive_free(d);
    finish(&r);
}

/* ---- what breaks ---- */

static void counters_break_at_gaps_and_resets(void **state)
{
    static const uint8_t expected[] = {
        ROW_BAD, ROW_FOLLOWS, ROW_FOLLOWS, /* 2: one tick late, no gap */
        ROW_BAD, ROW_FOLLOWS,              /* 3: after a gap */
        ROW_BAD, ROW_FOLLOWS};             /* 5: reset */
    struct recording r;
    struct derived out;
    struct derive *d;
    uint64_t *ctxt;

    (void)state;
    start(&r, 7, NS_PER_S);
    ctxt = add_counter(&r, "ctxt", "1", 0);
    for (size_t i = 0; i < 7; i++) {
        r.t_ns[i] += (i >= 2) * NS_PER_S + (i >= 3) * (NS_PER_S + 1);
        ctxt[i] = i < 5 ? 100 * i : i;
    }
    d = open_derive(&r, "log_ctxt", "auto");
    derive_all(d, &r, &out);
    assert_memory_equal(out.state, expected, sizeof expected);
    assert_float_equal(out.x[0][2], log1p(50), 1e-6);
    assert_float_equal(out.x[0][6], log1p(1), 1e-6);

    /* a mark breaks as a gap does */
    derive_break(d);
    for (size_t i = 0; i < 7; i++)
        r.t_ns[i] += 10 * NS_PER_S;
    derive_all(d, &r, &out);
    assert_int_equal(out.state[0], ROW_BAD);
    derive_free(d);
    finish(&r);
}

static void gauges_begin_at_once_after_a_gap(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    double *ctxt, *power;

    (void)state;
    start(&r, 3, NS_PER_S);
    ctxt = add_gauge(&r, "ctxt", "1/s");
    power = add_gauge(&r, "power:package-0", "W");
    for (size_t i = 0; i < 3; i++) {
        r.t_ns[i] += (i >= 2) * 5 * NS_PER_S;
        ctxt[i] = 10;
        power[i] = 20 + (double)i;
    }
    ctxt[1] = -5; /* no such rate: no row, and no NaN either */
    d = open_derive(&r, "log_ctxt", "auto");
    derive_all(d, &r, &out);
    assert_int_equal(out.state[0], ROW_FRESH);
    assert_int_equal(out.state[1], ROW_BAD);
    assert_int_equal(out.state[2], ROW_FRESH);
    assert_true(out.label_w[0][2] == 22 && out.dt_s[2] == 1);
    assert_string_equal(derive_target(d), "package");
    derive_free(d);
    finish(&r);
}

/* ---- labels ---- */

static void packages_are_summed_and_only_they(void **state)
{
    static const char *const zone[] = {"energy:package-0",
                                       "energy:package-0/core",
                                       "energy:package-1", "energy:psys"};
    struct recording r;
    struct derived out;
    struct derive *d;
    const uint64_t wrap = 1000000000;

    (void)state;
    start(&r, 3, NS_PER_S);
    add_gauge(&r, "procs_running", "1");
    for (int z = 0; z < 4; z++) {
        uint64_t *v = add_counter(&r, zone[z], "uJ", wrap * 10);

        for (size_t i = 0; i < 3; i++)
            v[i] = (wrap * 10 - 15000000 + (uint64_t)(z + 1) * 10000000 * i) %
                   (wrap * 10);
    }
    add_gauge(&r, "power:package-1", "W"); /* the same zone again */
    d = open_derive(&r, "procs_running", "auto");
    derive_all(d, &r, &out);
    assert_true(out.label_w[0][1] == 10 + 30); /* the second wrapped */
    assert_true(out.label_w[0][2] == 10 + 30);
    assert_int_equal(out.state[0], ROW_BAD);
    derive_free(d);

    d = open_derive(&r, "procs_running", "psys");
    derive_all(d, &r, &out);
    assert_true(out.label_w[0][1] == 40);
    assert_string_equal(derive_target(d), "psys");
    derive_free(d);
    finish(&r);
}

static void check_refused(const struct recording *r, const char *features,
                          const char *target, int64_t interval_ns,
                          const char *words)
{
    assert_null(try_open(r, features, target, interval_ns));
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.msg, words))
        fail_msg("'%s' is not in: %s", words, e.msg);
}

/* Disjoint zones inside packages are one target too; half a sum is none. */
static void sums_are_whole(void **state)
{
    static const char *const zone[] = {
        "energy:package-0", "energy:package-0/dram", "energy:package-1-die-0",
        "energy:package-1-die-0/dram"};
    struct recording r;
    struct derived out;
    struct derive *d;

    (void)state;
    start(&r, 3, NS_PER_S);
    add_gauge(&r, "procs_running", "1");
    for (int z = 0; z < 4; z++) {
        uint64_t *v = add_counter(&r, zone[z], "uJ", 0);

        for (size_t i = 0; i < 3; i++)
            v[i] = (uint64_t)(z + 1) * 10000000 * i;
    }
    d = open_derive(&r, "procs_running", "auto,dram");
    derive_all(d, &r, &out);
    assert_string_equal(derive_target(d), "package,dram");
    assert_true(out.label_w[0][1] == 10 + 30);
    assert_true(out.label_w[1][1] == 20 + 40);
    derive_free(d);

    r.missing = "package-2/dram,psys";
    d = open_derive(&r, "procs_running", "package");
    derive_free(d);
    check_refused(&r, "procs_running", "dram", NS_PER_S,
                  "package-2/dram was there and could not be recorded");
    d = open_derive(&r, "procs_running", "package-0/dram");
    derive_free(d);
    r.missing = "package-2";
    check_refused(&r, "procs_running", "auto", NS_PER_S, "no whole 'package'");
    finish(&r);
}

static void an_ambiguous_label_is_absent_and_the_row_stays(void **state)
{
    struct recording r;
    struct derived out;
    struct derive *d;
    uint64_t *energy;

    (void)state;
    start(&r, 4, NS_PER_S);
    add_gauge(&r, "procs_running", "1");
    energy = add_counter(&r, "energy:package-0", "uJ", 65532610987);
    energy[0] = 65000000000;
    energy[1] = 65010000000;
    energy[2] = 5000; /* a reset: 522 MJ are no wrap in 1 s */
    energy[3] = 7005000;
    d = open_derive(&r, "procs_running", "package");
    derive_all(d, &r, &out);
    assert_true(out.label_w[0][1] == 10);
    energy[1] = 30000000000;
    derive_break(d);
    derive_all(d, &r, &out);
    assert_true(isnan(out.label_w[0][1]) && isnan(out.label_w[0][2]));
    assert_int_equal(out.state[2], ROW_FOLLOWS);
    assert_true(out.label_w[0][3] == 7);
    derive_free(d);
    finish(&r);
}

/* ---- refusals ---- */

static void what_is_missing_is_named(void **state)
{
    struct recording r;
    struct derive *d;

    (void)state;
    start(&r, 3, NS_PER_S);
    add_gauge(&r, "procs_running", "1");
    add_counter(&r, "cpu.user", "tick", 0);
    add_gauge(&r, "ctxt", "1/min");
    add_gauge(&r, "psi.cpu", "%");
    add_counter(&r, "mem.total", "kB", 0);
    add(&r, "intr", "1", CHANNEL_COUNTER, CHANNEL_F64, 0);
    add_gauge(&r, "power:core", "W");
    add_gauge(&r, "power:dram", "W");
    check_refused(&r, "log_forks", "none", NS_PER_S,
                  "'log_forks' needs channel 'forks'");
    check_refused(&r, "user_pct", "none", NS_PER_S, "'cpu.idle'");
    check_refused(&r, "log_ctxt", "none", NS_PER_S, "'1/min', not in '1/s'");
    check_refused(&r, "psi_cpu", "none", NS_PER_S, "must not be a gauge");
    check_refused(&r, "mem_free", "none", NS_PER_S, "must not be a counter");
    check_refused(&r, "log_intr", "none", NS_PER_S, "not of type u64");
    check_refused(&r, "procs_running", "auto", NS_PER_S, "core, dram");
    check_refused(&r, "procs_running", "psys", NS_PER_S, "no zone 'psys'");
    check_refused(&r, "procs_running", "core", NS_PER_S / 2, "coarser");
    check_refused(&r, "procs_running", "core", NS_PER_S * 3 / 2, "no multiple");
    d = open_derive(&r, "procs_running", "core");
    assert_true(derive_wants(d, 0) && derive_wants(d, 6));
    assert_false(derive_wants(d, 1) || derive_wants(d, 7));
    derive_free(d);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_feature_from_counters_and_from_gauges),
        cmocka_unit_test(no_tick_at_all_is_idle),
        cmocka_unit_test(counters_break_at_gaps_and_resets),
        cmocka_unit_test(gauges_begin_at_once_after_a_gap),
        cmocka_unit_test(packages_are_summed_and_only_they),
        cmocka_unit_test(sums_are_whole),
        cmocka_unit_test(an_ambiguous_label_is_absent_and_the_row_stays),
        cmocka_unit_test(what_is_missing_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
