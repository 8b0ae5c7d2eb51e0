/* Scores: figures worked out by hand, and against two passes in long double. */
#include "common/math/metric.h"

#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/rng.h"

static double figure(const struct metric *m, const char *title)
{
    char t[32];

    for (int i = 0; i < METRIC_FIGURES; i++) {
        metric_figure_title(&metric_figures[i], t, sizeof t);
        if (strcmp(t, title) == 0)
            return metric_figures[i].value(m);
    }
    fail_msg("no figure %s", title);
    return NAN;
}

static void assert_near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance * (1 + fabs(expected))))
        fail_msg("%.17g is not %.17g", got, expected);
}

#define NONE          \
    {                 \
        NAN, NAN, NAN \
    }

static void figures_by_hand(void **state)
{
    /* e: 1, -2, 0, 4; y: 10, 20, 30, 0.5; their mean 15.125 */
    static const struct metric_row rows[] = {
        {11, 10, 1, false, {10.5, 9.5, 9}, {11.5, NAN, 12}, .9, false},
        {18, 20, 2, true, {17.5, 17, 17}, {18.5, 20, 19}, .2, true},
        {30, 30, 0.5, true, NONE, NONE, NAN, false},
        {4.5, 0.5, NAN, false, {4, 1, 0}, {5, 5, 5}, .9, true},
    };
    struct metric m = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        metric_add(&m, &rows[i], 1);
    assert_int_equal(m.n, 4);
    assert_near(figure(&m, "mae_w"), 7.0 / 4, 1e-15);
    assert_near(figure(&m, "rmse_w"), sqrt(21.0 / 4), 1e-15);
    assert_near(figure(&m, "bias_w"), 3.0 / 4, 1e-15);
    /* squares of y: 100 + 400 + 900 + .25; less 4 x 15.125^2 */
    assert_near(figure(&m, "r2"), 1 - 21 / (1400.25 - 4 * 228.765625), 1e-14);
    assert_near(figure(&m, "mape_pct"), 100 * (0.1 + 0.1 + 0) / 3, 1e-15);
    assert_near(figure(&m, "mape_rows"), 3, 0);
    assert_near(figure(&m, "wape_pct"), 100 * 7 / 60.5, 1e-15);
    assert_near(figure(&m, "predicted_j"), 11 + 36 + 15, 1e-15);
    assert_near(figure(&m, "measured_j"), 10 + 40 + 15, 1e-15);
    assert_near(figure(&m, "energy_error_j"), -3, 1e-15);
    assert_near(figure(&m, "energy_error_pct"), -100 * 3.0 / 65, 1e-15);
    assert_near(figure(&m, "mean_w"), 15.125, 1e-15);
    assert_near(figure(&m, "coverage_pct"), 100 * 2.0 / 3, 1e-15);
    assert_near(figure(&m, "width_w"), (3 + 2 + 5) / 3.0, 1e-15);
    assert_near(figure(&m, "coverage50_pct"), 0, 1e-15);
    assert_near(figure(&m, "width50_w"), 1, 1e-15);
    assert_near(figure(&m, "coverage80_pct"), 50, 1e-15); /* of two */
    assert_near(figure(&m, "width80_w"), 3.5, 1e-15);
    assert_near(figure(&m, "idle_rows"), 2, 0);
    assert_near(figure(&m, "idle_bias_w"), -1, 1e-15);
    /* 90 %: 3, 2 + 20 x 1 below, 5; all levels: the second and fourth row,
     * .5 |e| + .25 (w + 4 miss) + .1 (w + 10 miss) + .05 (w + 20 miss) */
    assert_near(figure(&m, "winkler_w"), (3 + 2 + 20 + 5) / 3.0, 1e-14);
    assert_near(figure(&m, "wis_w"),
                ((1 + .25 * (1 + 4 * 1.5) + .1 * 3 + .05 * (2 + 20)) +
                 (2 + .25 * (1 + 4 * 3.5) + .1 * (4 + 10 * .5) + .05 * 5)) /
                    2 / 3.5,
                1e-14);
    /* far .2 and .9, near .9: one told, one even */
    assert_near(figure(&m, "support_auroc"), .75, 1e-15);
}

/* An interval score is least, in the mean, for the true quantiles. */
static void the_truth_scores_best(void **state)
{
    enum { N = 20000 };
    double score[5];

    (void)state;
    for (int k = 0; k < 5; k++) { /* y is even on 0..1; k == 2 is the truth */
        double half = .45 + .04 * (k - 2);
        struct metric m = {0};

        for (size_t i = 0; i < N; i++) {
            const struct metric_row row = {
                .predicted_w = .5,
                .measured_w = ((double)i + .5) / N,
                .dt_s = NAN,
                .lower_w = {NAN, NAN, .5 - half},
                .upper_w = {NAN, NAN, .5 + half},
                .support = NAN,
            };

            metric_add(&m, &row, 1);
        }
        score[k] = figure(&m, "winkler_w");
    }
    for (int k = 0; k < 5; k++)
        assert_true(k == 2 || score[k] > score[2]);
    assert_near(score[2], .9 + 20 * .05 * .05 / 2 * 2, 1e-6);
}

/* Against all pairs. */
static void auroc_is_that_of_all_pairs(void **state)
{
    enum { N = 600 };
    struct metric_row row[N];
    struct metric m = {0};
    double won = 0, pairs = 0;
    struct rng r;

    (void)state;
    rng_init(&r, 9, 0);
    for (int i = 0; i < N; i++) {
        row[i] = (struct metric_row){.lower_w = NONE, .upper_w = NONE};
        row[i].far = i % 3 == 0;
        row[i].support = round(rng_uniform(&r, row[i].far ? 0 : 30, 100)) / 100;
        metric_add(&m, &row[i], 1);
    }
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            if (row[i].far && !row[k].far) {
                pairs++;
                won += row[i].support < row[k].support    ? 1
                       : row[i].support == row[k].support ? .5
                                                          : 0;
            }
    assert_near(figure(&m, "support_auroc"), won / pairs, 1e-12);
    m = (struct metric){0};
    for (int i = 1; i < N; i += 3) /* none is far: nothing to tell */
        metric_add(&m, &row[i], 1);
    assert_true(isnan(figure(&m, "support_auroc")));
}

static void unknown_is_nan(void **state)
{
    const struct metric_row one = {11, 10, NAN, false, NONE, NONE, NAN, false};
    struct metric m = {0};

    (void)state;
    assert_true(isnan(figure(&m, "mae_w")));
    assert_true(isnan(figure(&m, "mean_w")));
    metric_add(&m, &one, 20);
    metric_add(&m, &one, 20);
    assert_true(isnan(figure(&m, "r2"))); /* nothing varies */
    assert_true(isnan(figure(&m, "mape_pct")));
    assert_true(isnan(figure(&m, "coverage_pct")));
    assert_true(isnan(figure(&m, "energy_error_pct")));
    assert_true(isnan(figure(&m, "idle_bias_w")));
    assert_near(figure(&m, "mae_w"), 1, 0);
}

/* Power that varies little about a large mean, where sums of squares fail. */
static struct metric_row random_row(struct rng *r)
{
    struct metric_row row = {.lower_w = NONE, .upper_w = NONE, .dt_s = 0.016};

    row.measured_w = 1e6 + rng_uniform(r, 0, 1e-2);
    row.predicted_w = row.measured_w + rng_uniform(r, -1e-3, 2e-3);
    return row;
}

/* R2 in two passes. */
static double naive_r2(const struct metric_row *rows, size_t n)
{
    long double mean = 0, sse = 0, sst = 0;

    for (size_t i = 0; i < n; i++)
        mean += rows[i].measured_w;
    mean /= n;
    for (size_t i = 0; i < n; i++) {
        long double e = (long double)rows[i].predicted_w - rows[i].measured_w;

        sse += e * e;
        sst += (rows[i].measured_w - mean) * (rows[i].measured_w - mean);
    }
    return (double)(1 - sse / sst);
}

static void one_pass_is_two_passes(void **state)
{
    enum { N = 100000 };
    struct metric_row *rows = calloc(N, sizeof *rows);
    struct metric m = {0};
    struct rng r;

    (void)state;
    assert_non_null(rows);
    rng_init(&r, 7, 0);
    for (size_t i = 0; i < N; i++) {
        rows[i] = random_row(&r);
        metric_add(&m, &rows[i], 1);
    }
    assert_near(figure(&m, "r2"), naive_r2(rows, N), 1e-8);
    free(rows);
}

static void merging_is_adding(void **state)
{
    struct metric parts[7] = {{0}}, whole = {0}, up = {0}, down = {0};
    struct rng r;

    (void)state;
    rng_init(&r, 8, 0);
    for (size_t i = 0; i < 10000; i++) {
        struct metric_row row = random_row(&r);

        row.measured_w = 10 + (double)(i % 100);
        row.predicted_w = row.measured_w + rng_uniform(&r, -3, 4);
        metric_add(&whole, &row, 1);
        metric_add(&parts[i % 6], &row, 1); /* the seventh stays empty */
    }
    for (size_t i = 0; i < 7; i++) {
        metric_merge(&up, &parts[i]);
        metric_merge(&down, &parts[6 - i]);
    }
    assert_int_equal(up.n, 10000);
    for (int i = 0; i < METRIC_FIGURES; i++) {
        double expected = metric_figures[i].value(&whole);

        if (isnan(expected))
            continue;
        assert_near(metric_figures[i].value(&up), expected, 1e-12);
        assert_near(metric_figures[i].value(&down), expected, 1e-12);
    }
}

static void gates(void **state)
{
    const struct metric_row row = {12, 10, 1, false, NONE, NONE, NAN, false};
    static const struct {
        const char *text;
        bool passes;
    } good[] = {
        {"mae<2.5", true}, {"mae_w<2", false}, {"mae>1.9", true},
        {"r2>0.5", false}, /* not known */
        {"r2<0.5", false}, {"bias<-1", false}, {"energy_error_pct<21", true}};
    static const char *const bad[] = {
        "mae", "mae<", "mae<x", "<1", "mea<1", "mae<1 watt", "", "mae<inf"};
    struct metric m = {0};
    struct metric_gate g;
    struct err e;

    (void)state;
    metric_add(&m, &row, 1);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(metric_gate_parse(&g, good[i].text, &e), 0);
        assert_int_equal(metric_gate_passes(&g, &m), good[i].passes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(metric_gate_parse(&g, bad[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_by_hand),
        cmocka_unit_test(the_truth_scores_best),
        cmocka_unit_test(auroc_is_that_of_all_pairs),
        cmocka_unit_test(unknown_is_nan),
        cmocka_unit_test(one_pass_is_two_passes),
        cmocka_unit_test(merging_is_adding),
        cmocka_unit_test(gates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
