#include "common/base/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"

void progress_start(struct progress *p)
{
    p->start_ns = clock_monotonic_ns();
    p->next_ns = p->start_ns + NS_PER_S;
    p->shown = 0;
    if (log_level() < LOG_NORMAL || !isatty(STDERR_FILENO))
        p->next_ns = INT64_MAX;
}

void progress_say(struct progress *p, const char *fmt, ...)
{
    int64_t now;
    va_list ap;

    if (p->next_ns == INT64_MAX)
        return;
    now = clock_monotonic_ns();
    if (now < p->next_ns)
        return;
    p->next_ns = now + NS_PER_S / 6;
    p->shown = 1;
    fputs("\r\033[K", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = 0;
}
