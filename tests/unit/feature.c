/* The table of features: its parser, its sets, and each formula by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/math/feature.h"

static struct err e;

static void lists_and_sets_are_parsed(void **state)
{
    struct strings names = {0};

    (void)state;
    assert_int_equal(features_parse(&names, "log_intr,seed4,n_cpus", &e), 0);
    assert_int_equal(names.n, 6);
    assert_string_equal(names.at[0], "log_intr");
    assert_string_equal(names.at[1], "user_pct");
    assert_string_equal(names.at[4], "log_ctxt");
    assert_string_equal(names.at[5], "n_cpus");
    strings_release(&names);
}

static void check_refused(const char *list, const char *words)
{
    struct strings names = {0};

    assert_int_equal(features_parse(&names, list, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    if (!strstr(e.msg, words))
        fail_msg("'%s' is not in: %s", words, e.msg);
    strings_release(&names);
}

static void bad_lists_are_refused(void **state)
{
    (void)state;
    check_refused("", "no feature or set ''");
    check_refused("user_pct,", "no feature or set ''");
    check_refused("user_pct,user_pct", "named twice");
    check_refused("seed4,user_pct", "named twice");
    check_refused("usr_pct", "near: user_pct");
    check_refused("ctxt", "log_ctxt");
    check_refused("zzzzzz", "--list-features");
    check_refused("temperature", "never a feature");
    check_refused("energy:package-0", "never a feature");
    check_refused("core_power", "never a feature");
    check_refused("TCPU_temp", "never a feature");
}

static void every_set_is_made_of_features(void **state)
{
    (void)state;
    for (size_t i = 0; i < feature_sets_n; i++) {
        struct strings names = {0};

        assert_int_equal(features_parse(&names, feature_sets[i].list, &e), 0);
        assert_null(feature_find(feature_sets[i].name));
        strings_release(&names);
    }
}

static void names_fit_streams_and_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < feature_table_n; i++) {
        const struct feature *f = &feature_table[i];

        assert_true(strlen(f->name) <= 15);
        assert_null(strpbrk(f->name, ", \t\""));
        assert_ptr_equal(feature_find(f->name), f);
        assert_true(f->needs != 0);
        assert_true((f->needs & f->takes) == 0);
    }
}

/*
 * A machine of 8 CPUs: 40 % user, 5 nice, 15 system, 25 idle, 5 iowait, 2 irq,
 * 3 softirq, 5 steal.  It is busy for .65 of its time: 5.2 CPUs.
 */
static const double machine[N_SIGNALS] = {
    [SIG_CPU_USER] = .40,     [SIG_CPU_NICE] = .05,
    [SIG_CPU_SYSTEM] = .15,   [SIG_CPU_IDLE] = .25,
    [SIG_CPU_IOWAIT] = .05,   [SIG_CPU_IRQ] = .02,
    [SIG_CPU_SOFTIRQ] = .03,  [SIG_CPU_STEAL] = .05,
    [SIG_CTXT] = 1e4,         [SIG_INTR] = 2e3,
    [SIG_FORKS] = 7,          [SIG_EXEC] = 3,
    [SIG_EXIT] = 1,           [SIG_RUNNING] = 6,
    [SIG_BLOCKED] = 2,        [SIG_PGFAULT] = 5e4,
    [SIG_PGMAJFAULT] = 0,     [SIG_PGIN] = 1024,
    [SIG_PGOUT] = 2048,       [SIG_DISK_READ] = 512,
    [SIG_DISK_WRITE] = 1e6,   [SIG_NET_RX] = 1e5,
    [SIG_NET_TX] = 1e3,       [SIG_MEM_TOTAL] = 16000000,
    [SIG_MEM_FREE] = 4000000, [SIG_MEM_CACHED] = 8000000,
    [SIG_SWAP_TOTAL] = 1000,  [SIG_SWAP_FREE] = 250,
    [SIG_PSI_CPU] = .3,       [SIG_PSI_IO] = .1,
    [SIG_PSI_MEM] = 0,        [SIG_CPU_KHZ] = 2400000,
    [SIG_SCHED_RUN] = 5.1,    [SIG_SCHED_WAIT] = 1.5,
    [SIG_CG_USAGE] = 1.3,     [SIG_CG_USER] = 1.2,
    [SIG_CG_SYSTEM] = .1,     [SIG_CG_MEMORY] = 4096e6,
    [SIG_CG_READ] = 512,      [SIG_CG_WRITE] = 1e6,
    [SIG_CPU_SPREAD] = 6.5,   [SIG_CPU_BUSIEST] = .9,
};

static const struct {
    const char *name;
    double busy, idle; /* of that machine; of one whose signals are 0 */
} golden[] = {
    {"user_pct", 40, 0},
    {"system_pct", 15, 0},
    {"iowait_pct", 5, 0},
    {"nice_pct", 5, 0},
    {"irq_pct", 2, 0},
    {"softirq_pct", 3, 0},
    {"steal_pct", 5, 0},
    {"idle_pct", 25, 100},
    {"busy_pct", 65, 0},
    {"busy_share", .65, 0},
    {"log_ctxt", 9.210440366976517, 0},
    {"log_intr", 7.601402334583733, 0},
    {"log_forks", 2.0794415416798357, 0},
    {"log_exec", 1.3862943611198906, 0},
    {"log_exit", .6931471805599453, 0},
    {"busy_cpus", 5.2, 0},
    {"user_cpus", 3.2, 0},
    {"system_cpus", 1.2, 0},
    {"idle_cpus", 2, 8},
    {"iowait_cpus", .4, 0},
    {"irq_cpus", .16, 0},
    {"softirq_cpus", .24, 0},
    {"n_cpus", 8, 8},
    {"n_cpus_64", .125, .125},
    {"user_share", .6923076923, 0},
    {"ctxt_per_busy", 1923.0769231, 0},
    {"intr_per_busy", 384.6153846, 0},
    {"procs_running", 6, 0},
    {"procs_blocked", 2, 0},
    {"log_pgfault", 10.819798284210285, 0},
    {"log_pgmajfault", 0, 0},
    {"log_pgin", 6.932447891572509, 0},
    {"log_pgout", 7.625107148238899, 0},
    {"log_disk_read", 6.240275845170769, 0},
    {"log_disk_write", 13.815511557963774, 0},
    {"log_net_rx", 11.51293546492023, 0},
    {"log_net_tx", 6.90875477931522, 0},
    {"mem_used", .25, 0},
    {"mem_cached", .5, 0},
    {"mem_free", .25, 0},
    {"swap_used", .75, 0},
    {"psi_cpu", .3, 0},
    {"psi_io", .1, 0},
    {"psi_mem", 0, 0},
    {"run_cpus", 5.1, 0},
    {"wait_tasks", 1.5, 0},
    {"cgroup_cpus", 1.3, 0},
    {"cgroup_user", 1.2, 0},
    {"cgroup_system", .1, 0},
    {"cgroup_share", .25, 0},
    {"cgroup_mem", .25, 0},
    {"log_cgroup_rd", 6.240275845170769, 0},
    {"log_cgroup_wr", 13.815511557963774, 0},
    {"cpu_spread", 6.5, 0},
    {"cpu_busiest", .9, 0},
    {"cpu_ghz", 2.4, NAN}, /* no frequency is not a frequency of 0 */
};

static void each_formula_gives_what_a_pencil_gives(void **state)
{
    double column[N_SIGNALS][2];
    struct signals s = {.n_cpus = 8};

    (void)state;
    assert_int_equal(feature_table_n, sizeof golden / sizeof *golden);
    for (int i = 0; i < N_SIGNALS; i++) {
        column[i][0] = machine[i];
        column[i][1] = i == SIG_CPU_IDLE ? 1 : 0;
        s.at[i] = column[i];
    }
    for (size_t i = 0; i < feature_table_n; i++) {
        const struct feature *f = feature_find(golden[i].name);
        float out[2];

        assert_non_null(f);
        f->compute(&s, 2, out);
        if (fabs(out[0] - golden[i].busy) > 1e-6 * fabs(golden[i].busy) ||
            !(out[1] == (float)golden[i].idle ||
              (isnan(out[1]) && isnan(golden[i].idle))))
            fail_msg("%s: %.9g, %.9g", f->name, out[0], out[1]);
    }
}

static void needs_are_told_by_channel(void **state)
{
    char text[64];

    (void)state;
    feature_needs_text(feature_find("ctxt_per_busy"), text, sizeof text);
    assert_string_equal(text, "cpu.idle ctxt cpus");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_sets_are_parsed),
        cmocka_unit_test(bad_lists_are_refused),
        cmocka_unit_test(every_set_is_made_of_features),
        cmocka_unit_test(names_fit_streams_and_tables),
        cmocka_unit_test(each_formula_gives_what_a_pencil_gives),
        cmocka_unit_test(needs_are_told_by_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
