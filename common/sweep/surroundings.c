#include "common/sweep/surroundings.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

#define STEP_NS (50 * NS_PER_MS) /* smaller ones are corrections */

static int64_t clock_of(clockid_t id)
{
    struct timespec ts = {0};

    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static uint64_t number_in(const char *path)
{
    FILE *f = fopen(path, "re");
    char text[32] = "";
    uint64_t n = 0;

    if (f && fgets(text, sizeof text, f))
        n = strtoull(text, NULL, 10);
    if (f)
        fclose(f);
    return n;
}

/* A package's count shows at each of its CPUs: the sum is no number of events,
 * but it moves if there were any. */
static uint64_t count_throttles(const char *sys)
{
    char *pattern = xasprintf("%s/devices/system/cpu/cpu*/thermal_throttle/"
                              "*_throttle_count",
                              sys ? sys : "/sys");
    uint64_t sum = 0;
    glob_t found;

    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            sum += number_in(found.gl_pathv[i]);
        globfree(&found);
    }
    free(pattern);
    return sum;
}

void surroundings_look(struct surroundings *s, const char *sys)
{
    s->throttles = count_throttles(sys);
    s->mono_ns = clock_of(CLOCK_MONOTONIC);
    s->boot_ns = clock_of(CLOCK_BOOTTIME);
    s->real_ns = clock_of(CLOCK_REALTIME);
}

static int64_t unless_small(int64_t ns)
{
    return llabs(ns) < STEP_NS ? 0 : ns;
}

void surroundings_compare(struct happened *h, const struct surroundings *before,
                          const struct surroundings *after)
{
    int64_t real = after->real_ns - before->real_ns;
    int64_t boot = after->boot_ns - before->boot_ns;
    int64_t mono = after->mono_ns - before->mono_ns;

    *h = (struct happened){.clock_step_ns = unless_small(real - boot),
                           .suspended_ns = unless_small(boot - mono)};
    if (after->throttles > before->throttles) /* or a CPU went away */
        h->throttled = after->throttles - before->throttles;
}
