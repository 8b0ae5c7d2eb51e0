#include "formats/calibrations.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

static const char *get(const struct labels *meta, int nth, const char *key)
{
    char *name = xasprintf("calibration.%d.%s", nth, key);
    const char *value = labels_get(meta, name);

    free(name);
    return value;
}

int calibrations_count(const struct labels *meta)
{
    int n = 0;

    while (get(meta, n + 1, "model_sha256"))
        n++;
    return n;
}

void calibrations_set(struct labels *meta, int nth, const char *key,
                      const char *fmt, ...)
{
    char *name = xasprintf("calibration.%d.%s", nth, key), *value;
    va_list ap;

    va_start(ap, fmt);
    value = xvasprintf(fmt, ap);
    va_end(ap);
    labels_set(meta, name, value);
    free(name);
    free(value);
}

int calibrations_check(const struct labels *meta, const char *sha256, bool same,
                       struct err *e)
{
    for (int k = calibrations_count(meta); k > 0; k--) {
        const char *seen = get(meta, k, "sha256");

        if (seen && strcmp(seen, sha256) == 0)
            return err_set(e, ERR_DATA,
                           "the model was calibrated by these very rows "
                           "already: they do not count twice");
        if (get(meta, k, "same_recording") && !same)
            return err_set(e, ERR_DATA,
                           "the model was fitted to one recording "
                           "(--same-recording); calibrate the model that it "
                           "came from");
    }
    return 0;
}
