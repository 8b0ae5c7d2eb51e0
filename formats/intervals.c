#include "formats/intervals.h"

#include <math.h>
#include <stdlib.h>

#include "common/base/xalloc.h"

static int read_pair(const struct checkpoint *c, const char *low_key,
                     const char *high_key, double *low, double *high,
                     struct err *e)
{
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

static int read_target(struct intervals *out, const char *suffix,
                       const struct checkpoint *c, struct err *e)
{
    static const char *const which[INTERVALS] = {"50", "80", ""};
    int rc = 0;

    for (int i = 0; i < INTERVALS && rc == 0; i++) {
        char *low = xasprintf("interval.low%s_w%s", which[i], suffix);
        char *high = xasprintf("interval.high%s_w%s", which[i], suffix);

        rc = read_pair(c, low, high, &out->low[i], &out->high[i], e);
        free(low);
        free(high);
    }
    return rc;
}

int intervals_from_checkpoint(struct intervals *out,
                              const struct strings *targets,
                              const struct checkpoint *c, struct err *e)
{
    int rc = 0;

    for (size_t k = 0; k < targets->n && rc == 0; k++) {
        char *suffix = k ? xasprintf(".%s", targets->at[k]) : xstrdup("");

        rc = read_target(&out[k], suffix, c, e);
        free(suffix);
    }
    return rc;
}

void intervals_predict(struct prediction *p, const float *watts, size_t K,
                       const struct intervals *around)
{
    p->power_w = watts[0];
    for (int i = 0; i < INTERVALS; i++) {
        p->lower_w[i] = around ? watts[0] + (float)around->low[i] : NAN;
        p->upper_w[i] = around ? watts[0] + (float)around->high[i] : NAN;
    }
    for (size_t k = 1; k < K; k++) {
        struct prediction_domain *d = &p->domain[k - 1];
        const struct intervals *a = around ? &around[k] : NULL;

        d->power_w = watts[k];
        d->lower_w = a ? watts[k] + (float)a->low[INTERVAL_90] : NAN;
        d->upper_w = a ? watts[k] + (float)a->high[INTERVAL_90] : NAN;
    }
}
