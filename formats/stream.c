#include "formats/stream.h"

#include <string.h>

void stream_header_copy(struct stream_header *to,
                        const struct stream_header *from)
{
    to->kind = from->kind;
    channels_copy(&to->channels, &from->channels);
    labels_copy(&to->meta, &from->meta);
    strings_copy(&to->provenance, &from->provenance);
}

void stream_header_release(struct stream_header *h)
{
    channels_release(&h->channels);
    labels_release(&h->meta);
    strings_release(&h->provenance);
}

const char *stream_kind_name(enum stream_kind kind)
{
    switch (kind) {
    case STREAM_SAMPLE:
        return "sample";
    case STREAM_WINDOW:
        return "window";
    case STREAM_PREDICTION:
        return "prediction";
    }
    return "unknown";
}

const char *mark_kind_name(enum mark_kind kind)
{
    switch (kind) {
    case MARK_GAP:
        return "gap";
    case MARK_RESET:
        return "reset";
    case MARK_CLOCK:
        return "clock";
    case MARK_NOTE:
        return "note";
    }
    return "unknown";
}
