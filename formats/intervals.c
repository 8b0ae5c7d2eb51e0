#include "formats/intervals.h"

#include <math.h>
#include <stdio.h>

/* One of them, "interval.low50_w" where `which` is "50". */
static int read_one(const struct checkpoint *c, const char *which, double *low,
                    double *high, struct err *e)
{
    char low_key[32], high_key[32];

    snprintf(low_key, sizeof low_key, "interval.low%s_w", which);
    snprintf(high_key, sizeof high_key, "interval.high%s_w", which);
    *low = *high = NAN;
    if (!labels_get(&c->meta, low_key))
        return 0;
    if (checkpoint_real(c, low_key, low, e) < 0 ||
        checkpoint_real(c, high_key, high, e) < 0)
        return -1;
    if (isinf(*low) || isinf(*high) || *low > *high)
        return err_set(e, ERR_DATA, "%s to %s is no interval", low_key,
                       high_key);
    return 0;
}

int intervals_from_checkpoint(double low[INTERVALS], double high[INTERVALS],
                              const struct checkpoint *c, struct err *e)
{
    static const char *const which[INTERVALS] = {"50", "80", ""};

    for (int i = 0; i < INTERVALS; i++)
        if (read_one(c, which[i], &low[i], &high[i], e) < 0)
            return -1;
    return 0;
}
