/*
 * Energy by perf's events and by registers: names, units, what is refused, and
 * that what they count arrives to the last uJ.
 */
#include "tests/unit/energy_rig.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t cells[64];

/* ---- laws by which the events count ---- */

/* 0.1 J a read and more, each event its own, an odd number of units. */
static uint64_t odd_steps(const struct fake *f, unsigned k)
{
    return (uint64_t)k * (429496731 + 2 * f->config + 100 * (uint64_t)f->cpu) +
           (uint64_t)k * k % 977;
}

static uint64_t nothing(const struct fake *f, unsigned k)
{
    (void)f;
    (void)k;
    return 0;
}

static uint64_t package_stands(const struct fake *f, unsigned k)
{
    return f->config == 2 ? 12345678900 : odd_steps(f, k);
}

static uint64_t backwards(const struct fake *f, unsigned k)
{
    return 1000000000000 - odd_steps(f, k);
}

static uint64_t jumps(const struct fake *f, unsigned k)
{
    return odd_steps(f, k) + (k == 1 ? 1ULL << 62 : 0);
}

/* ---- perf ---- */

/* Two packages, four events each, one read a package. */
static void a_package_takes_one_read(void **state)
{
    (void)state;
    law = odd_steps;
    assert_int_equal(look_at("xeon", "perf"), 1);
    check_channels("package-0 package-0/core psys package-0/dram "
                   "package-1 package-1/core psys-1 package-1/dram");
    check_meta("energy_disjoint",
               "package-0,package-0/dram,package-1,package-1/dram");
    assert_int_equal(n_fake, 8);
    n_reads = 0;
    assert_int_equal(energy_read(&energy, cells, &e), 0);
    assert_int_equal(n_reads, 2);
}

/* The counts of a law arrive floored to uJ, so none is lost or added. */
static void check_law(unsigned samples)
{
    for (unsigned s = 0; s < samples; s++) {
        assert_int_equal(energy_read(&energy, cells, &e), 0);
        for (size_t c = 0; c < channels.n; c++) {
            const struct energy_domain *d =
                &energy.serving->domains.at[energy.used[c]];
            const struct fake *f = &fake[energy.used[c]];
            uint64_t count = law(f, fake[f->leader].reads - 1);

            assert_non_null(d);
            assert_int_equal(
                cells[c], (uint64_t)((unsigned __int128)count * 1000000 >> 32));
        }
    }
}

static void what_is_counted_arrives(void **state)
{
    (void)state;
    law = odd_steps;
    assert_int_equal(look_at("xeon", "perf"), 1);
    check_law(1000);
    refuse_groups = 1; /* an event a group then */
    assert_int_equal(look_at("xeon", "perf"), 1);
    refuse_groups = 0;
    check_law(10);
}

static void a_leader_that_is_left_out_still_leads(void **state)
{
    (void)state;
    law = package_stands;
    assert_int_equal(look_at("xeon", "auto"), 1);
    check_channels("package-0/core psys package-0/dram "
                   "package-1/core psys-1 package-1/dram");
    check_meta("energy_missing", "package-0,package-1");
    n_reads = 0;
    check_law(10);
    assert_int_equal(n_reads, 20);
}

static void impossible_counts_are_refused(void **state)
{
    (void)state;
    law = nothing;
    assert_int_equal(look_at("psys", "auto"), 0);
    assert_non_null(strstr(e.msg, "power/energy-psys/ on CPU 0: always reads"));
    law = backwards;
    assert_int_equal(look_at("xeon", "perf"), 0);
    assert_non_null(strstr(e.msg, "which would be"));
    law = jumps;
    assert_int_equal(look_at("xeon", "auto"), 0);
    assert_int_equal(domain(1, "package-0")->state, ENERGY_IMPOSSIBLE);
}

static void says_what_grants_it(void **state)
{
    (void)state;
    refuse_all = EACCES;
    assert_int_equal(look_at("xeon", "perf"), 0);
    assert_non_null(strstr(e.msg, "Permission denied"));
    assert_non_null(strstr(e.msg, "setcap cap_perfmon+ep"));
    assert_non_null(strstr(e.msg, "perf_event_paranoid=0"));
    assert_int_equal(notes.n, 0);
    assert_int_equal(look_at("dies", "perf"), 0);
    assert_non_null(strstr(e.msg, "sudo sysctl kernel.perf_event_paranoid=2 "
                                  "&& sudo setcap cap_perfmon+ep"));
    refuse_all = ENODEV;
    assert_int_equal(look_at("xeon", "perf"), 0);
    refuse_all = 0;
}

/* AMD counts packages whatever cpumask says of dies; and each core. */
static void amd_has_one_counter_a_package(void **state)
{
    (void)state;
    law = odd_steps;
    assert_int_equal(look_at("amd", "perf"), 1);
    check_channels("package-0");
    assert_int_equal(domain(1, "package-0/core-1")->state, ENERGY_LEFT_OUT);
    assert_int_equal(look_at("dies", "perf"), 1);
    check_channels("package-0-die-0 package-0-die-1");
}

static void falls_back_and_says_why(void **state)
{
    struct strings lines = {0};

    (void)state;
    law = odd_steps;
    assert_int_equal(look_at("amd", "auto"), 1);
    assert_ptr_equal(energy.serving->backend, &energy_perf);
    energy_explain(&energy, &lines);
    assert_int_equal(lines.n, 5); /* a line a way, and one a core */
    assert_non_null(strstr(lines.at[0], "not powercap: "));
    assert_non_null(strstr(lines.at[0], "does not move"));
    assert_string_equal(lines.at[1], "energy: perf serves: package-0");
    assert_string_equal(lines.at[4], "energy: not msr: only with --energy msr");
    strings_release(&lines);
}

/* The kernel's own calls, on clocks, which every kernel counts. */
static void the_kernel_answers_in_groups(void **state)
{
    const uint32_t software = 1;
    uint64_t before[3], now[3];
    int lead = perf_kernel.open(software, 0, 0, -1), fd;

    (void)state;
    if (lead < 0) {
        fprintf(stderr, "# SKIPPED: perf's events are not for us here\n");
        return;
    }
    fd = perf_kernel.open(software, 0, 0, lead);
    assert_true(fd >= 0);
    assert_int_equal(perf_kernel.read(lead, before, sizeof before),
                     sizeof before);
    assert_int_equal(perf_kernel.read(lead, now, sizeof now), sizeof now);
    assert_int_equal(now[0], 2);
    assert_true(now[1] > before[1] && now[2] > before[2]);
    assert_int_equal(perf_kernel.close(fd), 0);
    assert_int_equal(perf_kernel.close(lead), 0);
}

/* ---- registers ---- */

static void check_msr(const char *machine, const char *name, uint64_t uj,
                      uint64_t wrap)
{
    const struct energy_domain *d;

    assert_int_equal(look_at(machine, "msr"), 1);
    d = domain(2, name);
    assert_int_equal(d->uj, uj);
    assert_int_equal(d->wrap_uj, wrap);
}

static void registers_have_their_units(void **state)
{
    (void)state;
    check_msr("xeon", "package-0", 4000000, 262144000000);
    check_msr("xeon", "package-1/core", 8000061, 262144000000);
    check_msr("xeon", "package-0/dram", 3000000, 65536000000);
    check_msr("rapids", "package-0/dram", 1000000, 262144000000);
    check_msr("rapids", "psys", 7000000, 4294967296000000);
    check_msr("atom", "package-0", 32000, 137438953472);
    check_msr("amd", "package-0", 5000000, 65536000000);
    check_msr("dies", "package-0-die-1", 54931640, 262144000000);
    assert_int_equal(look_at("stuck", "msr"), 0);
    assert_non_null(strstr(e.msg, "modprobe msr"));
}

static uint32_t fake_register;

static ssize_t fake_msr(int fd, void *buf, size_t n, off_t at)
{
    uint64_t v = (uint64_t)at == 0xC0010299 ? 0xa1003 : 0;

    (void)fd;
    if ((uint64_t)at == 0xC001029A)
        v = 65536 * 3;
    if ((uint64_t)at == 0xC001029B) /* what lies above 32 bits is not energy */
        v = 0xabcd00000000ULL | (fake_register += 7001);
    memcpy(buf, &v, n);
    return (ssize_t)n;
}

static void registers_wrap_at_32_bits(void **state)
{
    char *proc = xasprintf("%s/amd/proc", dir);
    char *sys = xasprintf("%s/amd/sys", dir);
    char *dev = xasprintf("%s/amd/dev", dir);
    struct roots roots = {
        .proc = proc, .sys = sys, .dev = dev, .msr_read = fake_msr};
    uint64_t before, sum = 0, start;
    const unsigned samples = 2000000;

    (void)state;
    fake_register = UINT32_MAX - 20000;
    energy_close(&energy);
    channels_release(&channels);
    assert_int_equal(
        energy_open(&energy, &roots, "msr", false, &channels, &notes, &e), 1);
    check_channels("package-0");
    assert_int_equal(domain(2, "package-0/core-0")->uj, 3000000);
    assert_int_equal(energy_read(&energy, &before, &e), 0);
    start = before;
    for (unsigned s = 0; s < samples; s++) {
        assert_int_equal(energy_read(&energy, cells, &e), 0);
        sum += cells[0] >= before ? cells[0] - before
                                  : cells[0] + channels.at[0].wrap - before;
        before = cells[0];
    }
    /* three wraps; the sum of floors is the floor of the sum */
    assert_true(sum > 3 * channels.at[0].wrap);
    assert_int_equal((start + sum) % channels.at[0].wrap,
                     (uint64_t)fake_register * 1000000 >> 16);
    assert_true(sum - (uint64_t)samples * 7001 * 1000000 / 65536 <= 1);
    free(proc);
    free(sys);
    free(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_made),
        cmocka_unit_test(a_package_takes_one_read),
        cmocka_unit_test(what_is_counted_arrives),
        cmocka_unit_test(a_leader_that_is_left_out_still_leads),
        cmocka_unit_test(impossible_counts_are_refused),
        cmocka_unit_test(says_what_grants_it),
        cmocka_unit_test(amd_has_one_counter_a_package),
        cmocka_unit_test(falls_back_and_says_why),
        cmocka_unit_test(the_kernel_answers_in_groups),
        cmocka_unit_test(registers_have_their_units),
        cmocka_unit_test(registers_wrap_at_32_bits),
        cmocka_unit_test(machines_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
