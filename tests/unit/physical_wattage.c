/* Known wattages: of the trained kind of machine, and of another make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/physical/wattage.h"

enum { CPUS = 24, E = EFFECTS };

/* A laptop: 2 W at idle, 30 W at full load, most of them at few CPUs. */
static struct physical laptop(void)
{
    struct physical p = {.n_cpus = CPUS, .curve = {2, 8, 0, 0, 15, 0, 0}};

    p.share = 1;
    p.busy_max = CPUS;
    p.curve[BASIS - 1] = (28 - 8 - 15 * (1 - exp(-6.))) / CPUS;
    for (int k = 0; k < E; k++) {
        p.session[k * E + k] = 1.5;
        p.workload[k * E + k] = p.recording[k * E + k] = .5;
        p.noise[k] = .5;
    }
    return p;
}

static struct physical_prediction predict(const struct physical *p, double busy)
{
    struct physical_prediction at;
    float b = (float)busy;

    physical_predict(p, &b, 1, &at);
    return at;
}

/* Known to 5 %; NAN is not known. */
static int use(struct physical *p, double idle, double full, bool *stretched,
               struct err *e)
{
    struct wattage w[WATTAGES] = {
        {"idle", isnan(idle) ? NULL : "I", idle, .05},
        {"full", isnan(full) ? NULL : "F", full, .05},
    };

    return wattages_use(p, w, stretched, e);
}

static bool covers(struct physical_prediction at, double watts)
{
    return fabs((double)at.watts - watts) <
           physical_quantile(.9) * (double)at.sd;
}

static void wattages_of_such_a_machine_do_not_stretch(void **state)
{
    struct physical p = laptop(), q = p;
    bool stretched = true;
    struct err e;

    (void)state;
    assert_int_equal(use(&p, 2.5, 32, &stretched, &e), 0);
    assert_false(stretched);
    assert_int_equal(physical_anchor(&q, 0, 2.5, .05, &e), 0);
    assert_int_equal(physical_anchor(&q, CPUS, 32, .05, &e), 0);
    assert_memory_equal(&p, &q, sizeof p);
}

static void another_make_draws_what_it_is_told(void **state)
{
    static const double idle[] = {21, 150, .2}, full[] = {140, 280, 6};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct physical before = laptop(), p = before;
        double span = full[i] - idle[i], last = 0;
        bool stretched;
        struct err e;

        assert_int_equal(use(&p, idle[i], full[i], &stretched, &e), 0);
        assert_true(stretched);
        assert_true(fabs(predict(&p, 0).watts - idle[i]) < 1e-3);
        assert_true(fabs(predict(&p, CPUS).watts - full[i]) < 1e-3);
        for (double b = 1; b < CPUS; b++) {
            double trained = (predict(&before, b).watts - 2) / 28 * span;
            double straight = b / CPUS * span;
            double dynamic = predict(&p, b).dynamic;

            /* half way from one to the other */
            assert_true(fabs(dynamic - (trained + straight) / 2) < 1e-2 * span);
            assert_true(dynamic >= last);
            last = dynamic;
            if (b == 1 || b == 5) /* near the knots both may still be */
                assert_true(fabs(dynamic - trained) < 1.8 * predict(&p, b).sd);
        }
    }
}

/* What the wattages tell is sure but for their error, what they do not is not.
 */
static void the_loads_between_are_less_sure(void **state)
{
    struct physical p = laptop();
    double row = (140. - 21) / 28 * sqrt(.25 + .5 + .5); /* noise, work */
    bool stretched;
    struct err e;

    (void)state;
    assert_int_equal(use(&p, 21, 140, &stretched, &e), 0);
    assert_true(predict(&p, 0).sd < hypot(row, .05 * 21) + .01);
    assert_true(predict(&p, CPUS).sd < hypot(row, .05 * 140) + .01);
    assert_true(predict(&p, 5).sd > 1.5 * predict(&p, 0).sd);
    assert_true(predict(&p, 5).sd > 1.2 * predict(&p, CPUS).sd);
}

/* One CPU of 24 differs from work to work by more than two of 24 draw. */
static void a_small_machine_is_not_all_unsure(void **state)
{
    struct physical p = laptop();
    bool stretched;
    struct err e;

    (void)state;
    for (int i = 0; i < E * E; i++) {
        p.workload[i] *= 12;
        p.recording[i] *= 12;
    }
    physical_resize(&p, 2);
    assert_int_equal(use(&p, 21, 140, &stretched, &e), 0);
    assert_true(stretched && predict(&p, 2).sd < 45);
    assert_true(predict(&p, 2).sd > .2 * (140 - 21));
}

static void one_wattage_leaves_the_other_open(void **state)
{
    struct physical p = laptop(), q = p;
    bool stretched;
    struct err e;

    (void)state;
    assert_int_equal(use(&p, NAN, 140, &stretched, &e), 0);
    assert_true(stretched && fabs(predict(&p, CPUS).watts - 140) < .01);
    for (double share = .03; share < .75; share += .1)
        assert_true(covers(predict(&p, 0), share * 140));
    assert_true(predict(&p, CPUS).sd < predict(&p, 0).sd / 2);

    assert_int_equal(use(&q, 80, NAN, &stretched, &e), 0);
    assert_true(stretched && fabs(predict(&q, 0).watts - 80) < .01);
    for (double full = 120; full < 400; full += 40)
        assert_true(covers(predict(&q, CPUS), full));
    assert_true(predict(&q, 0).sd < predict(&q, CPUS).sd / 4);
}

/* Makes drawn as they are believed to be: with two wattages, each 5 % off, the
 * interval holds its share of their means, which is more than of their rows. */
static void intervals_cover_other_makes(void **state)
{
    struct rng r;
    int inside = 0, n = 0;

    (void)state;
    rng_init(&r, 5, 1);
    for (int make = 0; make < 300; make++) {
        struct physical before = laptop(), p = before;
        double full = rng_uniform(&r, 80, 400);
        double idle = rng_uniform(&r, .1, .7) * full;
        double bent = rng_uniform(&r, 0, 1);
        bool stretched;
        struct err e;

        assert_int_equal(use(&p, idle * rng_uniform(&r, .92, 1.08),
                             full * rng_uniform(&r, .92, 1.08), &stretched, &e),
                         0);
        for (double b = 0; b <= CPUS; b += 3, n++) {
            double shape = (predict(&before, b).watts - 2) / 28;
            double truth =
                idle + (full - idle) * (bent * shape + (1 - bent) * b / CPUS);

            inside += covers(predict(&p, b), truth);
        }
    }
    assert_in_range(inside, n * 90 / 100, n);
}

static void no_machine_draws_that(void **state)
{
    static const struct {
        double idle, full;
        const char *why;
    } bad[] = {
        {NAN, 3000, "contradicts what is known of machines"},
        {NAN, .1, "contradicts what is known of machines"},
        {3000, NAN, "contradicts what is known of machines"},
        {60, 20, "not below"},
        {60, 60, "not below"},
        {NAN, INFINITY, "contradicts"},
    };
    struct physical p = laptop(), before = p;
    bool stretched;
    struct err e;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(use(&p, bad[i].idle, bad[i].full, &stretched, &e), -1);
        assert_non_null(strstr(e.msg, bad[i].why));
        assert_memory_equal(&p, &before, sizeof p);
    }
    assert_int_equal(physical_stretch(&p, NAN, NAN, &e), -1);
    assert_int_equal(physical_stretch(&p, -1, 50, &e), -1);
    p.curve[0] = 60; /* does not rise with load */
    p.curve[1] = p.curve[4] = p.curve[BASIS - 1] = 0;
    assert_int_equal(physical_stretch(&p, 20, 50, &e), -1);
}

static void what_was_measured_is_not_stretched(void **state)
{
    struct physical p = laptop(), before;
    float busy[24], watts[24];
    bool stretched;
    struct err e;

    (void)state;
    for (int i = 0; i < 24; i++) {
        busy[i] = (float)i;
        watts[i] = predict(&p, i).watts;
    }
    assert_int_equal(physical_calibrate(&p, busy, watts, 24, false, &e), 0);
    before = p;
    assert_int_equal(use(&p, 21, 140, &stretched, &e), -1);
    assert_non_null(strstr(e.msg, "contradict what is known of this machine"));
    assert_memory_equal(&p, &before, sizeof p);
    assert_int_equal(physical_stretch(&p, 21, 140, &e), -1);
}

/* Of a server that bends less than the laptop, as share of 180 W. */
static double server_shape(double busy)
{
    struct physical p = laptop();

    return .3 * (predict(&p, busy).watts - 2) / 28 + .7 * busy / CPUS;
}

/* A server by measured rows: other work differs by as large a share of its
 * watts as the laptop's does. */
static void rows_of_another_make_stretch_too(void **state)
{
    struct physical p = laptop(), trained = p;
    float busy[120], watts[120];
    int inside = 0, n = 0;
    struct rng r;
    struct err e;

    (void)state;
    rng_init(&r, 3, 1);
    for (int i = 0; i < 120; i++) {
        busy[i] = (float)rng_uniform(&r, 0, CPUS);
        watts[i] =
            (float)(60 + 180 * server_shape(busy[i]) + rng_uniform(&r, -4, 4));
    }
    assert_int_equal(physical_calibrate(&p, busy, watts, 120, false, &e), 0);
    for (double work = .96; work < 1.05; work += .02)
        for (double b = 1; b < CPUS; b += 1.5, n++)
            inside += covers(predict(&p, b), 60 + 180 * work * server_shape(b));
    /* the curve cannot unbend between two knots: 90 % is not reached there */
    assert_in_range(inside, n * 80 / 100, n);
    assert_true(predict(&p, 12).sd > 3 * predict(&trained, 12).sd);
    for (int i = 0; i < 120; i += 2) /* of another machine yet */
        watts[i] *= 3;
    p = trained;
    assert_int_equal(physical_calibrate(&p, busy, watts, 120, false, &e), -1);
    assert_memory_equal(&p, &trained, sizeof p);
}

static void a_wattage_has_a_unit(void **state)
{
    struct wattage w = {.name = "idle", .text = "21W"};
    struct err e;

    (void)state;
    assert_int_equal(wattage_parse(&w, .05, .01, &e), 0);
    assert_true(w.watts == 21 && w.error == .05);
    w.text = "idle.win"; /* a file */
    assert_int_equal(wattage_parse(&w, .05, .01, &e), 0);
    assert_true(isnan(w.watts) && w.error == .01);
    w.text = "21";
    assert_int_equal(wattage_parse(&w, .05, .01, &e), -1);
    assert_int_equal(e.code, ERR_USAGE);
    w.text = "-3W";
    assert_int_equal(wattage_parse(&w, .05, .01, &e), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wattages_of_such_a_machine_do_not_stretch),
        cmocka_unit_test(another_make_draws_what_it_is_told),
        cmocka_unit_test(the_loads_between_are_less_sure),
        cmocka_unit_test(a_small_machine_is_not_all_unsure),
        cmocka_unit_test(one_wattage_leaves_the_other_open),
        cmocka_unit_test(intervals_cover_other_makes),
        cmocka_unit_test(no_machine_draws_that),
        cmocka_unit_test(what_was_measured_is_not_stretched),
        cmocka_unit_test(rows_of_another_make_stretch_too),
        cmocka_unit_test(a_wattage_has_a_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
