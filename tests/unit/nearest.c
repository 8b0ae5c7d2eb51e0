/* Nearest neighbours and what is made of them, against naive twins and data
 * whose noise is known. */
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/ceiling.h"
#include "common/math/nearest.h"

enum { T = 3000, D = 5, FILES = 12, GROUPS = 4 };

static float x[T * D], y[T];
static int64_t t_ns[T];
static uint32_t file[T], group[FILES], begin[FILES + 1], all[T];

/* Uniform in 0..1, in steps of 1/steps: ties. */
static float draw(struct rng *r, int steps)
{
    double u = rng_uniform(r, 0, 1);

    return (float)(steps ? floor(u * steps) / steps : u);
}

/* Normal, by the sum of twelve. */
static double normal(struct rng *r)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += rng_uniform(r, 0, 1);
    return sum;
}

static void fill(int steps)
{
    struct rng r;

    rng_init(&r, 1, (uint64_t)steps);
    for (size_t i = 0; i < T * D; i++)
        x[i] = draw(&r, steps);
    for (size_t i = 0; i < T; i++) {
        all[i] = (uint32_t)i;
        t_ns[i] = (int64_t)i;
    }
}

/* The twin: every row, in order. */
static struct neighbour naive(const struct nearest_query *q, uint32_t from,
                              uint32_t to)
{
    struct neighbour best = NEIGHBOUR_NONE;

    for (uint32_t i = from; i < to; i++) {
        float d2 = 0;

        if (q->t_ns && llabs(q->t_ns[i] - q->at_ns) <= q->apart_ns)
            continue;
        for (size_t d = 0; d < D; d++) {
            float step = x[i * D + d] - q->point[d];

            d2 += step * step;
        }
        if (d2 > best.d2 ||
            (d2 == best.d2 && rng_at(q->seed, 0, i) >= best.draw))
            continue;
        best = (struct neighbour){d2, i, rng_at(q->seed, 0, i)};
    }
    return best;
}

static void check_searches(size_t n, int64_t apart)
{
    size_t half = n / 2;
    struct nearest *tree = nearest_new(x, D, all, n);
    struct nearest *first = nearest_new(x, D, all, half);
    struct nearest *second = nearest_new(x, D, all + half, n - half);

    for (uint32_t i = 0; i < T; i += 7) {
        struct nearest_query q = {.point = x + i * D,
                                  .t_ns = apart >= 0 ? t_ns : NULL,
                                  .at_ns = i,
                                  .apart_ns = apart,
                                  .seed = i};
        struct neighbour want = naive(&q, 0, (uint32_t)n);
        struct neighbour got = NEIGHBOUR_NONE, parts = NEIGHBOUR_NONE;

        nearest_search(tree, &q, &got);
        nearest_search(second, &q, &parts);
        nearest_search(first, &q, &parts);
        assert_float_equal(got.d2, want.d2, 1e-6f * (1 + want.d2));
        assert_float_equal(parts.d2, got.d2, 0);
        assert_int_equal(parts.row, got.row);
        if (want.d2 < INFINITY)
            assert_int_equal(got.row, want.row);
    }
    nearest_free(tree);
    nearest_free(first);
    nearest_free(second);
}

static void test_against_naive(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) { /* in steps whose squares are exact */
        fill(i ? 1 << (i - 1) : 0);
        check_searches(T, -1);
        check_searches(T, 50);
        check_searches(17, 3);
        check_searches(1, -1);
        check_searches(0, -1);
    }
    nearest_free(NULL);
}

/* Of rows that are the same, all are somebody's neighbour. */
static void test_ties_are_shared(void **state)
{
    struct nearest *tree;
    bool taken[40] = {false};
    size_t n_taken = 0;

    (void)state;
    memset(x, 0, sizeof x);
    tree = nearest_new(x, D, all, 40);
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct nearest_query q = {.point = x, .seed = seed};
        struct neighbour best = NEIGHBOUR_NONE;

        nearest_search(tree, &q, &best);
        n_taken += !taken[best.row];
        taken[best.row] = true;
    }
    assert_int_equal(n_taken, 40);
    nearest_free(tree);
}

/* ---- the ceiling ---- */

static struct labelled view(size_t n_groups)
{
    struct rng r;

    rng_init(&r, 5, 5);
    for (size_t f = 0; f <= FILES; f++)
        begin[f] = (uint32_t)(f * T / FILES);
    for (size_t f = 0; f < FILES; f++)
        group[f] = (uint32_t)(f % n_groups);
    for (size_t i = 0; i < T; i++) {
        file[i] = (uint32_t)(i / (T / FILES));
        t_ns[i] = (int64_t)(i % (T / FILES));
        for (size_t d = 0; d < D; d++)
            x[i * D + d] = d < 1 ? draw(&r, 0) : (float)d;
    }
    return (struct labelled){.T = T,
                             .D = D,
                             .n_files = FILES,
                             .n_groups = n_groups,
                             .x = x,
                             .y = y,
                             .t_ns = t_ns,
                             .file = file,
                             .group = group,
                             .begin = begin};
}

/* Watts = load, noise of sd 1, a level of its own for each file and group. */
static void make_watts(double of_file, double of_group)
{
    struct rng r;

    rng_init(&r, 9, 9);
    for (size_t i = 0; i < T; i++)
        y[i] = (float)(10 * (double)x[i * D] + normal(&r) +
                       (file[i] / GROUPS % 2 ? of_file : -of_file) +
                       (file[i] % GROUPS % 2 ? of_group : -of_group));
}

static struct ceiling estimate(const struct labelled *l, size_t max_rows,
                               int threads)
{
    const struct ceiling_options o = {
        .apart_ns = 5, .max_rows = max_rows, .draws = 200, .seed = 42};
    struct pool *pool = pool_new(threads);
    struct ceiling c;

    ceiling_estimate(l, &o, pool, &c);
    pool_free(pool);
    return c;
}

static void test_known_noise(void **state)
{
    struct labelled l = view(GROUPS);
    struct ceiling c;

    (void)state;
    make_watts(0, 0);
    c = estimate(&l, 0, 2);
    assert_int_equal(c.used, T);
    assert_float_equal(c.w2[CEILING_NOISE].value, 1, .1);
    assert_float_equal(c.w2[CEILING_HIDDEN].value, 0, .1);
    assert_float_equal(c.w2[CEILING_GAP].value, 0, .1);
    assert_float_equal(c.w2[CEILING_VARIANCE].value, 100. / 12 + 1, .5);
    assert_true(c.apart[SCOPE_FILE] < .05);
    for (int f = 0; f < CEILING_FIGURES; f++) {
        assert_true(c.w2[f].low <= c.w2[f].value);
        assert_true(c.w2[f].high >= c.w2[f].value);
    }
}

/*
 * Levels +-a of files and +-b of groups.  Of 3 files of a group two are on one
 * side, so that a neighbour in another file is across in 2 of 3 cases:
 * mean dy^2 / 2 = (2/3) (2a)^2 / 2.
 */
static void test_known_levels(void **state)
{
    struct labelled l = view(GROUPS);
    struct ceiling c;

    (void)state;
    make_watts(2, 0);
    c = estimate(&l, 0, 2);
    assert_float_equal(c.w2[CEILING_NOISE].value, 1, .1);
    assert_float_equal(c.w2[CEILING_HIDDEN].value, 16. / 3, .5);
    make_watts(0, 3);
    c = estimate(&l, 0, 2);
    assert_float_equal(c.w2[CEILING_NOISE].value, 1, .1);
    assert_float_equal(c.w2[CEILING_HIDDEN].value, 0, .2);
    assert_float_equal(c.w2[CEILING_GAP].value, 2. / 3 * 18, 1);
}

static void test_threads_and_samples(void **state)
{
    struct labelled l = view(GROUPS);
    struct ceiling one, three, some;

    (void)state;
    make_watts(1, 1);
    one = estimate(&l, 0, 1);
    three = estimate(&l, 0, 3);
    assert_memory_equal(&one, &three, sizeof one);
    some = estimate(&l, 1000, 2);
    assert_int_equal(some.asked, 1000);
    assert_float_equal(some.w2[CEILING_NOISE].value,
                       one.w2[CEILING_NOISE].value, .15);
}

/* One group: nothing to say of another; files that are too short likewise. */
static void test_scopes_that_are_not(void **state)
{
    struct labelled l = view(1);
    struct ceiling c;

    (void)state;
    make_watts(0, 0);
    c = estimate(&l, 0, 1);
    assert_int_equal(c.n[SCOPE_OTHER], 0);
    assert_int_equal(c.used, T);
    assert_true(isnan(c.w2[CEILING_GAP].value));
    assert_float_equal(c.w2[CEILING_HIDDEN].value, 0, .1);
    l = view(FILES);
    c = estimate(&l, 0, 1);
    assert_int_equal(c.n[SCOPE_GROUP], 0);
    assert_true(isnan(c.w2[CEILING_HIDDEN].value));
    assert_float_equal(c.w2[CEILING_NOISE].value, 1, .1);
}

static void test_standardise(void **state)
{
    const float v[] = {1, 7, 1, 7, 1, 7, 101, 7};
    float *z = ceiling_standardise(v, 4, 2);

    (void)state;
    assert_float_equal(z[0], -1 / sqrtf(3), 1e-6);
    assert_float_equal(z[6], sqrtf(3), 1e-6);
    for (size_t i = 0; i < 4; i++)
        assert_float_equal(z[2 * i + 1], 0, 0);
    free(z);
    memset(x, 0, sizeof x);
    x[0] = 1;
    z = ceiling_standardise(x, T, 1);
    assert_float_equal(z[0], 6, 0);
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_naive),
        cmocka_unit_test(test_ties_are_shared),
        cmocka_unit_test(test_known_noise),
        cmocka_unit_test(test_known_levels),
        cmocka_unit_test(test_threads_and_samples),
        cmocka_unit_test(test_scopes_that_are_not),
        cmocka_unit_test(test_standardise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
