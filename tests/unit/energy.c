/*
 * Which energy counters of a machine are found, believed and recorded, and in
 * which units.
 */
#include "tests/unit/energy_rig.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* ---- units ---- */

static void units_are_exact(void **state)
{
    static const double none[] = {0, -1, NAN, INFINITY, 1e30, 1e-40};
    struct energy_unit u;

    (void)state;
    assert_int_equal(energy_unit_of(&u, ldexp(1, -14)), 0);
    assert_int_equal(energy_unit_uj(&u, 1), 61);
    assert_int_equal(energy_unit_uj(&u, 1 << 14), 1000000);
    assert_int_equal(energy_unit_wrap(&u, 32), 262144000000);
    assert_int_equal(energy_unit_of(&u, ldexp(1, -16)), 0);
    assert_int_equal(energy_unit_wrap(&u, 32), 65536000000);
    assert_int_equal(energy_unit_of(&u, ldexp(1, -32)), 0);
    assert_int_equal(energy_unit_wrap(&u, 64), 4294967296000000);
    for (uint64_t count = 1; count < UINT64_MAX / 7; count = count * 7 + 3)
        assert_int_equal(energy_unit_uj(&u, count),
                         (uint64_t)((unsigned __int128)count * 1000000 >> 32));
    assert_int_equal(energy_unit_of(&u, 1), 0);
    assert_int_equal(energy_unit_uj(&u, UINT32_MAX), 4294967295000000);
    assert_int_equal(energy_unit_wrap(&u, 64), 0);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(energy_unit_of(&u, none[i]), -1);
}

/* ---- powercap ---- */

static void names_what_may_be_added(void **state)
{
    (void)state;
    assert_int_equal(look_at("xeon", "powercap"), 1);
    check_channels("package-0 package-0/core package-0/dram "
                   "package-1 package-1/core package-1/dram psys");
    check_meta("energy_source", "powercap");
    check_meta("energy_disjoint",
               "package-0,package-0/dram,package-1,package-1/dram");
    check_meta("energy_missing", "");
    assert_int_equal(notes.n, 1); /* nothing moves */
    assert_non_null(strstr(notes.at[0], "and 6 more"));
}

static void tells_dies_from_mirrors(void **state)
{
    (void)state;
    assert_int_equal(look_at("dies", "powercap"), 1);
    check_channels("package-0-die-0 package-0-die-1");
    check_meta("energy_disjoint", "package-0-die-0,package-0-die-1");
    assert_int_equal(look_at("mirrored", "powercap"), 1);
    check_channels("package-0-die-0 package-0-die-0/core");
    check_meta("energy_disjoint", "package-0-die-0");
    check_meta("energy_missing", "");
    assert_int_equal(domain(0, "package-0-die-1")->state, ENERGY_MIRRORED);
}

static void what_stands_still_is_not_believed(void **state)
{
    (void)state;
    assert_int_equal(look_at("stuck", "auto"), 0);
    assert_int_equal(channels.n, 0);
    assert_non_null(strstr(e.msg, "intel-rapl:0/energy_uj: does not move"));
    check_meta("energy_source", "none");
    assert_int_equal(look_at("stuck", "powercap"), 1);
    check_channels("package-0 package-0/uncore");
    assert_int_equal(look_at("stuck", "none"), 0);
    assert_int_equal(look_at("stuck", "bogus"), -1);
    assert_int_equal(e.code, ERR_USAGE);
    assert_int_equal(look_at("empty", "auto"), 0);
}

static int open_zone(const char *zone)
{
    char *path = xasprintf("%s/%s/energy_uj", dir, zone);
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    free(path);
    return fd;
}

struct mover {
    const char *zone[2];
    atomic_bool stop;
};

/* Moves two counters as one from where they stand: 100 mJ a ms, by the eight
 * digits of ten that come first. */
static void *move(void *arg)
{
    struct mover *m = arg;
    int fd[2] = {open_zone(m->zone[0]), open_zone(m->zone[1])};
    char digits[16];

    for (unsigned uj = 30000000; !m->stop; uj += 1000) {
        snprintf(digits, sizeof digits, "%08u", uj % 100000000);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pwrite(fd[i], digits, 8, 0), 8);
        usleep(1000);
    }
    close(fd[0]);
    close(fd[1]);
    return NULL;
}

/* A busy machine may hold up who moves it: so try again. */
static void look_at_moving(const char *machine, struct mover *m)
{
    pthread_t mover;
    int there = 0;

    assert_int_equal(pthread_create(&mover, NULL, move, m), 0);
    for (int tries = 0; tries < 1000 && there == 0; tries++)
        there = look_at(machine, "auto");
    m->stop = true;
    pthread_join(mover, NULL);
    assert_int_equal(there, 1);
}

static void what_moves_is_believed(void **state)
{
    struct mover m = {.zone = {"stuck/sys/class/powercap/intel-rapl:0",
                               "stuck/sys/class/powercap/intel-rapl:0"}};

    (void)state;
    look_at_moving("stuck", &m);
    check_channels("package-0");
    check_meta("energy_missing", "package-0/uncore");
    assert_int_equal(notes.n, 0);
    assert_true(energy_watts(domain(0, "package-0")) > 0);
}

/* Two dies that move together are one; what rests beside them stays. */
static void what_moves_twice_is_recorded_once(void **state)
{
    struct mover m = {.zone = {"mirrored/sys/class/powercap/intel-rapl:0",
                               "mirrored/sys/class/powercap/intel-rapl:1"}};

    (void)state;
    look_at_moving("mirrored", &m);
    check_channels("package-0-die-0 package-0-die-0/core");
    assert_int_equal(domain(0, "package-0-die-1")->state, ENERGY_MIRRORED);
}

static void odd_files_are_one_line_each(void **state)
{
    (void)state;
    assert_int_equal(look_at("broken", "auto"), 0);
    assert_int_equal(energy.part[0].domains.n, 5);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(energy.part[0].domains.at[i].state, ENERGY_IMPOSSIBLE);
    for (size_t i = 0; i < 5; i++)
        assert_null(strchr(energy.part[0].domains.at[i].why, '\n'));
    assert_int_equal(look_at("broken", "powercap"), 1);
    check_channels("package-4");
    assert_int_equal(channels.at[0].wrap, 0);
    assert_int_equal(notes.n, 2); /* one stands still, four are impossible */
    assert_non_null(strstr(notes.at[1], "and 3 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_made),
        cmocka_unit_test(units_are_exact),
        cmocka_unit_test(names_what_may_be_added),
        cmocka_unit_test(tells_dies_from_mirrors),
        cmocka_unit_test(what_stands_still_is_not_believed),
        cmocka_unit_test(what_moves_is_believed),
        cmocka_unit_test(what_moves_twice_is_recorded_once),
        cmocka_unit_test(odd_files_are_one_line_each),
        cmocka_unit_test(machines_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
