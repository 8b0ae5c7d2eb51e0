#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/physical/effects.h"
#include "common/physical/physical.h"

/* Sessions that scale a known curve, workloads that bend it. */
enum {
    SESSIONS = 8,
    WORKLOADS = 6,
    ROWS = 200,
    N = SESSIONS * WORKLOADS * ROWS
};

struct fixture {
    float busy[N], watts[N];
    uint32_t workload[N], session[N], recording[N];
    struct physical_rows rows;
    struct physical model;
};

static double true_watts(double busy)
{
    return 20 + 15 * fmin(busy, 1) + 60 * (1 - exp(-busy / 10));
}

static double session_scale(size_t session)
{
    return .8 + .06 * (double)session;
}

static int set_up(void **state)
{
    struct fixture *f = xcalloc(1, sizeof *f);
    struct rng r;
    struct err e;
    size_t n = 0;

    rng_init(&r, 1, 1);
    for (uint32_t s = 0; s < SESSIONS; s++) {
        for (uint32_t w = 0; w < WORKLOADS; w++) {
            double bend = rng_uniform(&r, -4, 4);

            for (int i = 0; i < ROWS; i++, n++) {
                double b = i < 20 ? 0 : rng_uniform(&r, 0, 24);

                f->busy[n] = (float)b;
                f->watts[n] =
                    (float)(20 + session_scale(s) * (true_watts(b) - 20) +
                            bend * (1 - exp(-b / 1.5)) +
                            rng_uniform(&r, -1, 1) * (b > .5 ? 1 : .5));
                f->workload[n] = w;
                f->session[n] = s;
                f->recording[n] = s * WORKLOADS + w;
            }
        }
    }
    f->rows = (struct physical_rows){n,           f->busy,    f->watts,
                                     f->workload, f->session, f->recording};
    *state = f;
    return physical_fit(&f->model, &f->rows, 24, &e);
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static struct physical_prediction predict(const struct physical *p, double busy)
{
    struct physical_prediction at;
    float b = (float)busy;

    physical_predict(p, &b, 1, &at);
    return at;
}

static void the_curve_is_recovered(void **state)
{
    const struct fixture *f = *state;
    double scale = session_scale(0) / 2 + session_scale(SESSIONS - 1) / 2;

    for (int b = 0; b <= 24; b += 2) {
        double truth = 20 + scale * (true_watts(b) - 20);

        assert_true(fabs(predict(&f->model, b).watts - truth) < 2.5);
    }
    for (int k = 0; k < BASIS; k++)
        assert_true(f->model.curve[k] >= 0);
}

static void parts_add_up_and_intervals_widen_with_load(void **state)
{
    const struct fixture *f = *state;
    struct physical_prediction idle = predict(&f->model, 0),
                               full = predict(&f->model, 24),
                               far = predict(&f->model, 48);

    assert_true(fabsf(idle.dynamic) < .01f && idle.idle > 18);
    assert_true(fabsf(full.idle + full.dynamic - full.watts) < 1e-4f);
    assert_true(full.sd > 2 * idle.sd);
    assert_true(full.support > .5f && far.support < .01f);
    assert_true(isnan(predict(&f->model, NAN).watts));
}

static void quantiles_are_the_normal_ones(void **state)
{
    (void)state;
    assert_true(fabs(physical_quantile(.9) - 1.644854) < 1e-5);
    assert_true(fabs(physical_quantile(.5) - .674490) < 1e-5);
}

/* Watts of a session beyond those trained on. */
static double new_session(double busy)
{
    return 20 + 1.5 * (true_watts(busy) - 20);
}

static size_t sweep(float *busy, float *watts)
{
    for (size_t i = 0; i < 60; i++) {
        busy[i] = (float)(i % 13) * 2;
        watts[i] = (float)new_session(busy[i]) + (i % 2 ? .5f : -.5f);
    }
    return 60;
}

static void a_sweep_narrows_and_corrects(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    float busy[60], watts[60];
    size_t n = sweep(busy, watts);
    struct err e;

    assert_int_equal(physical_calibrate(&p, busy, watts, n, false, &e), 0);
    for (int b = 2; b <= 24; b += 2) {
        struct physical_prediction before = predict(&f->model, b),
                                   now = predict(&p, b);

        assert_true(fabs(now.watts - new_session(b)) <
                    fabs(before.watts - new_session(b)) / 3);
        assert_true(now.sd < before.sd);
    }
}

/* What is learned of a recording is more than a sweep says of another. */
static void the_same_recording_says_more(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model, q = f->model;
    float busy[60], watts[60];
    size_t n = sweep(busy, watts);
    struct err e;

    assert_int_equal(physical_calibrate(&p, busy, watts, n, false, &e), 0);
    assert_int_equal(physical_calibrate(&q, busy, watts, n, true, &e), 0);
    assert_true(predict(&q, 10).sd < predict(&p, 10).sd);
    assert_true(fabs(predict(&q, 10).watts - new_session(10)) < 1);
}

static void a_longer_sweep_counts_no_more(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model, q = f->model;
    float busy[600], watts[600];
    struct err e;

    for (size_t i = 0; i < 600; i += 60)
        sweep(busy + i, watts + i);
    assert_int_equal(physical_calibrate(&p, busy, watts, 60, false, &e), 0);
    assert_int_equal(physical_calibrate(&q, busy, watts, 600, false, &e), 0);
    assert_true(fabsf(predict(&p, 9).watts - predict(&q, 9).watts) < .01f);
    assert_true(fabsf(predict(&p, 9).sd - predict(&q, 9).sd) < .01f);
}

static void two_anchors_bend_the_curve(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    struct err e;
    double full = new_session(24), before = predict(&p, 24).watts;

    assert_int_equal(physical_anchor(&p, 0, 19, .05, &e), 0);
    assert_int_equal(physical_anchor(&p, 24, full, .05, &e), 0);
    assert_true(fabsf(predict(&p, 0).watts - 19) < .01f);
    /* no session of the training was so far off: not all of it is believed */
    assert_true(fabs(predict(&p, 24).watts - full) < (full - before) / 5);
    assert_true(predict(&p, 5).watts > predict(&f->model, 5).watts + 5);
    assert_true(predict(&p, 12).sd < predict(&f->model, 12).sd);
}

/* An error of 50 % hardly moves what one of 1 % does. */
static void a_vague_anchor_says_little(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model, q = f->model;
    struct err e;
    float before = predict(&p, 24).watts;

    assert_int_equal(physical_anchor(&p, 24, 1.3 * before, .01, &e), 0);
    assert_int_equal(physical_anchor(&q, 24, 1.3 * before, .5, &e), 0);
    assert_true(predict(&q, 24).watts - before <
                (predict(&p, 24).watts - before) / 2);
}

static void what_cannot_be_is_refused(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    float busy[60], watts[60];
    struct err e;

    assert_int_equal(physical_anchor(&p, 0, 300, .05, &e), -1);
    assert_non_null(strstr(e.msg, "not below"));
    assert_int_equal(physical_anchor(&p, 24, 900, .05, &e), -1);
    assert_non_null(strstr(e.msg, "contradict"));
    assert_int_equal(physical_anchor(&p, 25, 90, .05, &e), -1);
    assert_int_equal(physical_anchor(&p, 24, NAN, .05, &e), -1);
    sweep(busy, watts);
    for (int i = 0; i < 60; i += 2)
        watts[i] *= 3;
    assert_int_equal(physical_calibrate(&p, busy, watts, 60, false, &e), -1);
    assert_non_null(strstr(e.msg, "contradict"));
    assert_int_equal(physical_calibrate(&p, busy, watts, 0, false, &e), -1);
    watts[3] = NAN;
    assert_int_equal(physical_calibrate(&p, busy, watts, 60, false, &e), -1);
    assert_memory_equal(&p, &f->model, sizeof p);
}

/* A machine that is less quiet at idle than those of the training is no
 * contradiction: its rows scatter as theirs do under load. */
static void scatter_at_idle_is_believed(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    double under_load = p.noise[KNOT_FULL];
    float busy[60] = {0}, watts[60];
    struct err e;

    p.noise[KNOT_IDLE] = under_load / 10;
    for (int i = 0; i < 60; i++)
        watts[i] = (float)(20 + (i % 2 ? 2 : -2) * under_load);
    assert_int_equal(physical_calibrate(&p, busy, watts, 60, true, &e), 0);
    assert_true(p.noise[KNOT_IDLE] > under_load / 2);
}

static void idle_must_settle_and_load_be_full(void **state)
{
    float busy[200] = {0}, watts[200];
    double mean;
    struct err e;

    (void)state;
    for (int i = 0; i < 200; i++)
        watts[i] = 10 + 5 * expf(-(float)i / 60);
    assert_int_equal(physical_settled_idle(busy, watts, 200, 24, &mean, &e),
                     -1);
    assert_non_null(strstr(e.msg, "not settled"));
    for (int i = 0; i < 200; i++)
        watts[i] = 10;
    assert_int_equal(physical_settled_idle(busy, watts, 50, 24, &mean, &e), -1);
    assert_int_equal(physical_settled_idle(busy, watts, 200, 24, &mean, &e), 0);
    assert_true(fabs(mean - 10) < 1e-6);
    assert_int_equal(physical_full_load(busy, watts, 200, 24, &mean, &e), -1);
    assert_non_null(strstr(e.msg, "not full"));
    for (int i = 0; i < 200; i++)
        busy[i] = 23;
    assert_int_equal(physical_full_load(busy, watts, 200, 24, &mean, &e), 0);
    assert_int_equal(physical_settled_idle(busy, watts, 200, 24, &mean, &e),
                     -1);
    assert_non_null(strstr(e.msg, "not idle"));
}

static void a_guest_pays_its_share_of_idle(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;

    p.share = .25;
    assert_true(fabsf(predict(&p, 3).idle * 4 - predict(&f->model, 3).idle) <
                1e-3f);
    assert_true(predict(&p, 3).dynamic == predict(&f->model, 3).dynamic);
}

static void a_machine_twice_the_size_draws_twice_the_power(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    double first = p.curve[1];

    physical_resize(&p, 24);
    assert_memory_equal(&p, &f->model, sizeof p);
    physical_resize(&p, 48);
    for (int b = 1; b <= 24; b += 4)
        assert_true(fabs(predict(&p, 2 * b).watts -
                         (2 * predict(&f->model, b).watts - first)) < 1e-3);
    assert_true(predict(&p, 20).sd > 2 * predict(&f->model, 10).sd);
    assert_true(predict(&p, 48).support > .2f);
}

/* At a share of the load that was calibrated, but for the first CPU's part. */
static void what_was_calibrated_is_resized_too(void **state)
{
    const struct fixture *f = *state;
    struct physical p = f->model;
    double first;

    for (int k = 0; k < EFFECTS; k++)
        p.shift[k] = 1 + k * k;
    first = p.curve[1]; /* stays what it is; all that was found is scaled */
    physical_resize(&p, 24 * 24);
    for (int k = 0; k < EFFECTS; k++)
        assert_true(p.session[k * (EFFECTS + 1)] > 0);
    assert_true(fabs(predict(&p, 24 * 24).watts -
                     (24 * (predict(&f->model, 24).watts + 10) - 23 * first)) <
                1e-2);
    assert_true(fabs(predict(&p, 0).watts -
                     24 * (predict(&f->model, 0).watts + 1)) < 1e-2);
}

/* Each knot is itself, and between two both have a share. */
static void knots_share_a_load(void **state)
{
    static const double sizes[] = {1, 2, 24, 256};
    double busy[EFFECTS], z[EFFECTS];

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        basis_knots(sizes[i], busy);
        for (int k = 0; k < EFFECTS && sizes[i] > 1; k++) {
            basis_effects(busy[k], sizes[i], z);
            assert_true(fabs(z[k] - 1) < 1e-12);
        }
        for (double b = 0; b < 1.5 * sizes[i]; b += .37) {
            basis_effects(b, sizes[i], z);
            assert_true(fabs(z[0] + z[1] + z[2] + z[3] - 1) < 1e-12);
        }
    }
    basis_effects(sqrt(sqrt(24)), 24, z); /* half way, by the logarithm */
    assert_true(fabs(z[KNOT_ONE] - .5) < 1e-12);
    basis_effects(NAN, 24, z);
    assert_true(isnan(z[KNOT_IDLE]));
}

static void a_checkpoint_gives_back_what_it_took(void **state)
{
    const struct fixture *f = *state;
    float store[PHYSICAL_STORE];
    struct labels ls = {0};
    struct tensors ts = {0};
    struct physical p;
    struct err e;

    physical_save(&f->model, store, &ls, &ts);
    assert_int_equal(tensors_count(&ts), PHYSICAL_STORE);
    assert_int_equal(physical_load(&p, &ls, &ts, &e), 0);
    for (int b = 0; b <= 24; b += 3) {
        assert_true(fabsf(predict(&p, b).watts - predict(&f->model, b).watts) <
                    1e-3f);
        assert_true(fabsf(predict(&p, b).sd - predict(&f->model, b).sd) <
                    1e-2f);
    }
    store[2] = NAN;
    assert_int_equal(physical_load(&p, &ls, &ts, &e), -1);
    assert_non_null(strstr(e.msg, "physical.curve"));
    labels_set(&ls, "physical.idle_gap_w", "x");
    assert_int_equal(physical_load(&p, &ls, &ts, &e), -1);
    assert_non_null(strstr(e.msg, "idle_gap_w"));
    labels_release(&ls);
    tensors_release(&ts);
}

static void rows_that_cannot_be_fitted_are_refused(void **state)
{
    struct fixture *f = *state;
    struct physical_rows few = f->rows, one = f->rows;
    float kept = f->watts[7];
    struct physical p;
    struct err e;

    few.n = 10;
    assert_int_equal(physical_fit(&p, &few, 24, &e), -1);
    one.n = 20; /* all idle */
    assert_int_equal(physical_fit(&p, &one, 24, &e), -1);
    f->watts[7] = INFINITY;
    assert_int_equal(physical_fit(&p, &f->rows, 24, &e), -1);
    f->watts[7] = kept;
    f->session[0] = 1000;
    assert_int_equal(physical_fit(&p, &f->rows, 24, &e), -1);
    assert_non_null(strstr(e.msg, "sessions"));
    f->session[0] = 0;
}

/* Of sessions drawn like those of the training, intervals cover their share. */
static void intervals_cover_new_sessions(void **state)
{
    const struct fixture *f = *state;
    struct rng r;
    int inside = 0, n = 0;

    rng_init(&r, 9, 1);
    for (int s = 0; s < 200; s++) {
        double scale = rng_uniform(&r, .75, 1.25),
               bend = rng_uniform(&r, -4, 4);

        for (double b = 1; b <= 24; b += 3, n++) {
            double truth =
                20 + scale * (true_watts(b) - 20) + bend * (1 - exp(-b / 1.5));
            struct physical_prediction at = predict(&f->model, b);

            inside += fabs(at.watts - truth) < physical_quantile(.9) * at.sd;
        }
    }
    assert_in_range(inside, n * 88 / 100, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_is_recovered),
        cmocka_unit_test(parts_add_up_and_intervals_widen_with_load),
        cmocka_unit_test(quantiles_are_the_normal_ones),
        cmocka_unit_test(a_sweep_narrows_and_corrects),
        cmocka_unit_test(the_same_recording_says_more),
        cmocka_unit_test(a_longer_sweep_counts_no_more),
        cmocka_unit_test(two_anchors_bend_the_curve),
        cmocka_unit_test(a_vague_anchor_says_little),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(scatter_at_idle_is_believed),
        cmocka_unit_test(idle_must_settle_and_load_be_full),
        cmocka_unit_test(a_guest_pays_its_share_of_idle),
        cmocka_unit_test(a_machine_twice_the_size_draws_twice_the_power),
        cmocka_unit_test(what_was_calibrated_is_resized_too),
        cmocka_unit_test(knots_share_a_load),
        cmocka_unit_test(a_checkpoint_gives_back_what_it_took),
        cmocka_unit_test(rows_that_cannot_be_fitted_are_refused),
        cmocka_unit_test(intervals_cover_new_sessions),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
