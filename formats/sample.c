#include "formats/sample.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/base/clock.h"

#define LONGEST_NS (86400 * NS_PER_S)

int sample_interval_ns(const struct stream_header *h, int64_t *ns,
                       struct err *e)
{
    const char *text = labels_get(&h->meta, META_INTERVAL);
    char *end;
    long long v;

    if (!text)
        return err_set(e, ERR_DATA, "the header has no %s", META_INTERVAL);
    errno = 0;
    v = strtoll(text, &end, 10);
    if (end == text || *end || errno || v <= 0 || v > LONGEST_NS)
        return err_set(e, ERR_DATA, "%s: '%.40s' is not in 1..%" PRId64 " ns",
                       META_INTERVAL, text, (int64_t)LONGEST_NS);
    *ns = v;
    return 0;
}
