/* Windows turned around (common/math/embed.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/math/embed.h"

static void reversed_is_newest_first(void **state)
{
    enum { T = 30, D = 2, DELAYS = 4, TAU = 3, N = T - 9 };
    float x[T * D], back[T * D];
    float out[N * D * DELAYS], turned[N * D * DELAYS];
    uint32_t end[N], back_end[N];
    struct window_set s = {.x = x, .end = end, .T = T, .D = D, .N = N};

    (void)state;
    for (int i = 0; i < T * D; i++)
        x[i] = (float)(i * i % 101);
    s.delays = DELAYS;
    s.tau = TAU;
    for (uint32_t i = 0; i < N; i++)
        end[i] = 9 + i;
    embed(x, D, DELAYS, TAU, end, N, out);
    embed_reverse(&s, back, back_end);
    embed(s.x, D, DELAYS, TAU, s.end, N, turned);
    for (int i = 0; i < N; i++)
        for (int f = 0; f < D; f++)
            for (int k = 0; k < DELAYS; k++)
                assert_true(turned[((N - 1 - i) * D + f) * DELAYS + k] ==
                            out[(i * D + f) * DELAYS + DELAYS - 1 - k]);
    for (int i = 1; i < N; i++)
        assert_true(back_end[i] > back_end[i - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reversed_is_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
