#include "formats/segment.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

uint32_t segment_crc(uint32_t crc, const void *p, size_t n)
{
    return (uint32_t)crc32_z(crc, p, n);
}

uint32_t segment_chain(uint32_t chain, uint32_t crc)
{
    uint8_t bytes[4];

    store_u32(bytes, crc);
    return segment_crc(chain, bytes, sizeof bytes);
}

static int check_count(size_t n, size_t limit, const char *what, struct err *e)
{
    if (n <= limit)
        return 0;
    return err_set(e, ERR_DATA, "%zu %s, and a stream takes at most %zu", n,
                   what, limit);
}

static int check_text(const char *s, struct err *e)
{
    if (strlen(s) <= UINT16_MAX)
        return 0;
    return err_set(e, ERR_DATA,
                   "the label or name '%.40s...' is longer than 64 KiB", s);
}

int segment_check_meta(const struct labels *meta, struct err *e)
{
    if (check_count(meta->n, STREAM_MAX_META, "labels", e) < 0)
        return -1;
    for (size_t i = 0; i < meta->n; i++)
        if (check_text(meta->at[i].key, e) < 0 ||
            check_text(meta->at[i].value, e) < 0)
            return -1;
    return 0;
}

int segment_check_header(const struct stream_header *h, struct err *e)
{
    if (check_count(h->channels.n, STREAM_MAX_CHANNELS, "channels", e) < 0 ||
        segment_check_meta(&h->meta, e) < 0 ||
        check_count(h->provenance.n, STREAM_MAX_META, "provenance lines", e) <
            0)
        return -1;
    for (size_t i = 0; i < h->channels.n; i++)
        if (check_text(h->channels.at[i].name, e) < 0 ||
            check_text(h->channels.at[i].unit, e) < 0)
            return -1;
    for (size_t i = 0; i < h->provenance.n; i++)
        if (check_text(h->provenance.at[i], e) < 0)
            return -1;
    return 0;
}

void segment_put_meta(struct buf *b, const struct labels *meta)
{
    put_u32(b, (uint32_t)meta->n);
    for (size_t i = 0; i < meta->n; i++) {
        put_str(b, meta->at[i].key);
        put_str(b, meta->at[i].value);
    }
}

void segment_put_header(struct buf *b, const struct stream_header *h)
{
    put_u32(b, (uint32_t)h->channels.n);
    for (size_t i = 0; i < h->channels.n; i++) {
        const struct channel *c = &h->channels.at[i];

        put_str(b, c->name);
        put_str(b, c->unit);
        put_u8(b, (uint8_t)c->type);
        put_u8(b, (uint8_t)c->kind);
        put_u64(b, c->wrap);
    }
    segment_put_meta(b, &h->meta);
    put_u32(b, (uint32_t)h->provenance.n);
    for (size_t i = 0; i < h->provenance.n; i++)
        put_str(b, h->provenance.at[i]);
}

/* A count from the file: more than the limit is a lie or an attack. */
static int get_count(struct cursor *c, size_t limit, const char *what,
                     size_t *n, struct err *e)
{
    *n = get_u32(c);
    if (*n > limit)
        return err_set(e, ERR_DATA, "the header claims %zu %s (at most %zu)",
                       *n, what, limit);
    return 0;
}

static int get_channel(struct cursor *c, struct channels *cs, struct err *e)
{
    char *name = get_str(c), *unit = get_str(c);
    uint8_t type = get_u8(c), kind = get_u8(c);
    uint64_t wrap = get_u64(c);
    int status = 0;

    if (c->bad || *name == '\0')
        status = err_set(e, ERR_DATA, "the channel table is cut short");
    else if (type > CHANNEL_U8 || kind > CHANNEL_GAUGE)
        status = err_set(e, ERR_DATA, "channel %s has an unknown type", name);
    else if (channels_find(cs, name) >= 0)
        status = err_set(e, ERR_DATA, "channel %s stands there twice", name);
    else
        channels_add(cs, name, unit, (enum channel_type)type,
                     (enum channel_kind)kind, wrap);
    free(name);
    free(unit);
    return status;
}

static int get_pair(struct cursor *c, struct labels *meta, struct err *e)
{
    char *key = get_str(c), *value = get_str(c);
    int status = 0;

    if (c->bad)
        status = err_set(e, ERR_DATA, "the metadata is cut short");
    else
        labels_set(meta, key, value);
    free(key);
    free(value);
    return status;
}

int segment_get_meta(struct cursor *c, struct labels *meta, struct err *e)
{
    size_t n;

    if (get_count(c, STREAM_MAX_META, "metadata entries", &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (get_pair(c, meta, e) < 0)
            return -1;
    return 0;
}

int segment_get_header(struct cursor *c, struct stream_header *h, struct err *e)
{
    size_t n;

    if (get_count(c, STREAM_MAX_CHANNELS, "channels", &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (get_channel(c, &h->channels, e) < 0)
            return -1;
    if (segment_get_meta(c, &h->meta, e) < 0 ||
        get_count(c, STREAM_MAX_META, "provenance lines", &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n && !c->bad; i++) {
        char *line = get_str(c);

        strings_add(&h->provenance, line);
        free(line);
    }
    if (c->bad || c->p != c->end)
        return err_set(e, ERR_DATA, "the header is cut short or too long");
    return 0;
}
