/* Where to measure next: interpolation, and the greedy choice. */
#include "common/math/design.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/rng.h"

enum { SIDE = 7, GRID = SIDE * SIDE };

/* A grid of two coordinates 0..1, and a law that is no straight line. */
static float u[GRID * 2];

static float law(const float *at)
{
    return 10 + 4 * at[0] - 7 * at[1] + 3 * sinf(2 * at[0] + at[1]);
}

static void make_grid(void)
{
    for (int i = 0; i < GRID; i++) {
        u[2 * i] = (float)(i / SIDE) / (SIDE - 1);
        u[2 * i + 1] = (float)(i % SIDE) / (SIDE - 1);
    }
}

/* From every third point of the grid: the others within a tenth of what they
 * vary by, the known ones nearly as they are, a constant as it is. */
static void test_interpolate(void **state)
{
    float known[GRID * 2], y[GRID * 2], out[GRID * 2];
    double explained, off = 0;
    size_t R = 0;

    (void)state;
    make_grid();
    for (int i = 0; i < GRID; i += 3, R++) {
        known[2 * R] = u[2 * i];
        known[2 * R + 1] = u[2 * i + 1];
        y[2 * R] = law(u + 2 * i);
        y[2 * R + 1] = 5;
    }
    explained = design_interpolate(known, y, R, u, GRID, 2, 2, out);
    assert_true(explained > .99 && explained <= 1);
    for (int i = 0; i < GRID; i++) {
        off = fmax(off, fabs((double)(out[2 * i] - law(u + 2 * i))));
        assert_true(fabsf(out[2 * i + 1] - 5) < 1e-6f);
    }
    if (off > .2)
        fail_msg("off by %g", off);
}

/* Of noise nothing is explained, and the mean is what is said. */
static void test_noise(void **state)
{
    float y[GRID], out[GRID];
    struct rng r;

    (void)state;
    make_grid();
    rng_init(&r, 1, 1);
    for (int i = 0; i < GRID; i++)
        y[i] = (float)rng_uniform(&r, -1, 1);
    assert_true(design_interpolate(u, y, GRID, u, GRID, 2, 1, out) < .3);
    assert_true(isnan(design_interpolate(u, y, 1, u, GRID, 2, 1, out)));
    assert_true(out[GRID - 1] == y[0]);
    assert_true(isnan(design_interpolate(u, y, 0, u, GRID, 2, 1, out)));
    assert_true(out[0] == 0);
}

/* More than are used: evenly spaced ones do. */
static void test_many(void **state)
{
    enum { MANY = 3 * DESIGN_MAX_KNOWN };
    static float v[MANY], y[MANY], out[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        v[i] = (float)i / MANY;
        y[i] = v[i] * v[i];
    }
    assert_true(design_interpolate(v, y, MANY, v, MANY, 1, 1, out) > .99);
    for (int i = 0; i < MANY; i++)
        assert_true(fabsf(out[i] - y[i]) < .01f);
}

/* ---- the choice ---- */

static double squares(const float *a, const float *b, size_t n)
{
    double sum = 0;

    while (n--)
        sum += pow((double)a[n] - (double)b[n], 2);
    return sum;
}

/* Mean over all pairs, itself with itself among them: by its definition. */
static double mean_square(const float *x, size_t n, size_t D)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            sum += squares(x + i * D, x + j * D, D) / (double)(n * n);
    return sum;
}

/* The naive twin: all distances again for every pick. */
static size_t naive_pick(const struct design *d, const bool *done,
                         double *distance)
{
    double su = mean_square(d->u, d->M + d->R, d->P);
    double sf = mean_square(d->f, d->M + d->R, d->D), most = -1;
    size_t best = 0;

    for (size_t i = 0; i < d->M; i++) {
        double nearest = INFINITY;

        for (size_t j = 0; j < d->M + d->R; j++) {
            double both =
                squares(d->u + i * d->P, d->u + j * d->P, d->P) / su / 2 +
                squares(d->f + i * d->D, d->f + j * d->D, d->D) / sf / 2;

            if (done[j])
                nearest = fmin(nearest, sqrt(both));
        }
        if (!done[i] && nearest * d->weight[i] > most) {
            most = nearest * d->weight[i];
            best = i;
            *distance = nearest;
        }
    }
    return best;
}

static void test_twin(void **state)
{
    enum { M = 40, R = 6, P = 3, D = 2, N = 15 };
    static float places[(M + R) * P], f[(M + R) * D];
    double weight[M], distance = 0;
    bool done[M + R] = {false};
    struct design_pick picks[N];
    const struct design d = {
        .M = M, .R = R, .P = P, .D = D, .u = places, .f = f, .weight = weight};
    struct rng r;

    (void)state;
    rng_init(&r, 5, 1);
    for (int i = 0; i < (M + R) * P; i++)
        places[i] = (float)rng_uniform(&r, 0, 1);
    for (int i = 0; i < (M + R) * D; i++)
        f[i] = (float)rng_uniform(&r, 0, 9);
    for (int i = 0; i < M; i++)
        weight[i] = rng_uniform(&r, .5, 2);
    for (int i = M; i < M + R; i++)
        done[i] = true;
    assert_int_equal(design_choose(&d, N, picks), N);
    for (int k = 0; k < N; k++) {
        size_t want = naive_pick(&d, done, &distance);

        assert_int_equal(picks[k].at, want);
        assert_true(fabs(picks[k].distance - distance) < 1e-6);
        done[want] = true;
    }
}

/* Measured is the left half: the right edge comes first, and what is far from
 * it next; a great weight goes before. */
static void test_region(void **state)
{
    static float places[2 * GRID * 2];
    struct design d = {.M = GRID, .P = 2, .u = places, .f = places};
    struct design_pick picks[GRID];
    double weight[GRID];

    (void)state;
    make_grid();
    for (int i = 0; i < GRID; i++) {
        weight[i] = 1;
        places[2 * i] = u[2 * i];
        places[2 * i + 1] = u[2 * i + 1];
        if (u[2 * i] > .5f)
            continue;
        places[2 * (GRID + d.R)] = u[2 * i];
        places[2 * (GRID + d.R++) + 1] = u[2 * i + 1];
    }
    assert_int_equal(design_choose(&d, 2 * GRID, picks), GRID);
    assert_true(u[2 * picks[0].at] == 1 && u[2 * picks[1].at] == 1);
    assert_true(picks[0].distance >= picks[1].distance);
    assert_true(picks[0].rank > .8 && picks[GRID - 1].distance == 0);
    d.weight = weight;
    weight[GRID - 2 * SIDE] = 3; /* between measured ones and the edge */
    design_choose(&d, 1, picks);
    assert_int_equal(picks[0].at, GRID - 2 * SIDE);
}

/* Nothing measured: from the middle to the corners; nothing to pick: nothing.
 */
static void test_first(void **state)
{
    const struct design d = {.M = GRID, .P = 2, .u = u, .f = u},
                        none = {.P = 2, .u = u, .f = u};
    struct design_pick picks[5];

    (void)state;
    make_grid();
    assert_int_equal(design_choose(&d, 5, picks), 5);
    assert_int_equal(picks[0].at, GRID / 2);
    assert_true(isnan(picks[0].distance));
    for (int k = 1; k < 5; k++) {
        const float *at = u + 2 * picks[k].at;

        assert_true((at[0] == 0 || at[0] == 1) && (at[1] == 0 || at[1] == 1));
    }
    assert_int_equal(design_choose(&none, 5, picks), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interpolate), cmocka_unit_test(test_noise),
        cmocka_unit_test(test_many),        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_region),      cmocka_unit_test(test_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
