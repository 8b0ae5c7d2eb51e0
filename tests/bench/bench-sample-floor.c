/*
 * What no recorder can be cheaper than here: the CPU that a sleep until a
 * deadline takes at 16 ms, and that sleep with one read of /proc/stat.  Caches
 * are cold after 16 ms and virtual machines pay for every timer, so both are
 * far above what they cost in a tight loop, which is printed too.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/probe/ticker.h"

enum { SAMPLES = 600 };

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static double cpu_us(int fd)
{
    static char text[1 << 20];
    struct ticker t;
    int64_t start, missed;

    ticker_start(&t, 16 * NS_PER_MS);
    start = clock_cpu_ns();
    for (int i = 0; i < SAMPLES; i++) {
        ticker_wait(&t, never, NULL, &missed);
        if (fd >= 0 && pread(fd, text, sizeof text, 0) < 0)
            return -1;
    }
    return (double)(clock_cpu_ns() - start) / 1e3 / SAMPLES;
}

static double hot_us(int fd)
{
    static char text[1 << 20];
    int64_t start = clock_cpu_ns();

    for (int i = 0; i < SAMPLES; i++)
        if (pread(fd, text, sizeof text, 0) < 0)
            return -1;
    return (double)(clock_cpu_ns() - start) / 1e3 / SAMPLES;
}

int main(void)
{
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);

    printf("floor at 16 ms: a sleep\t-\t%.1f us\t-\n", cpu_us(-1));
    printf("floor at 16 ms: a sleep, a read of /proc/stat\t-\t%.1f us\t-\n",
           cpu_us(fd));
    printf("floor in a tight loop: a read of /proc/stat\t-\t%.1f us\t-\n",
           hot_us(fd));
    return fd < 0;
}
