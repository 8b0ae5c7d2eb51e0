#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/math/nnls.h"
#include "common/math/spd.h"

enum { K = 6, N = 40 };

struct problem {
    double x[N][K], y[N], gram[K * K], rhs[K];
};

/* Columns that resemble one another, and weights of either sign. */
static void draw(struct problem *p, struct rng *r)
{
    memset(p, 0, sizeof *p);
    for (int i = 0; i < N; i++) {
        double common = rng_uniform(r, 0, 1);

        for (int k = 0; k < K; k++)
            p->x[i][k] = common + rng_uniform(r, 0, .5);
        for (int k = 0; k < K; k++)
            p->y[i] += p->x[i][k] * (k % 2 ? 1 : -.7);
        p->y[i] += rng_uniform(r, -1, 1);
    }
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < K; k++) {
            for (int j = 0; j < K; j++)
                p->gram[k * K + j] += p->x[i][k] * p->x[i][j];
            p->rhs[k] += p->x[i][k] * p->y[i];
        }
    }
}

static double objective(const struct problem *p, const double *w)
{
    double sum = 0;

    for (int i = 0; i < N; i++) {
        double r = p->y[i];

        for (int k = 0; k < K; k++)
            r -= p->x[i][k] * w[k];
        sum += r * r;
    }
    return sum;
}

/* Karush, Kuhn, Tucker: no slope where a weight is, none inwards where not. */
static void slopes_are_those_of_a_minimum(void **state)
{
    struct rng r;
    struct problem p;
    double w[K];
    int zeros = 0;

    (void)state;
    rng_init(&r, 1, 1);
    for (int round = 0; round < 200; round++) {
        draw(&p, &r);
        assert_int_equal(nnls(K, p.gram, p.rhs, w), 0);
        for (int k = 0; k < K; k++) {
            double slope = p.rhs[k];

            for (int j = 0; j < K; j++)
                slope -= p.gram[k * K + j] * w[j];
            assert_true(w[k] >= 0);
            assert_true(slope < 1e-6);
            assert_true(w[k] == 0 || fabs(slope) < 1e-6);
            zeros += w[k] == 0;
        }
    }
    assert_in_range(zeros, 100, 1000); /* the bounds did matter */
}

/* The naive twin: projected gradient steps, many of them. */
static void a_slow_descent_ends_at_the_same_place(void **state)
{
    struct rng r;
    struct problem p;
    double w[K], slow[K] = {0}, trace = 0;

    (void)state;
    rng_init(&r, 2, 1);
    draw(&p, &r);
    assert_int_equal(nnls(K, p.gram, p.rhs, w), 0);
    for (int k = 0; k < K; k++)
        trace += p.gram[k * K + k];
    for (int step = 0; step < 200000; step++) {
        double next[K];

        for (int k = 0; k < K; k++) {
            next[k] = p.rhs[k];
            for (int j = 0; j < K; j++)
                next[k] -= p.gram[k * K + j] * slow[j];
            next[k] = fmax(slow[k] + next[k] / trace, 0);
        }
        memcpy(slow, next, sizeof slow);
    }
    assert_true(fabs(objective(&p, w) - objective(&p, slow)) < 1e-8);
    for (int k = 0; k < K; k++)
        assert_true(fabs(w[k] - slow[k]) < 1e-5);
}

static void weights_that_fit_exactly_are_found(void **state)
{
    static const double truth[K] = {0, 2, 0, .5, 1, 0};
    struct rng r;
    struct problem p;
    double w[K];

    (void)state;
    rng_init(&r, 3, 1);
    draw(&p, &r);
    for (int k = 0; k < K; k++) {
        p.rhs[k] = 0;
        for (int j = 0; j < K; j++)
            p.rhs[k] += p.gram[k * K + j] * truth[j];
    }
    assert_int_equal(nnls(K, p.gram, p.rhs, w), 0);
    for (int k = 0; k < K; k++)
        assert_true(fabs(w[k] - truth[k]) < 1e-9);
}

static void a_singular_matrix_is_refused(void **state)
{
    const double gram[1] = {0}, rhs[1] = {1};
    double w[1], a[4] = {1, 1, 1, 1};

    (void)state;
    assert_int_equal(nnls(1, gram, rhs, w), -1);
    assert_int_equal(spd_factor(2, a), -1);
}

static void an_inverse_times_its_matrix_is_one(void **state)
{
    struct rng r;
    struct problem p;
    double l[K * K], inverse[K * K];

    (void)state;
    rng_init(&r, 4, 1);
    draw(&p, &r);
    memcpy(l, p.gram, sizeof l);
    assert_int_equal(spd_factor(K, l), 0);
    spd_invert(K, l, inverse);
    for (int i = 0; i < K; i++) {
        for (int j = 0; j < K; j++) {
            double sum = 0;

            for (int k = 0; k < K; k++)
                sum += p.gram[i * K + k] * inverse[k * K + j];
            assert_true(fabs(sum - (i == j)) < 1e-9);
        }
    }
}

static void a_determinant_is_the_product_of_a_diagonal(void **state)
{
    double a[9] = {2, 0, 0, 0, 3, 0, 0, 0, 5};

    (void)state;
    assert_int_equal(spd_factor(3, a), 0);
    assert_true(fabs(spd_log_det(3, a) - log(30)) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_those_of_a_minimum),
        cmocka_unit_test(a_slow_descent_ends_at_the_same_place),
        cmocka_unit_test(weights_that_fit_exactly_are_found),
        cmocka_unit_test(a_singular_matrix_is_refused),
        cmocka_unit_test(an_inverse_times_its_matrix_is_one),
        cmocka_unit_test(a_determinant_is_the_product_of_a_diagonal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
