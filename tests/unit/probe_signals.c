/* schedstat, control groups, cpufreq and each CPU: as trees, and odd ones. */
#include <errno.h>

#include "tests/unit/tree.h"

static const struct roots container = {.proc = FIXTURE "container/proc",
                                       .sys = FIXTURE "container/sys"};

struct want {
    const char *name, *unit;
    enum channel_kind kind;
    uint64_t value;
};

static void check(const struct want *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct channel *c = channel(want[i].name);

        assert_string_equal(c->unit, want[i].unit);
        assert_int_equal(c->kind, want[i].kind);
        assert_int_equal(c->type, CHANNEL_U64);
        assert_int_equal(c->wrap, 0);
        assert_int_equal(value(want[i].name), want[i].value);
    }
}

#define CHECK(...)                                       \
    do {                                                 \
        static const struct want want[] = {__VA_ARGS__}; \
        check(want, sizeof want / sizeof *want);         \
    } while (0)

/* Open one signal of the test's own tree: is it absent, and why? */
static void check_absent(const char *signal, const char *why)
{
    const struct roots roots = {.proc = root, .sys = root};
    char list[32];
    bool said = false;

    snprintf(list, sizeof list, "stat,%s", signal);
    assert_int_equal(probe_open(&probe, &roots, "none", false, list, &e), 0);
    for (size_t i = 0; i < probe.n_parts; i++)
        if (strcmp(probe.part[i].source->name, signal) == 0) {
            assert_false(probe.part[i].open);
            said |= strstr(probe.part[i].absent.msg, why) != NULL;
        }
    if (!said)
        fail_msg("%s: not '%s'", signal, why);
    probe_close(&probe);
}

/* ---- schedstat ---- */

static void schedstat_is_summed_over_the_cpus(void **state)
{
    (void)state;
    open_and_read(&container, "sched");
    CHECK({"sched.run", "ns", CHANNEL_COUNTER, 6000000006},
          {"sched.wait", "ns", CHANNEL_COUNTER, 120000006});
    assert_int_equal(probe.channels.n, 2);
    probe_close(&probe);
}

static void schedstat_of_an_unknown_version_is_left_alone(void **state)
{
    (void)state;
    put("stat", "cpu  1 2 3 4\n");
    put("schedstat", "version 14\ntimestamp 1\ncpu0 0 0 0 0 0 0 5 6 7\n");
    check_absent("sched", "version 14 is not known");
    put("schedstat", "version 18\ntimestamp 1\ncpu0 0 0 0 0 0 0 5 6 7\n");
    check_absent("sched", "version 18 is not known");
    put("schedstat", "verse\ncpu0 0 0 0 0 0 0 5 6 7\n");
    check_absent("sched", "says no version");
    put("schedstat", "version 16\ntimestamp 1\n");
    check_absent("sched", "shows no CPU");
    put("schedstat", "");
    check_absent("sched", "shows no CPU");
}

static void odd_lines_of_schedstat_do_no_harm(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put("schedstat", "version 17\ntimestamp 1\ncpu0 0 0 0 0 0 0 5 6 7");
    open_and_read(&roots, "sched");
    assert_int_equal(value("sched.run"), 5);
    /* a line cut in its middle, words for numbers, no CPUs */
    put("schedstat", "version 17\ncpu0 0 0 0 0 0 0 9 8 7\ncpu1 0 0\ncpu2 x y\n"
                     "cpux 1 2 3\ncpu\n\n\ncpu");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("sched.run"), 9);
    assert_int_equal(value("sched.wait"), 8);
    put("schedstat", "nothing");
    assert_int_equal(probe_read(&probe, cells, &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    probe_close(&probe);
}

/* ---- control groups ---- */

static void a_group_of_version_2(void **state)
{
    struct roots roots = container;
    static const char *const spelt[] = {"box", "/box",
                                        FIXTURE "container/sys/fs/cgroup/box"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        roots.cgroup = spelt[i];
        open_and_read(&roots, "stat"); /* naming one asks for it */
        CHECK({"cgroup.usage", "us", CHANNEL_COUNTER, 123456},
              {"cgroup.user", "us", CHANNEL_COUNTER, 100000},
              {"cgroup.system", "us", CHANNEL_COUNTER, 23456},
              {"cgroup.memory", "B", CHANNEL_GAUGE, 1048576},
              {"cgroup.read", "B", CHANNEL_COUNTER, 4196},
              {"cgroup.write", "B", CHANNEL_COUNTER, 8392});
        probe_close(&probe);
    }
}

static void a_group_of_version_1(void **state)
{
    const struct roots roots = {
        .proc = FIXTURE "v1/proc", .sys = FIXTURE "v1/sys", .cgroup = "/box"};

    (void)state;
    open_and_read(&roots, "");
    CHECK({"cgroup.usage", "us", CHANNEL_COUNTER, 312950814},
          {"cgroup.user", "us", CHANNEL_COUNTER, 223926669},
          {"cgroup.system", "us", CHANNEL_COUNTER, 89024144},
          {"cgroup.memory", "B", CHANNEL_GAUGE, 65536},
          {"cgroup.read", "B", CHANNEL_COUNTER, 1010},
          {"cgroup.write", "B", CHANNEL_COUNTER, 2020});
    assert_int_equal(probe.channels.n, 6);
    probe_close(&probe);
}

/* Unnamed: that of the root, in whichever hierarchy shows it. */
static void without_a_name_it_is_the_root(void **state)
{
    const struct roots v1 = {.proc = FIXTURE "v1/proc",
                             .sys = FIXTURE "v1/sys"};

    (void)state;
    open_and_read(&container, "cgroup");
    assert_int_equal(probe.channels.n, 3);
    assert_int_equal(value("cgroup.usage"), 900000);
    probe_close(&probe);
    open_and_read(&v1, "cgroup");
    assert_int_equal(value("cgroup.usage"), 5000);
    probe_close(&probe);
}

static void a_group_that_is_named_must_be_there(void **state)
{
    struct roots roots = container;

    (void)state;
    roots.cgroup = "boxes/none";
    assert_int_equal(probe_open(&probe, &roots, "none", false, "stat", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_non_null(strstr(e.msg, "no control group '/boxes/none'"));
    put("stat", "cpu  1 2 3 4\n");
    check_absent("cgroup", "no control group '/'");
}

static void odd_files_of_a_group(void **state)
{
    const struct roots roots = {.proc = root, .sys = root, .cgroup = "g"};

    (void)state;
    put_dir("fs");
    put_dir("fs/cgroup");
    put_dir("fs/cgroup/g");
    put("fs/cgroup/g/cpu.stat", "usage_usec x\nuser_usec 1\nsystem_usec 2\n");
    put("fs/cgroup/g/memory.current", "-5\n");
    put("fs/cgroup/g/io.stat", ""); /* no I/O yet */
    open_and_read(&roots, "");
    assert_int_equal(probe.channels.n, 2);
    assert_int_equal(value("cgroup.read"), 0);
    put("fs/cgroup/g/io.stat", "8:0 rbytes=7 wbytes=x xrbytes=100 rbytes=\n");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cgroup.read"), 7);
    assert_int_equal(value("cgroup.write"), 0);
    probe_close(&probe);

    put("fs/cgroup/g/cpu.stat", "usage_usec 3\nuser_usec 1\nsystem_usec 2\n");
    open_and_read(&roots, "");
    assert_int_equal(value("cgroup.usage"), 3);
    put("fs/cgroup/g/cpu.stat", "usage_usec 4\nuser_usec 1\n");
    assert_int_equal(probe_read(&probe, cells, &e), -1);
    assert_non_null(strstr(e.msg, "cpu.stat: holds no system_usec"));
    probe_close(&probe);
}

/* ---- cpufreq ---- */

/* The mean over policies, of which one cannot tell. */
static void cpufreq_is_averaged_over_policies(void **state)
{
    (void)state;
    open_and_read(&container, "freq");
    CHECK({"cpu.khz", "kHz", CHANNEL_GAUGE, 2500001});
    assert_int_equal(probe.channels.n, 1);
    probe_close(&probe);
}

static void a_policy_that_cannot_tell_is_left_out(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put("stat", "cpu  1 2 3 4\n");
    check_absent("freq", "shows no frequency");
    put_dir("devices");
    put_dir("devices/system");
    put_dir("devices/system/cpu");
    put_dir("devices/system/cpu/cpufreq");
    put_dir("devices/system/cpu/cpufreq/policy0");
    put_dir("devices/system/cpu/cpufreq/policy1");
    put("devices/system/cpu/cpufreq/policy0/scaling_cur_freq", "1000000\n");
    put("devices/system/cpu/cpufreq/policy1/scaling_cur_freq", "3000000\n");
    open_and_read(&roots, "freq");
    assert_int_equal(value("cpu.khz"), 2000000);
    put("devices/system/cpu/cpufreq/policy1/scaling_cur_freq", "<unknown>\n");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu.khz"), 1000000);
    put("devices/system/cpu/cpufreq/policy0/scaling_cur_freq",
        "99999999999999999999\n");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu.khz"), 0);
    probe_close(&probe);
}

/* ---- each CPU ---- */

static void each_cpu_has_its_times(void **state)
{
    (void)state;
    open_and_read(&container, "percpu");
    assert_int_equal(probe.channels.n, 3 * 8);
    CHECK({"cpu0.user", "tick", CHANNEL_COUNTER, 100},
          {"cpu0.steal", "tick", CHANNEL_COUNTER, 14},
          {"cpu1.idle", "tick", CHANNEL_COUNTER, 2000},
          {"cpu3.softirq", "tick", CHANNEL_COUNTER, 23},
          {"cpu3.steal", "tick", CHANNEL_COUNTER, 32});
    assert_int_equal(channels_find(&probe.channels, "cpu2.user"), -1);
    probe_close(&probe);
    open_and_read(&container, "all"); /* which is all but these */
    assert_int_equal(channels_find(&probe.channels, "cpu0.user"), -1);
    assert_int_equal(value("cpu.user"), 600);
    probe_close(&probe);
}

/* CPUs go and come while it records. */
static void a_cpu_that_is_gone_stands_still(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put("stat", "cpu  1 2 3 4\ncpu0 1 2 3 4 5 6 7 8\ncpu1 11 0 0 0\n"
                "cpu5 21 0 0 0 0 0 0 28\nctxt 5\n");
    open_and_read(&roots, "percpu");
    put("stat", "cpu  1 2 3 4\ncpu0 2 2 3 4 5 6 7 8\ncpu2 99 99 99\n"
                "cpu5 22 0 0 0 0 0 0 29\ncpu6 99\n");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu0.user"), 2);
    assert_int_equal(value("cpu1.user"), 11);
    assert_int_equal(value("cpu5.user"), 22);
    assert_int_equal(value("cpu5.steal"), 29);
    put("stat", "cpu5 23 0 0 0 0 0 0 30\ncpu0 3 2 3 4\n"); /* in no order */
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu5.user"), 23);
    assert_int_equal(value("cpu0.user"), 2);
    put("stat", "");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu5.user"), 23);
    probe_close(&probe);
}

static void odd_cpus_are_none(void **state)
{
    size_t n = 500 * 16;
    char *text = xmalloc(n + 1), *at = text;

    (void)state;
    put("stat", "cpu  1 2 3 4\ncpu4294967296 1 2\ncpux 1\ncpu99999 2\n");
    check_absent("percpu", "shows no CPU");
    at += snprintf(at, 16, "cpu  1 2 3 4\n");
    for (int i = 0; i < 449; i++)
        at += snprintf(at, 16, "cpu%d 1 2 3\n", i);
    put("stat", text);
    check_absent("percpu", "more CPUs than a stream holds");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedstat_is_summed_over_the_cpus),
        cmocka_unit_test(schedstat_of_an_unknown_version_is_left_alone),
        cmocka_unit_test(odd_lines_of_schedstat_do_no_harm),
        cmocka_unit_test(a_group_of_version_2),
        cmocka_unit_test(a_group_of_version_1),
        cmocka_unit_test(without_a_name_it_is_the_root),
        cmocka_unit_test(a_group_that_is_named_must_be_there),
        cmocka_unit_test(odd_files_of_a_group),
        cmocka_unit_test(cpufreq_is_averaged_over_policies),
        cmocka_unit_test(a_policy_that_cannot_tell_is_left_out),
        cmocka_unit_test(each_cpu_has_its_times),
        cmocka_unit_test(a_cpu_that_is_gone_stands_still),
        cmocka_unit_test(odd_cpus_are_none),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
