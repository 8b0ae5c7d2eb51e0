/* Products that pack nothing, and transposing, beside naive twins. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/rng.h"
#include "common/math/blas.h"
#include "common/math/product.h"
#include "common/math/transpose.h"

enum { MOST = 150 };

static float a[MOST * MOST], b[MOST * MOST], c[MOST * MOST], bias[MOST];
static float want[MOST * MOST];

static void draw(float *x, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_unit(rng_at(seed, 1, i)) - .5f;
}

static void naive(const struct product *p)
{
    for (size_t i = 0; i < p->A; i++)
        for (size_t j = 0; j < p->B; j++) {
            double sum = p->bias ? (double)p->bias[i] : 0;

            for (size_t r = 0; r < p->n; r++)
                sum += (double)p->a[i * p->row + r * p->column] *
                       (double)p->b[r * p->ldb + j];
            want[i * p->ldc + j] =
                (float)(sum + (p->add ? (double)want[i * p->ldc + j] : 0));
        }
}

/* Both ways must agree, and leave alone what is beside c. */
static void check(const struct product *p,
                  void (*multiply)(const struct product *p))
{
    draw(c, MOST * MOST, 3);
    memcpy(want, c, sizeof want);
    naive(p);
    multiply(p);
    for (size_t i = 0; i < MOST * MOST; i++)
        if (fabsf(c[i] - want[i]) > 1e-5f)
            fail_msg("%zu x %zu x %zu: value %zu is %g, not %g", p->A, p->n,
                     p->B, i, (double)c[i], (double)want[i]);
}

static void products_are_the_naive_ones(void **state)
{
    static const size_t sizes[][3] = {
        {8, 32, 5},   {1, 33, 1},  {7, 48, 16},   {9, 49, 17},  {16, 16, 32},
        {30, 70, 16}, {9, 20, 29}, {42, 75, 120}, {75, 63, 31}, {128, 120, 64}};

    (void)state;
    draw(a, MOST * MOST, 1);
    draw(b, MOST * MOST, 2);
    draw(bias, MOST, 4);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (int form = 0; form < 8; form++) {
            struct product p = {
                .A = sizes[k][0], .B = sizes[k][1], .n = sizes[k][2]};

            p.a = a;
            p.row = form & 1 ? 1 : MOST;
            p.column = form & 1 ? MOST : 1;
            p.b = b;
            p.bias = form & 2 ? bias : NULL;
            p.add = form & 4;
            p.c = c;
            p.ldb = p.ldc = MOST;
            check(&p, product);
            check(&p, blas_product);
        }
}

static void rows_become_columns(void **state)
{
    static const size_t sizes[][2] = {{1, 1},   {16, 16}, {17, 33},
                                      {32, 15}, {15, 48}, {75, 120}};

    (void)state;
    draw(a, MOST * MOST, 5);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        size_t R = sizes[k][0], C = sizes[k][1];

        transpose(a, R, C, c);
        for (size_t i = 0; i < R; i++)
            for (size_t j = 0; j < C; j++)
                assert_true(c[j * R + i] == a[i * C + j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_the_naive_ones),
        cmocka_unit_test(rows_become_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
