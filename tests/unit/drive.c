/*
 * What drives a prediction, of a kind of model that is made up here, whose
 * answer can be written down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/estimator/drive.h"
#include "common/estimator/kind.h"

enum { D = 3, DELAYS = 2, TAU = 2, SPAN = 3, T = 5, K = 2 };

/* Watts of scaled inputs: a, one window's oldest and newest row. */
static double law(const float *oldest, const float *newest)
{
    return 3 * newest[0] + 2 * oldest[0] + newest[1] * newest[1];
}

static void predict(struct estimator *m, const struct window_set *set)
{
    assert_int_equal(set->D, D);
    for (size_t i = 0; i < set->N; i++) {
        const float *newest = set->x + set->end[i] * D;
        const float *oldest = newest - set->tau * (set->delays - 1) * D;

        assert_true(set->end[i] < set->T);
        m->y[i * K] = (float)law(oldest, newest);
        m->y[i * K + 1] = -1e9f; /* another target */
    }
}

static const struct estimator_kind made_up = {.name = "made up",
                                              .predict = predict};

static const float mean[D] = {10, 20, 30}, offset[D] = {8, 18, 0};

static void init(struct estimator *m)
{
    *m = (struct estimator){.kind = &made_up,
                            .spec = {.delays = DELAYS,
                                     .tau = TAU,
                                     .target = xstrdup("a,b"),
                                     .split = xstrdup("none")}};
    strings_split(&m->spec.features, "x,y,z", ',');
    strings_split(&m->targets, "a,b", ',');
    scale_init(&m->input.scale, SCALE_ZSCORE, D);
    memcpy(m->input.scale.offset, offset, sizeof offset);
    for (size_t i = 0; i < D; i++)
        m->input.scale.factor[i] = .5f;
    support_init(&m->input.support, D);
    m->input.support.K = SUPPORT_ROWS;
    memcpy(m->input.support.mean, mean, sizeof mean);
}

static void a_signal_adds_what_it_is_beyond_its_mean(void **state)
{
    /* scaled; the means are 1, 1, 15 */
    static const float x[T * D] = {9, 9, 9, 2,  5, 7, 9, 9,
                                   9, 4, 3, 15, 9, 9, 9};
    struct estimator m;
    float adds_w[D];

    (void)state;
    init(&m);
    /* of the window that ends at row 3 and begins at row 1 */
    estimator_drive(&m, x, 3, adds_w);
    assert_true(fabsf(adds_w[0] - (3 * (4 - 1) + 2 * (2 - 1))) < 1e-5f);
    assert_true(fabsf(adds_w[1] - (9 - 1)) < 1e-5f);
    assert_true(adds_w[2] == 0);
    estimator_release(&m);
}

static void what_has_no_means_tells_nothing(void **state)
{
    static const float x[SPAN * D];
    struct estimator m;
    float adds_w[D] = {0};

    (void)state;
    init(&m);
    m.input.support.K = 0;
    estimator_drive(&m, x, SPAN - 1, adds_w);
    assert_true(isnan(adds_w[0]) && isnan(adds_w[1]) && isnan(adds_w[2]));
    m.input.support.K = SUPPORT_ROWS;
    m.spec.tau = DRIVE_MAX_CELLS; /* nor one of such windows */
    estimator_drive(&m, x, SPAN - 1, adds_w);
    assert_true(isnan(adds_w[0]));
    estimator_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_adds_what_it_is_beyond_its_mean),
        cmocka_unit_test(what_has_no_means_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
