#include "common/recorder/heading.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/probe/machine.h"
#include "formats/sample.h"

/* "run", unless a label says it: when this began. */
static void name_run(struct labels *meta)
{
    time_t now = clock_realtime_ns() / NS_PER_S;
    struct tm tm;
    char text[32];

    if (gmtime_r(&now, &tm) &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        labels_set(meta, META_RUN, text);
}

static int add_label(struct labels *meta, const struct labels *facts,
                     const char *label, struct err *e)
{
    const char *equals = strchr(label, '=');
    char *key;
    int rc = 0;

    if (!equals || equals == label)
        return err_set(e, ERR_USAGE, "--label: '%s' is not KEY=VALUE", label);
    key = xstrndup(label, (size_t)(equals - label));
    if (labels_get(facts, key))
        rc = err_set(e, ERR_USAGE, "--label: '%s' is for the recorder to say",
                     key);
    else
        labels_set(meta, key, equals + 1);
    free(key);
    return rc;
}

int heading_make(struct stream_header *h, const struct probe *probe,
                 const struct roots *roots, int64_t interval_ns,
                 const struct strings *labels, const char *provenance,
                 struct err *e)
{
    struct labels facts;
    int rc = 0;

    memset(h, 0, sizeof *h);
    h->kind = STREAM_SAMPLE;
    channels_copy(&h->channels, &probe->channels);
    machine_describe(roots, &h->meta);
    labels_setf(&h->meta, META_INTERVAL, "%" PRId64, interval_ns);
    energy_describe(&probe->energy, &h->meta);
    strings_add(&h->provenance, provenance);
    labels_copy(&facts, &h->meta);
    name_run(&h->meta);
    for (size_t i = 0; i < labels->n && rc == 0; i++)
        rc = add_label(&h->meta, &facts, labels->at[i], e);
    labels_release(&facts);
    return rc;
}
