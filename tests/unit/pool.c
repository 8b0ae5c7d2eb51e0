#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/pool.h"

static void count_task(void *arg, size_t i, int thread)
{
    int *seen = arg;

    assert_in_range(thread, 0, 3);
    seen[i]++;
}

static void pool_runs_each_task_once(void **state)
{
    int seen[1000];

    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        struct pool *p = pool_new(threads);

        for (size_t n = 0; n < 300; n += 7) {
            memset(seen, 0, sizeof seen);
            pool_run(p, n, count_task, seen);
            for (size_t i = 0; i < 300; i++)
                assert_int_equal(seen[i], i < n);
        }
        usleep(1000); /* long enough for the others to fall asleep */
        memset(seen, 0, sizeof seen);
        pool_run(p, 1000, count_task, seen);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(seen[i], 1);
        pool_free(p);
    }
    pool_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_runs_each_task_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
