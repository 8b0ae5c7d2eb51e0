#include "common/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    {"d", 86400 * NS_PER_S},
    {"h", 3600 * NS_PER_S},
    {"m", 60 * NS_PER_S},
    {"s", NS_PER_S},
    {"ms", NS_PER_MS},
    {"us", NS_PER_US},
    {"ns", 1},
};

#define N_UNITS (sizeof units / sizeof *units)

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int duration_parse(const char *text, int64_t *ns, struct err *e)
{
    char *unit;
    double value = strtod(text, &unit);

    if (unit == text || !(value > 0))
        return err_set(e, ERR_USAGE,
                       "'%s' is no duration (such as 16ms, 1.6s, 2m)", text);
    if (*unit == '\0')
        return err_set(e, ERR_USAGE, "'%s' needs a unit (such as %sms or %ss)",
                       text, text, text);
    for (size_t i = 0; i < N_UNITS; i++) {
        double exact = value * (double)units[i].ns;

        if (strcmp(unit, units[i].name) != 0)
            continue;
        if (exact < 1 || exact > 9e18)
            return err_set(e, ERR_USAGE, "'%s' is out of range", text);
        *ns = (int64_t)(exact + .5);
        return 0;
    }
    return err_set(e, ERR_USAGE, "'%s': the unit is none of ns us ms s m h d",
                   text);
}

void duration_format(int64_t ns, char *out, size_t size)
{
    size_t i = 3; /* seconds and below: 60s is clearer than 1m in a header */

    while (i + 1 < N_UNITS && ns % units[i].ns != 0)
        i++;
    snprintf(out, size, "%" PRId64 "%s", ns / units[i].ns, units[i].name);
}
