#include "common/probe/ticker.h"

#include <sys/prctl.h>
#include <time.h>

#include "common/base/clock.h"

enum { STEP_MS = 50 };

void ticker_start(struct ticker *t, int64_t interval_ns)
{
    int64_t now = clock_monotonic_ns();

    prctl(PR_SET_TIMERSLACK, 1);
    t->interval_ns = interval_ns;
    t->next_ns = now + interval_ns;
    t->late_ns = 0;
    t->real_less_ns = clock_realtime_ns() - now;
    t->check_ns = now + NS_PER_S;
}

int64_t ticker_after(int64_t next_ns, int64_t interval_ns, int64_t now_ns,
                     int64_t *missed)
{
    *missed = now_ns > next_ns ? (now_ns - next_ns) / interval_ns : 0;
    return next_ns + (*missed + 1) * interval_ns;
}

/* A signal just before the sleep is noticed after it, hence the shorter of
 * the deadline and a second. */
static void sleep_towards(int64_t deadline_ns, int64_t now_ns)
{
    int64_t until = deadline_ns;
    struct timespec ts;

    if (until > now_ns + NS_PER_S)
        until = now_ns + NS_PER_S;
    ts.tv_sec = until / NS_PER_S;
    ts.tv_nsec = until % NS_PER_S;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

bool ticker_wait(struct ticker *t, bool (*stop)(void *), void *arg,
                 int64_t *missed)
{
    int64_t now = clock_monotonic_ns();

    while (now < t->next_ns && !stop(arg)) {
        sleep_towards(t->next_ns, now);
        now = clock_monotonic_ns();
    }
    if (stop(arg))
        return false;
    t->late_ns = now - t->next_ns;
    t->next_ns = ticker_after(t->next_ns, t->interval_ns, now, missed);
    return true;
}

int64_t ticker_clock_step(struct ticker *t, int64_t now_ns)
{
    int64_t less, step;

    if (now_ns < t->check_ns)
        return 0;
    less = clock_realtime_ns() - clock_monotonic_ns();
    step = less - t->real_less_ns;
    t->real_less_ns = less; /* a slow drift never adds up to a step */
    t->check_ns = now_ns + NS_PER_S;
    return step > STEP_MS * NS_PER_MS || step < -STEP_MS * NS_PER_MS ? step : 0;
}
