/*
 * What no recorder can be cheaper than here: the CPU that a sleep until a
 * deadline takes at 16 ms, and that sleep with one read of /proc/stat.  Caches
 * are cold after 16 ms and virtual machines pay for every timer, so both are
 * far above what they cost in a tight loop, which is printed too.
 */
#include <fcntl.h>
#include <math.h>
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

static double jitter_ms; /* s.d. of the time between wake-ups, of cpu_us() */

static double cpu_us(int fd, size_t size)
{
    double sum = 0, squares = 0;
    static char text[1 << 20];
    struct ticker t;
    int64_t start, missed, before = 0;

    ticker_start(&t, 16 * NS_PER_MS);
    start = clock_cpu_ns();
    for (int i = 0; i < SAMPLES; i++) {
        int64_t now;

        ticker_wait(&t, never, NULL, &missed);
        now = clock_monotonic_ns();
        if (i > 0) {
            sum += (double)(now - before) / 1e6;
            squares +=
                (double)(now - before) / 1e6 * (double)(now - before) / 1e6;
        }
        before = now;
        if (fd >= 0 && pread(fd, text, size, 0) < 0)
            return -1;
    }
    sum /= SAMPLES - 1;
    jitter_ms = sqrt(fmax(squares / (SAMPLES - 1) - sum * sum, 0));
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

    printf("floor at 16 ms: a sleep\t-\t%.1f us\t-\n", cpu_us(-1, 0));
    printf("floor at 16 ms: a sleep, jitter (s.d.)\t-\t%.3f ms\t-\n",
           jitter_ms);
    printf("floor at 16 ms: a sleep, a read of /proc/stat\t-\t%.1f us\t-\n",
           cpu_us(fd, 1 << 20));
    printf("floor at 16 ms: a sleep, 256 bytes of /proc/stat\t-\t%.1f us\t-\n",
           cpu_us(fd, 256));
    printf("floor in a tight loop: a read of /proc/stat\t-\t%.1f us\t-\n",
           hot_us(fd));
    return fd < 0;
}
