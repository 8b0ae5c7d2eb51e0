/* Nested choice: by hand, and against a twin that scores every row. */
#include "common/math/nested.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "common/base/rng.h"

static const struct metric_figure *figure(const char *name)
{
    return &metric_figures[metric_figure_find(name)];
}

/* The same scores for every choice, as models that left one group out give
 * them: at (M, G, G) of score (M, G). */
static void spread(const struct metric *score, size_t M, size_t G,
                   const struct metric **at)
{
    for (size_t i = 0; i < M * G * G; i++)
        at[i] = &score[i / (G * G) * G + i % G];
}

static struct metric rows_with(double error, size_t n)
{
    struct metric m = {0};

    for (size_t i = 0; i < n; i++) {
        const struct metric_row row = {.predicted_w = (double)i + error,
                                       .measured_w = (double)i,
                                       .dt_s = 1};

        metric_add(&m, &row, 1);
    }
    return m;
}

/*
 * Model 0 errs by 2 everywhere; model 1 by 0 on group 0 and by 3 elsewhere, so
 * that it is best of all by its luck on one group: whoever looks at all groups
 * takes it.  Each group by the others: 0 for group 0, 1 for the rest.
 */
static void luck_on_one_group(void **state)
{
    const double error[2][3] = {{2, 2, 2}, {0, 2.9, 2.9}};
    struct metric score[6], pooled[2] = {{0}};
    const struct metric *at[2 * 3 * 3];
    size_t choice[3];

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t g = 0; g < 3; g++) {
            score[m * 3 + g] = rows_with(error[m][g], 10);
            metric_merge(&pooled[m], &score[m * 3 + g]);
        }
    }
    assert_true(figure("mae")->value(&pooled[1]) <
                figure("mae")->value(&pooled[0]));
    spread(score, 2, 3, at);
    nested_choose(at, 2, 3, figure("mae"), choice);
    assert_int_equal(choice[0], 0);
    assert_int_equal(choice[1], 1);
    assert_int_equal(choice[2], 1);
}

enum { M = 5, G = 7, N = 30 };

static struct metric_row row_of(size_t m, size_t g, size_t i)
{
    return (struct metric_row){
        .predicted_w = 20 + 4 * rng_unit(rng_at(m, g, i)) +
                       2 * rng_unit(rng_at(m, g, 1000)),
        .measured_w = 20 + 5 * rng_unit(rng_at(99, g, i)),
        .dt_s = 1};
}

/* The model whose RMSE over the rows of all groups but one is least. */
static size_t naive_choice(size_t but)
{
    double best = INFINITY;
    size_t choice = M;

    for (size_t m = 0; m < M; m++) {
        double sse = 0;

        for (size_t g = 0; g < G; g++) {
            for (size_t i = 0; i < N && g != but; i++) {
                const struct metric_row r = row_of(m, g, i);

                sse += (r.predicted_w - r.measured_w) *
                       (r.predicted_w - r.measured_w);
            }
        }
        if (sse < best) {
            best = sse;
            choice = m;
        }
    }
    return choice;
}

static void as_the_naive_twin(void **state)
{
    struct metric score[M * G] = {{0}};
    const struct metric *at[M * G * G];
    size_t by_rmse[G], by_r2[G];

    (void)state;
    for (size_t m = 0; m < M; m++) {
        for (size_t g = 0; g < G; g++) {
            for (size_t i = 0; i < N; i++) {
                const struct metric_row r = row_of(m, g, i);

                metric_add(&score[m * G + g], &r, 1);
            }
        }
    }
    spread(score, M, G, at);
    nested_choose(at, M, G, figure("rmse"), by_rmse);
    nested_choose(at, M, G, figure("r2"), by_r2);
    for (size_t g = 0; g < G; g++) {
        assert_int_equal(by_rmse[g], naive_choice(g));
        assert_int_equal(by_r2[g], by_rmse[g]); /* on the same rows */
    }
}

/*
 * Models that leave pairs out: an error of their own for each pair of groups.
 * The twin adds up, for each choice, the errors of those that never saw the
 * group it is for.
 */
static double pair_error(size_t m, size_t g, size_t h)
{
    return 4 * rng_unit(rng_at(m, g * 31 + h, 5));
}

static size_t naive_strict_choice(size_t g)
{
    double best = INFINITY;
    size_t choice = M;

    for (size_t m = 0; m < M; m++) {
        double sum = 0;

        for (size_t h = 0; h < G; h++)
            sum += h == g ? 0 : pair_error(m, g, h) * (double)(h + 1);
        if (sum < best) {
            best = sum;
            choice = m;
        }
    }
    return choice;
}

static void strict_as_its_naive_twin(void **state)
{
    struct metric *score = calloc(M * G * G, sizeof *score);
    const struct metric *at[M * G * G];
    size_t choice[G], differ = 0, first[G];

    (void)state;
    assert_non_null(score);
    for (size_t i = 0; i < M * G * G; i++) {
        size_t m = i / (G * G), g = i / G % G, h = i % G;

        /* group h has h + 1 rows; what is at g, g is good and must not count */
        score[i] = rows_with(g == h ? 0 : pair_error(m, g, h), h + 1);
        at[i] = &score[i];
    }
    nested_choose(at, M, G, figure("mae"), choice);
    for (size_t i = 0; i < M * G * G; i++) /* all as the choice for group 0 */
        at[i] = &score[i / (G * G) * G * G + i % G];
    nested_choose(at, M, G, figure("mae"), first);
    for (size_t g = 0; g < G; g++) {
        assert_int_equal(choice[g], naive_strict_choice(g));
        differ += choice[g] != first[g];
    }
    assert_true(differ > 0); /* it does matter who saw what */
    free(score);
}

/* A model whose figure is not known is never preferred to one that has it. */
static void the_unknown_is_worst(void **state)
{
    struct metric score[4] = {{0}, {0}, rows_with(9, 3), rows_with(9, 3)};
    const struct metric *at[2 * 2 * 2];
    size_t choice[2];

    (void)state;
    spread(score, 2, 2, at);
    nested_choose(at, 2, 2, figure("mae"), choice);
    assert_int_equal(choice[0], 1);
    assert_int_equal(choice[1], 1);
    assert_true(metric_figure_better(figure("r2"), .5, NAN));
    assert_false(metric_figure_better(figure("r2"), NAN, .5));
    assert_false(metric_figure_better(figure("r2"), NAN, NAN));
    assert_true(metric_figure_better(figure("mae"), 1, 2));
    assert_true(metric_figure_better(figure("r2"), 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(luck_on_one_group),
        cmocka_unit_test(as_the_naive_twin),
        cmocka_unit_test(strict_as_its_naive_twin),
        cmocka_unit_test(the_unknown_is_worst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
