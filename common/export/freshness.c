#include "common/export/freshness.h"

#include <math.h>
#include <stdio.h>

#include "common/base/clock.h"

#define SHORTEST_NS (10 * NS_PER_S) /* unless somebody says otherwise */

enum { ROWS = 3 };

static int64_t limit_ns(const struct freshness *f, const struct meters *ms)
{
    double rows_ns =
        isfinite(ms->dt_s) ? ROWS * (double)ms->dt_s * NS_PER_S : 0;

    if (f->stale_ns > 0)
        return f->stale_ns;
    return rows_ns > SHORTEST_NS && rows_ns < 9e18 ? (int64_t)rows_ns
                                                   : SHORTEST_NS;
}

int64_t freshness_end_ns(const struct freshness *f, const struct meters *ms)
{
    int64_t limit = limit_ns(f, ms), most = INT64_MAX - ms->came_ns - 1;

    return ms->came_ns + (limit < most ? limit : most) + 1;
}

static void explain(char *words, int64_t here_ns, int64_t old_ns, int64_t limit)
{
    double here_s = (double)here_ns / NS_PER_S;
    double old_s = (double)old_ns / NS_PER_S;
    double limit_s = (double)limit / NS_PER_S;

    if (here_ns > limit)
        snprintf(words, FRESHNESS_WORDS,
                 "stale: no sample for %.1f s (over %g s)", here_s, limit_s);
    else if (old_ns > limit)
        snprintf(words, FRESHNESS_WORDS,
                 "stale: samples come, but are %.1f s old (over %g s)", old_s,
                 limit_s);
    else if (old_ns < -limit)
        snprintf(words, FRESHNESS_WORDS,
                 "stale: the latest sample is of a time %.1f s ahead of this "
                 "machine's clock",
                 -old_s);
    else
        snprintf(words, FRESHNESS_WORDS,
                 "fresh: the latest sample is %.1f s old",
                 old_s > here_s ? old_s : here_s);
}

struct age freshness_age(const struct freshness *f, const struct meters *ms,
                         int64_t now_ns, int64_t wall_ns,
                         char words[FRESHNESS_WORDS])
{
    int64_t limit = limit_ns(f, ms);
    int64_t here_ns = now_ns - ms->came_ns;
    int64_t old_ns = f->recorded ? here_ns : wall_ns - ms->t_ns;
    struct age age = {.seconds = NAN};

    if (!ms->any) {
        snprintf(words, FRESHNESS_WORDS, "no sample has come yet");
        return age;
    }
    age.seconds = (double)(old_ns > here_ns ? old_ns : here_ns) / NS_PER_S;
    age.fresh = here_ns <= limit && old_ns <= limit && old_ns >= -limit;
    explain(words, here_ns, old_ns, limit);
    return age;
}
