#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/live/layout.h"

/* ---- the trail ---- */

static void put(struct trail *t, double at_s, double dt_s, float v)
{
    trail_put(t, (int64_t)(at_s * NS_PER_S), dt_s, &v);
}

static void check(const struct trail *t, int64_t ahead, size_t C,
                  size_t seconds, const float *want)
{
    float got[16];

    assert_int_equal(trail_columns(t, 0, ahead, C, got), seconds);
    for (size_t c = 0; c < C; c++) {
        if (isnan(want[c]))
            assert_true(isnan(got[c]));
        else
            assert_true(fabsf(got[c] - want[c]) < 1e-5f);
    }
}

static void a_slot_a_second(void **state)
{
    struct trail t;

    (void)state;
    trail_init(&t, 1);
    check(&t, 0, 2, 1, (float[]){NAN, NAN});
    put(&t, 100, 1, 1);
    put(&t, 101.4, 1, 2); /* late, and early */
    put(&t, 101.6, 1, 3);
    check(&t, 0, 4, 1, (float[]){NAN, 1, 2, 3});
    put(&t, 104, 1, 5); /* nothing came at 103 */
    check(&t, 0, 5, 1, (float[]){1, 2, 3, NAN, 5});
    check(&t, 2, 7, 1, (float[]){1, 2, 3, NAN, 5, NAN, NAN});
    /* two seconds a column, which begin at even ones */
    check(&t, 0, 3, 2, (float[]){1.5f, 3, 5});
    put(&t, 90, 1, 7); /* another recording */
    check(&t, 0, 2, 1, (float[]){NAN, 7});
    trail_release(&t);
}

static void a_value_holds_for_its_time(void **state)
{
    struct trail t;
    float all[TRAIL_SLOTS + 1];

    (void)state;
    trail_init(&t, 1);
    put(&t, 10, 5, 1);
    put(&t, 15, 3, 2);
    check(&t, 0, 6, 1, (float[]){1, NAN, NAN, 2, 2, 2});
    put(&t, 1e6, 1e9, 3); /* far ahead: nothing old is left */
    trail_columns(&t, 0, 0, TRAIL_SLOTS + 1, all);
    assert_true(isnan(all[0]) && all[1] == 3 && all[TRAIL_SLOTS] == 3);
    put(&t, 1e6 + 3, NAN, 4);
    trail_columns(&t, 0, 0, 1, all);
    assert_true(fabsf(all[0] - (597 * 3 + 4) / 598.f) < 1e-5f);
    trail_release(&t);
}

/* ---- the sheet ---- */

static void expect(const struct sheet *p, size_t row, const char *want)
{
    char *text = sheet_text(p, row);

    assert_string_equal(text, want);
    free(text);
}

static void text_is_cut_and_harmless(void **state)
{
    struct sheet p;

    (void)state;
    sheet_init(&p, 2, 8, true);
    assert_int_equal(sheet_put(&p, 0, 2, INK_PLAIN, "%s", "a\033[2Jb\xc3\xa9"),
                     9);
    expect(&p, 0, "  a?[2Jb");
    sheet_put(&p, 1, 0, INK_PLAIN, "%s", "\xe2\x96\x81\xff\xe4\xbd\xa0");
    expect(&p, 1, "\xe2\x96\x81??"); /* a block of ours; no others */
    sheet_put(&p, 2, 0, INK_PLAIN, "below");
    sheet_put_right(&p, 0, 8, INK_PLAIN, "longer than the page");
    sheet_put_right(&p, 1, 8, INK_PLAIN, "end");
    expect(&p, 0, "longer t");
    expect(&p, 1, "\xe2\x96\x81??  end");
    sheet_release(&p);
    sheet_init(&p, 1, 4, false);
    sheet_put(&p, 0, 0, INK_PLAIN, "%s", "\xe2\x96\x81x");
    expect(&p, 0, "?x");
    sheet_release(&p);
}

static void charts_and_bars(void **state)
{
    static const float v[] = {0, 1, NAN, 4, 8, 99};
    const struct range r = {0, 8};
    struct sheet p;

    (void)state;
    sheet_init(&p, 2, 8, true);
    sheet_chart(&p, 0, 1, 1, v, 6, &r, INK_PLAIN);
    expect(&p, 0,
           " \xe2\x96\x81\xe2\x96\x81 \xe2\x96\x84\xe2\x96\x88\xe2\x96\x88");
    sheet_bar(&p, 1, 1, 3.5, INK_PLAIN);
    expect(&p, 1, " \xe2\x96\x88\xe2\x96\x88\xe2\x96\x8c");
    sheet_bar(&p, 1, 1, NAN, INK_PLAIN);
    sheet_bar(&p, 1, 1, 1e300, INK_PLAIN);
    sheet_release(&p);
    sheet_init(&p, 2, 8, false);
    sheet_chart(&p, 0, 0, 2, v, 6, &r, INK_PLAIN);
    expect(&p, 0, "    ##");
    expect(&p, 1, ".: ###");
    sheet_release(&p);
}

static void a_range_holds_and_is_no_lens(void **state)
{
    static const float near[] = {50, NAN, 51}, wide[] = {3, 20};
    struct range r = {NAN, NAN};

    (void)state;
    range_hold(&r, near, 3);
    assert_true(r.low == 50 && r.high == 51);
    range_round(&r);
    assert_true(r.low < 45 && r.high > 55);
    r = (struct range){NAN, NAN};
    range_hold(&r, wide, 2);
    range_round(&r);
    assert_true(r.low == 0 && r.high == 20);
    r = (struct range){NAN, NAN};
    range_round(&r);
    assert_true(r.low == 0 && r.high == 1);
    r = (struct range){0, 0};
    range_round(&r);
    assert_true(r.high > r.low);
}

/* ---- the picture ---- */

#define START_NS (1700000000 * NS_PER_S)

struct rig {
    struct window_spec spec;
    struct prediction_form form;
    struct live live;
    struct labels meta;
};

static void rig_init(struct rig *g, const char *features)
{
    struct live_model m = {"physical", &g->spec, &g->form, .5};

    *g = (struct rig){.spec = {.delays = 3, .tau = 1, .interval_ns = NS_PER_S},
                      .form = {.idle = true}};
    strings_split(&g->spec.features, features, ',');
    labels_set(&g->meta, "host", "vm1");
    labels_set(&g->meta, "cpus", "2");
    labels_set(&g->meta, "cpu_model", "AMD EPYC");
    labels_set(&g->meta, "hypervisor", "kvm");
    live_init(&g->live, &m);
    live_begin(&g->live, &g->meta);
}

static void rig_release(struct rig *g)
{
    live_release(&g->live);
    labels_release(&g->meta);
    strings_release(&g->spec.features);
}

static const struct prediction said = {
    .power_w = 41.2f,
    .lower_w = {[INTERVAL_90] = 35},
    .upper_w = {[INTERVAL_90] = 48.1f},
    .support = .95f,
    .measured_w = 40,
    .idle_w = 21.2f,
    .dt_s = 1,
};

/* n seconds of p, from START_NS on. */
static void feed(struct rig *g, int n, struct prediction p)
{
    static const float x[64] = {1.5f, 6.9088f};

    for (int i = 0; i < n; i++) {
        p.t_ns = START_NS + i * NS_PER_S;
        live_row(&g->live, p.t_ns, 3, p.t_ns);
        live_add(&g->live, &p, x);
    }
}

/* Row of the picture, at that many seconds after the start. */
static void shows(const struct rig *g, size_t rows, size_t cols, int at_s,
                  const char *const *want)
{
    struct sheet p;

    sheet_init(&p, rows, cols, false);
    layout(&p, &g->live, START_NS + at_s * NS_PER_S);
    for (size_t i = 0; i < rows; i++)
        expect(&p, i, want[i]);
    sheet_release(&p);
}

/* Does some row hold the text? */
static bool holds(const struct rig *g, size_t rows, size_t cols, int at_s,
                  const char *text)
{
    struct sheet p;
    bool found = false;

    sheet_init(&p, rows, cols, true);
    layout(&p, &g->live, START_NS + at_s * NS_PER_S);
    for (size_t i = 0; i < rows; i++) {
        char *row = sheet_text(&p, i);

        found |= strstr(row, text) != NULL;
        free(row);
    }
    sheet_release(&p);
    return found;
}

static void a_small_picture(void **state)
{
    static const char *const want[] = {
        "rapl-infer: physical            22:13:23",
        "predicted    41.20 W  35.0 to 48.1 W",
        "measured     40.00 W  error +1.20 W +3 %",
        "....................---|#----. 50 W",
        "idle         21.20 W  dynamic 20.00 W",
        "support       0.95    like the training",
        "energy       164.8 J  in 4.0 s",
        "                                    ====",
        "busy_cpus        1.50 CPU           ====",
        "q quit   p pause",
    };
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus,log_ctxt");
    feed(&g, 4, said);
    shows(&g, 10, 40, 3, want);
    rig_release(&g);
}

static void a_picture_with_words(void **state)
{
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus,log_ctxt");
    feed(&g, 200, said);
    assert_true(holds(&g, 24, 80, 199,
                      "physical on vm1, guest of kvm, 2 CPUs, AMD EPYC"));
    assert_true(holds(&g, 24, 80, 199, "35.0 to 48.1 W holds 90 %"));
    assert_true(holds(&g, 24, 80, 199, "8.24 kJ  in 3 min 20 s, mean 41.20 W"));
    assert_true(holds(&g, 24, 80, 199,
                      "8.00 kJ  measured in 3 min 20 s, mean 40.00 W, MAE "
                      "1.20 W"));
    /* the logarithm of a rate is shown as the rate */
    assert_true(holds(&g, 24, 80, 199, "log_ctxt              1000 1/s"));
    assert_true(holds(&g, 24, 80, 199, "measured, W, over the last"));
    g.live.message = "rapl-infer: warning: something";
    assert_true(holds(&g, 24, 80, 199, "warning: something"));
    rig_release(&g);
}

static void nothing_old_looks_new(void **state)
{
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus");
    assert_true(holds(&g, 24, 80, 0, "no sample yet"));
    live_row(&g.live, START_NS, 1, START_NS);
    assert_true(holds(&g, 24, 80, 0, "1 of 3 rows of a window"));
    assert_true(holds(&g, 24, 80, 0, "nothing yet"));
    feed(&g, 5, said);
    assert_true(holds(&g, 24, 80, 6, "22:13:24"));
    assert_false(holds(&g, 24, 80, 6, "s old"));
    assert_true(holds(&g, 24, 80, 16, "last sample is 12 s old"));
    assert_true(holds(&g, 5, 20, 16, "12 s old"));
    /* a clock that is ahead hides no age */
    live_row(&g.live, START_NS + 60 * NS_PER_S, 3, START_NS + 5 * NS_PER_S);
    assert_true(holds(&g, 24, 80, 12, "last sample is 7 s old"));
    /* rows come, and too few for a window: curves and figures are old */
    live_row(&g.live, START_NS + 20 * NS_PER_S, 2, START_NS + 20 * NS_PER_S);
    assert_true(holds(&g, 24, 80, 20, "2 of 3 rows of a window"));
    assert_int_equal(live_seconds_since(&g.live, START_NS + 20 * NS_PER_S), 16);
    live_row(&g.live, START_NS + 4 * NS_PER_S, 3, START_NS + 4 * NS_PER_S);
    assert_int_equal(live_seconds_since(&g.live, START_NS + 6 * NS_PER_S), 0);
    g.live.paused = true;
    assert_true(holds(&g, 24, 80, 6, "PAUSED: 22:13:24"));
    assert_true(holds(&g, 24, 80, 6, "p go on"));
    g.live.paused = false;
    /* what was recorded long ago is as old as its arrival */
    g.live.arrived_ns += 86400 * NS_PER_S;
    assert_true(holds(&g, 24, 80, 86404, "recorded 2023-11-14 22:13:24"));
    assert_true(holds(&g, 24, 80, 86411, "last sample is 7 s old"));
    rig_release(&g);
}

/* A pause holds all that is shown, and lets the rest go on. */
static void a_held_picture_stays(void **state)
{
    struct prediction p = said;
    struct live held;
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus");
    feed(&g, 5, said);
    live_hold(&held, &g.live);
    p.power_w = 99;
    feed(&g, 50, p);
    live_begin(&g.live, &(struct labels){0});
    assert_true(holds(&g, 24, 80, 49, "99.00 W"));
    {
        struct rig h = {.live = held};

        assert_true(holds(&h, 24, 80, 5, "41.20 W"));
        assert_true(holds(&h, 24, 80, 5, "206.0 J  in 5.0 s"));
        assert_true(holds(&h, 24, 80, 5, "on vm1"));
        assert_false(holds(&h, 24, 80, 5, "99"));
    }
    live_drop(&held);
    rig_release(&g);
}

/* Where not all have room, those that add most are shown. */
static void what_adds_most_is_shown(void **state)
{
    static const float adds_w[] = {.1f, -7, 2, .2f, 3, 0};
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus,log_ctxt,user_pct,system_pct,iowait_pct,mem_used");
    feed(&g, 10, said);
    assert_true(holds(&g, 50, 80, 9, "driven by"));
    assert_false(holds(&g, 50, 80, 9, "      adds"));
    assert_true(holds(&g, 11, 80, 9, "busy_cpus"));
    live_drive(&g.live, adds_w);
    assert_true(holds(&g, 50, 80, 9, "      adds"));
    assert_true(holds(&g, 50, 80, 9, "1000 1/s        -7.00 W"));
    assert_true(holds(&g, 50, 80, 9, "mem_used"));
    assert_true(holds(&g, 11, 80, 9, "log_ctxt"));
    assert_false(holds(&g, 11, 80, 9, "busy_cpus"));
    rig_release(&g);
}

static void what_is_not_known_is_not_said(void **state)
{
    struct prediction p = said;
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus");
    p.measured_w = p.idle_w = NAN;
    p.lower_w[INTERVAL_90] = p.upper_w[INTERVAL_90] = NAN;
    p.support = 0;
    feed(&g, 4, p);
    assert_true(holds(&g, 24, 80, 3, "no counter here"));
    assert_true(holds(&g, 24, 80, 3, "no interval"));
    assert_true(holds(&g, 24, 80, 3, "not told"));
    assert_true(holds(&g, 24, 80, 3, "not to be trusted"));
    assert_false(holds(&g, 24, 80, 3, "nan"));
    assert_false(holds(&g, 50, 200, 3, "measured,"));
    rig_release(&g);
}

/* Every size, under the sanitizers: no row is wider than the sheet, and what
 * matters most is on the smallest. */
static void any_size(void **state)
{
    struct prediction both = said;
    struct rig g;

    (void)state;
    rig_init(&g, "busy_cpus,log_ctxt,user_pct,system_pct,iowait_pct,mem_used");
    strings_add(&g.form.domains, "dram");
    strings_add(&g.form.domains, "a-domain-with-a-long-name");
    both.domain[0] = (struct prediction_domain){7.5f, 5, 9, 7};
    feed(&g, 700, both);
    for (size_t rows = 0; rows < 60; rows += 1 + rows / 12)
        for (size_t cols = 0; cols < 230; cols += 1 + cols / 12) {
            struct sheet p;

            sheet_init(&p, rows, cols, true);
            layout(&p, &g.live, START_NS + 710 * NS_PER_S);
            sheet_release(&p);
        }
    assert_true(holds(&g, 2, 20, 699, "41.20 W"));
    assert_true(holds(&g, 24, 80, 699,
                      "dram          7.50 W  5.0 to 9.0 W  "
                      "measured 7.00 W  error +0.50 W"));
    assert_true(holds(&g, 24, 80, 699, "a-domain-w    0.00 W"));
    strings_release(&g.form.domains);
    rig_release(&g);
}

static void words_of_energy_and_time(void **state)
{
    char out[LAYOUT_TEXT];

    (void)state;
    assert_string_equal(layout_energy(0, out), "0.0 J");
    assert_string_equal(layout_energy(999.9, out), "999.9 J");
    assert_string_equal(layout_energy(-12345, out), "-12.35 kJ");
    assert_string_equal(layout_energy(3.6e6, out), "3.60 MJ");
    assert_string_equal(layout_time(2.04, out), "2.0 s");
    assert_string_equal(layout_time(9.96, out), "10 s");
    assert_string_equal(layout_time(200.2, out), "3 min 20 s");
    assert_string_equal(layout_time(2 * 3600 + 61, out), "2 h 1 min");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_a_second),
        cmocka_unit_test(a_value_holds_for_its_time),
        cmocka_unit_test(text_is_cut_and_harmless),
        cmocka_unit_test(charts_and_bars),
        cmocka_unit_test(a_range_holds_and_is_no_lens),
        cmocka_unit_test(a_small_picture),
        cmocka_unit_test(a_picture_with_words),
        cmocka_unit_test(nothing_old_looks_new),
        cmocka_unit_test(a_held_picture_stays),
        cmocka_unit_test(what_adds_most_is_shown),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(any_size),
        cmocka_unit_test(words_of_energy_and_time),
    };

    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
