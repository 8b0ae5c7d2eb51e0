#include "formats/sample.h"

#include <errno.h>
#include <stdlib.h>

#include "common/base/clock.h"

int sample_interval_ns(const struct stream_header *h, int64_t *ns,
                       struct err *e)
{
    const int64_t longest = 24 * 3600 * NS_PER_S;
    const char *text = labels_get(&h->meta, META_INTERVAL);
    char *end;

    if (!text)
        return err_set(e, ERR_DATA, "the header does not say the interval (%s)",
                       META_INTERVAL);
    errno = 0;
    *ns = strtoll(text, &end, 10);
    if (errno || end == text || *end || *ns < 1 || *ns > longest)
        return err_set(e, ERR_DATA, "%s: '%s' is no interval", META_INTERVAL,
                       text);
    return 0;
}
