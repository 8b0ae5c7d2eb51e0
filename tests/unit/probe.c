/* What the sources make of whole machines as trees, and of odd files. */
#include "common/probe/machine.h"
#include "tests/unit/tree.h"

static const struct roots one = {.proc = FIXTURE "one/proc",
                                 .sys = FIXTURE "one/sys"};
static const struct roots two = {.proc = FIXTURE "two/proc",
                                 .sys = FIXTURE "two/sys"};
static const struct roots guest = {.proc = FIXTURE "guest/proc",
                                   .sys = FIXTURE "guest/sys"};

static void reads_every_signal(void **state)
{
    static const struct {
        const char *name, *unit;
        enum channel_kind kind;
        uint64_t value;
    } want[] = {
        {"cpu.user", "tick", CHANNEL_COUNTER, 1000},
        {"cpu.nice", "tick", CHANNEL_COUNTER, 20},
        {"cpu.system", "tick", CHANNEL_COUNTER, 300},
        {"cpu.idle", "tick", CHANNEL_COUNTER, 9000},
        {"cpu.iowait", "tick", CHANNEL_COUNTER, 50},
        {"cpu.irq", "tick", CHANNEL_COUNTER, 6},
        {"cpu.softirq", "tick", CHANNEL_COUNTER, 70},
        {"cpu.steal", "tick", CHANNEL_COUNTER, 8},
        {"intr", "1", CHANNEL_COUNTER, 123456},
        {"ctxt", "1", CHANNEL_COUNTER, 654321},
        {"forks", "1", CHANNEL_COUNTER, 4242},
        {"procs_running", "1", CHANNEL_GAUGE, 3},
        {"procs_blocked", "1", CHANNEL_GAUGE, 1},
        {"pgpgin", "kB", CHANNEL_COUNTER, 11},
        {"pgpgout", "kB", CHANNEL_COUNTER, 22},
        {"pswpin", "1", CHANNEL_COUNTER, 33},
        {"pswpout", "1", CHANNEL_COUNTER, 44},
        {"pgfault", "1", CHANNEL_COUNTER, 5555},
        {"pgmajfault", "1", CHANNEL_COUNTER, 66},
        /* whole disks with hardware: sda and nvme0n1 */
        {"disk.read", "sector", CHANNEL_COUNTER, 1030},
        {"disk.write", "sector", CHANNEL_COUNTER, 2040},
        /* eth0 and eth1, not the bond over them, not lo */
        {"net.rx", "B", CHANNEL_COUNTER, 1030},
        {"net.tx", "B", CHANNEL_COUNTER, 2040},
        {"mem.total", "kB", CHANNEL_GAUGE, 8000000},
        {"mem.free", "kB", CHANNEL_GAUGE, 1000000},
        {"mem.available", "kB", CHANNEL_GAUGE, 5000000},
        {"mem.buffers", "kB", CHANNEL_GAUGE, 200000},
        {"mem.cached", "kB", CHANNEL_GAUGE, 3000000},
        {"swap.total", "kB", CHANNEL_GAUGE, 2000000},
        {"swap.free", "kB", CHANNEL_GAUGE, 1500000},
        {"psi.cpu", "us", CHANNEL_COUNTER, 111},
        {"psi.io", "us", CHANNEL_COUNTER, 222},
        {"psi.mem", "us", CHANNEL_COUNTER, 333},
        {"energy:package-0", "uJ", CHANNEL_COUNTER, 5000000},
    };
    size_t n = sizeof want / sizeof *want;

    (void)state;
    open_and_read(&one, "all");
    assert_int_equal(probe.channels.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(channel(want[i].name)->unit, want[i].unit);
        assert_int_equal(channel(want[i].name)->kind, want[i].kind);
        assert_int_equal(channel(want[i].name)->type, CHANNEL_U64);
        assert_int_equal(value(want[i].name), want[i].value);
    }
    probe_close(&probe);
}

static void finds_every_zone_once(void **state)
{
    (void)state;
    open_and_read(&two, "");
    assert_int_equal(probe.channels.n, 7);
    assert_int_equal(value("energy:package-0"), 100);
    assert_int_equal(value("energy:package-0/core"), 101);
    assert_int_equal(value("energy:package-0/uncore"), 102);
    assert_int_equal(value("energy:package-0/dram"), 103);
    assert_int_equal(value("energy:package-1"), 200);
    assert_int_equal(value("energy:package-1/dram"), 203);
    assert_int_equal(value("energy:psys"), 300);
    assert_int_equal(channel("energy:package-0")->wrap, 262143328850);
    assert_int_equal(channel("energy:package-1/dram")->wrap, 65712999613);
    assert_ptr_equal(probe.energy.serving->backend, &energy_powercap);
    probe_close(&probe);
}

static void a_guest_lacks_things_quietly(void **state)
{
    (void)state;
    open_and_read(&guest, "stat,psi");
    assert_null(probe.energy.serving);
    assert_int_equal(probe.notes.n, 0);
    assert_int_equal(channels_find(&probe.channels, "psi.cpu"), -1);
    assert_int_equal(value("ctxt"), 654321);
    assert_non_null(strstr(probe.no_energy.msg, "no RAPL zone"));
    probe_close(&probe);
}

static void refuses_what_makes_no_sense(void **state)
{
    static const struct roots nowhere = {.proc = "/nonexistent",
                                         .sys = "/nonexistent"};

    (void)state;
    assert_int_equal(probe_open(&probe, &one, "auto", false, "stat,bogus", &e),
                     -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_non_null(strstr(e.msg, "'bogus'"));
    assert_int_equal(probe_open(&probe, &nowhere, "auto", false, "all", &e),
                     -1);
    assert_int_equal(e.code, ERR_SYSTEM);
}

/* ---- files that change ---- */

/* Old kernels have fewer numbers a line, new ones lines in between. */
static void takes_what_is_there(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put("stat", "cpu  1 2 3 4\nnews 5\nctxt 18446744073709551615\n");
    assert_int_equal(probe_open(&probe, &roots, "none", false, "stat", &e), 0);
    assert_int_equal(probe.channels.n, 5);
    put("stat", "cpu  10 20 30 40\nctxt 7\n");
    assert_int_equal(probe_read(&probe, cells, &e), 0);
    assert_int_equal(value("cpu.idle"), 40);
    assert_int_equal(value("ctxt"), 7);
    put("stat", "cpu  10 20 30 40\n");
    assert_int_equal(probe_read(&probe, cells, &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_non_null(strstr(e.msg, "'ctxt' is gone"));
    put("stat", "");
    assert_int_equal(probe_read(&probe, cells, &e), -1);
    probe_close(&probe);
}

/* The kernel's list of CPUs and interrupts may be long. */
static void reads_files_of_many_pages(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};
    size_t n = 300000;
    char *text = xmalloc(n + 64);

    (void)state;
    memset(text, ' ', n);
    memcpy(text, "cpu  1 2 3 4\nintr 99 ", 21);
    memcpy(text + n, "\nctxt 5\n", 9);
    put("stat", text);
    free(text);
    open_and_read(&roots, "stat");
    assert_int_equal(value("intr"), 99);
    assert_int_equal(value("ctxt"), 5);
    probe_close(&probe);
}

static void says_where_energy_is_no_number(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put_dir("class");
    put_dir("class/powercap");
    put_dir("class/powercap/intel-rapl:0");
    put("class/powercap/intel-rapl:0/name", "package-0\n");
    put("class/powercap/intel-rapl:0/max_energy_range_uj", "1000\n");
    put("class/powercap/intel-rapl:0/energy_uj", "999\n");
    open_and_read(&roots, "");
    assert_int_equal(value("energy:package-0"), 999);
    assert_int_equal(channel("energy:package-0")->wrap, 1000);
    put("class/powercap/intel-rapl:0/energy_uj", "-1\n");
    assert_int_equal(probe_read(&probe, cells, &e), -1);
    assert_non_null(strstr(e.msg, "intel-rapl:0/energy_uj"));
    put("class/powercap/intel-rapl:0/energy_uj", "999\n");
    probe_close(&probe);
}

/* A container's interfaces have no hardware behind them. */
static void counts_every_interface_where_none_is_hardware(void **state)
{
    const struct roots roots = {.proc = root, .sys = root};

    (void)state;
    put_dir("net");
    put("net/dev", "Inter-| Receive\n face |bytes\n"
                   "    lo: 9 0 0 0 0 0 0 0 9 0\n"
                   "  eth0: 5 0 0 0 0 0 0 0 6 0\n");
    open_and_read(&roots, "net");
    assert_int_equal(value("net.rx"), 5);
    assert_int_equal(value("net.tx"), 6);
    probe_close(&probe);
}

/* ---- counters that go back ---- */

static void tells_a_reset_from_a_wrap(void **state)
{
    struct channels cs = {0};
    uint64_t before[4] = {100, 100, 100, 1000}, now[4];

    (void)state;
    channels_add(&cs, "energy:x", "uJ", CHANNEL_U64, CHANNEL_COUNTER, 128);
    channels_add(&cs, "procs_running", "1", CHANNEL_U64, CHANNEL_GAUGE, 0);
    channels_add(&cs, "ctxt", "1", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(&cs, "cpu.idle", "tick", CHANNEL_U64, CHANNEL_COUNTER, 0);
    memcpy(now, before, sizeof now);
    assert_int_equal(probe_went_back(&cs, before, now), -1);
    now[0] = now[1] = 1;
    assert_int_equal(probe_went_back(&cs, before, now), -1);
    now[3] = 998; /* jitter */
    assert_int_equal(probe_went_back(&cs, before, now), -1);
    now[3] = 5;
    assert_int_equal(probe_went_back(&cs, before, now), 3);
    now[2] = 99;
    assert_int_equal(probe_went_back(&cs, before, now), 2);
    channels_release(&cs);
}

static void describes_machines(void **state)
{
    struct labels meta = {0};

    (void)state;
    machine_describe(&two, &meta);
    assert_string_equal(labels_get(&meta, "host"), "testhost");
    assert_string_equal(labels_get(&meta, "cpu_model"),
                        "Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz");
    assert_string_equal(labels_get(&meta, "cpu_family"), "6");
    assert_string_equal(labels_get(&meta, "cpu_model_number"), "85");
    assert_string_equal(labels_get(&meta, "cpu_stepping"), "7");
    assert_string_equal(labels_get(&meta, "microcode"), "0x5003604");
    assert_string_equal(labels_get(&meta, "cpus"), "2");
    assert_string_equal(labels_get(&meta, "kernel"), "6.1.0-test");
    assert_string_equal(labels_get(&meta, "governor"), "performance");
    assert_string_equal(labels_get(&meta, "hypervisor"), "none");
    assert_non_null(labels_get(&meta, "user_hz"));
    labels_release(&meta);
    machine_describe(&guest, &meta);
    assert_string_equal(labels_get(&meta, "hypervisor"), "QEMU Standard PC");
    assert_null(labels_get(&meta, "governor"));
    labels_release(&meta);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_signal),
        cmocka_unit_test(finds_every_zone_once),
        cmocka_unit_test(a_guest_lacks_things_quietly),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(takes_what_is_there),
        cmocka_unit_test(reads_files_of_many_pages),
        cmocka_unit_test(says_where_energy_is_no_number),
        cmocka_unit_test(counts_every_interface_where_none_is_hardware),
        cmocka_unit_test(tells_a_reset_from_a_wrap),
        cmocka_unit_test(describes_machines),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
