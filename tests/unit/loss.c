/* Losses of several targets with weights: PyTorch's figures, a naive twin,
 * finite differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/nn/loss.h"

static const char *const names[] = {"mse", "mae", "huber"};

static void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%.17g is not %.17g", got, want);
}

/* 4 rows, 2 targets, one of them not known; (l * weight * row).sum(1).mean() */
static void as_pytorch(void **state)
{
    static const float y[] = {.5f, -1, 2, .25f, -3, 4, 1.5f, 0};
    static const float target[] = {0, .5f, 2.5f, NAN, 1, 1, 1.25f, -.125f};
    static const float row[] = {.5f, 1.5f, 1, 1};
    static const double loss[] = {5.408203125, 1.796875, 1.3212890625};
    static const float slope[][8] = {
        {.125f, -.1875f, -.375f, 0, -2, .75f, .125f, .03125f},
        {.125f, -.0625f, -.375f, 0, -.25f, .125f, .25f, .125f},
        {.0625f, -.0625f, -.1875f, 0, -.25f, .125f, .0625f, .015625f}};
    float dy[8];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct loss_type l = *loss_type_find(names[i]);

        l.weight[1] = .5;
        assert_near(loss_rows(&l, y, target, row, 4, 2, 1.f / 4, dy) / 4,
                    loss[i], 1e-7);
        for (int j = 0; j < 8; j++)
            assert_near((double)dy[j], (double)slope[i][j], 1e-7);
    }
}

enum { N = 50, K = 3 };

struct problem {
    float y[N * K], target[N * K], row[N];
    struct loss_type loss;
};

static void draw(struct problem *p, const char *name)
{
    for (uint64_t i = 0; i < N * K; i++) {
        p->y[i] = (float)(4 * rng_unit(rng_at(1, 1, i)) - 2);
        p->target[i] = (float)(4 * rng_unit(rng_at(1, 2, i)) - 2);
        if (i % 7 == 3)
            p->target[i] = NAN;
    }
    for (uint64_t i = 0; i < N; i++)
        p->row[i] = (float)rng_unit(rng_at(1, 3, i));
    p->loss = *loss_type_find(name);
    for (int k = 0; k < K; k++)
        p->loss.weight[k] = .5 * k;
}

static double naive(const char *name, double off)
{
    double a = fabs(off);

    if (strcmp(name, "mse") == 0)
        return off * off;
    return strcmp(name, "mae") == 0 ? a : a < 1 ? off * off / 2 : a - .5;
}

static void as_the_naive_twin(void **state)
{
    struct problem p;

    (void)state;
    for (int i = 0; i < 3; i++) {
        double want = 0;

        draw(&p, names[i]);
        for (int r = 0; r < N; r++)
            for (int k = 0; k < K; k++) {
                float t = p.target[r * K + k];

                if (!isnan(t))
                    want += .5 * k * (double)p.row[r] *
                            naive(names[i], (double)p.y[r * K + k] - (double)t);
            }
        assert_near(loss_rows(&p.loss, p.y, p.target, p.row, N, K, 0, NULL),
                    want, 1e-12);
    }
}

static void as_finite_differences(void **state)
{
    const float h = 1.f / 1024;
    struct problem p;
    float dy[N * K];

    (void)state;
    for (int i = 0; i < 3; i++) {
        draw(&p, names[i]);
        loss_rows(&p.loss, p.y, p.target, p.row, N, K, 1, dy);
        for (int j = 0; j < N * K; j++) {
            float was = p.y[j];
            double up, down;

            if (i == 1 && fabsf(was - p.target[j]) < 2 * h)
                continue; /* no slope at 0 */
            p.y[j] = was + h;
            up = loss_rows(&p.loss, p.y, p.target, p.row, N, K, 0, NULL);
            p.y[j] = was - h;
            down = loss_rows(&p.loss, p.y, p.target, p.row, N, K, 0, NULL);
            p.y[j] = was;
            assert_near((double)dy[j], (up - down) / (2 * (double)h), 2e-3);
        }
    }
}

/* Weights of 1 are as none, to the bit. */
static void one_target_is_as_it_was(void **state)
{
    struct problem p;
    float a[N], b[N], ones[N];

    (void)state;
    for (int i = 0; i < N; i++)
        ones[i] = 1;
    for (int i = 0; i < 3; i++) {
        const struct loss_type *l = loss_type_find(names[i]);
        double sum;

        draw(&p, names[i]);
        for (int j = 0; j < N; j++)
            p.target[j] = isnan(p.target[j]) ? 0 : p.target[j];
        sum = l->eval(l, p.y, p.target, N, .25f, a);
        assert_true(sum == loss_rows(l, p.y, p.target, NULL, N, 1, .25f, b));
        assert_memory_equal(a, b, sizeof a);
        assert_true(sum == loss_rows(l, p.y, p.target, ones, N, 1, .25f, b));
        assert_memory_equal(a, b, sizeof a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pytorch),
        cmocka_unit_test(as_the_naive_twin),
        cmocka_unit_test(as_finite_differences),
        cmocka_unit_test(one_target_is_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
