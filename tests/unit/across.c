/* Convolution of sequences that lie across, beside the sums as written down. */
#include "common/math/across.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/base/xalloc.h"

static float *random_values(size_t n, uint64_t key)
{
    float *x = xcalloc(n, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_unit(rng_at(7, key, i)) - .5f;
    return x;
}

/* What position t of sequence r sees with tap k, channel i. */
static double seen(const struct across *c, const float *x, size_t i, size_t t,
                   size_t k, size_t r)
{
    size_t at = t + k * c->dilation;

    if (at < c->padding || at >= c->padding + c->L)
        return 0;
    return (double)x[(i * c->L + at - c->padding) * c->n + r];
}

static double output(const struct across *c, const float *x,
                     const float *weight, size_t o, size_t t, size_t r)
{
    double sum = 0;

    for (size_t i = 0; i < c->I; i++)
        for (size_t k = 0; k < c->K; k++)
            sum += (double)weight[(o * c->I + i) * c->K + k] *
                   seen(c, x, i, t, k, r);
    return sum;
}

static double slope(const struct across *c, const float *x, const float *dy,
                    size_t o, size_t i, size_t k)
{
    double sum = 0;

    for (size_t t = 0; t < c->M; t++)
        for (size_t r = 0; r < c->n; r++)
            sum +=
                (double)dy[(o * c->M + t) * c->n + r] * seen(c, x, i, t, k, r);
    return sum;
}

static void compare(const struct across *c)
{
    float *x = random_values(c->I * c->L * c->n, 1);
    float *weight = random_values(c->O * c->I * c->K, 2);
    float *bias = random_values(c->O, 3);
    float *dy = random_values(c->O * c->M * c->n, 4);
    float *y = xcalloc(c->O * c->M * c->n, sizeof *y);
    float *grad = random_values(c->O * c->I * c->K, 5);
    float *zeros = xcalloc(c->n, sizeof *zeros);
    double worst = 0;

    across_convolve(c, x, weight, bias, y);
    for (size_t o = 0; o < c->O; o++)
        for (size_t t = 0; t < c->M; t++)
            for (size_t r = 0; r < c->n; r++)
                worst = fmax(worst, fabs((double)y[(o * c->M + t) * c->n + r] -
                                         output(c, x, weight, o, t, r) -
                                         (double)bias[o]));
    assert_true(worst < 1e-5);
    across_correlate(c, x, dy, zeros, grad);
    worst = 0;
    for (size_t o = 0; o < c->O; o++)
        for (size_t i = 0; i < c->I; i++)
            for (size_t k = 0; k < c->K; k++)
                worst =
                    fmax(worst, fabs((double)grad[(o * c->I + i) * c->K + k] -
                                     slope(c, x, dy, o, i, k)));
    assert_true(worst < 1e-4);
    free(x);
    free(weight);
    free(bias);
    free(dy);
    free(y);
    free(grad);
    free(zeros);
}

static void test_shapes(void **state)
{
    static const struct across shapes[] = {
        // n, I, L, O, M, K, dilation, padding
        {64, 4, 25, 32, 25, 5, 1, 2}, {17, 3, 9, 11, 9, 3, 1, 1},
        {1, 2, 7, 3, 5, 3, 1, 0},     {33, 5, 12, 9, 12, 3, 4, 4},
        {16, 2, 3, 4, 3, 7, 1, 3},    {48, 3, 10, 5, 12, 5, 2, 5},
        {32, 2, 6, 8, 6, 1, 1, 0},    {20, 1, 4, 2, 7, 4, 1, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        compare(&shapes[i]);
}

static void test_turn(void **state)
{
    float *x = random_values(37 * 50, 1), *y = xcalloc(37 * 50, sizeof *y);

    (void)state;
    across_turn(x, 37, 50, y);
    for (size_t i = 0; i < 37; i++)
        for (size_t j = 0; j < 50; j++)
            assert_true(x[i * 50 + j] == y[j * 37 + i]);
    free(x);
    free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
