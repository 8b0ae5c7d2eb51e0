#include "common/base/pack.h"

#include <stdlib.h>

#include "common/base/xalloc.h"

uint8_t *buf_extend(struct buf *b, size_t n)
{
    uint8_t *at;

    if (n > b->cap - b->len) {
        b->cap = b->len + n < 256 ? 256 : (b->len + n) * 3 / 2;
        b->data = xreallocarray(b->data, b->cap, 1);
    }
    at = b->data + b->len;
    b->len += n;
    return at;
}

void buf_release(struct buf *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}

void put_bytes(struct buf *b, const void *p, size_t n)
{
    if (n)
        memcpy(buf_extend(b, n), p, n);
}

void put_u8(struct buf *b, uint8_t v)
{
    *buf_extend(b, 1) = v;
}

void put_u16(struct buf *b, uint16_t v)
{
    uint8_t *p = buf_extend(b, 2);

    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

void put_u32(struct buf *b, uint32_t v)
{
    store_u32(buf_extend(b, 4), v);
}

void put_u64(struct buf *b, uint64_t v)
{
    store_u64(buf_extend(b, 8), v);
}

void put_str(struct buf *b, const char *s)
{
    size_t n = strlen(s);

    if (n > UINT16_MAX)
        n = UINT16_MAX;
    put_u16(b, (uint16_t)n);
    put_bytes(b, s, n);
}

void patch_u32(struct buf *b, size_t at, uint32_t v)
{
    store_u32(b->data + at, v);
}

const uint8_t *get_bytes(struct cursor *c, size_t n)
{
    const uint8_t *p = c->p;

    if (c->bad || n > (size_t)(c->end - c->p)) {
        c->bad = true;
        return NULL;
    }
    c->p += n;
    return p;
}

uint8_t get_u8(struct cursor *c)
{
    const uint8_t *p = get_bytes(c, 1);

    return p ? *p : 0;
}

uint16_t get_u16(struct cursor *c)
{
    const uint8_t *p = get_bytes(c, 2);

    return p ? (uint16_t)(p[0] | (unsigned)p[1] << 8) : 0;
}

uint32_t get_u32(struct cursor *c)
{
    const uint8_t *p = get_bytes(c, 4);

    return p ? load_u32(p) : 0;
}

uint64_t get_u64(struct cursor *c)
{
    const uint8_t *p = get_bytes(c, 8);

    return p ? load_u64(p) : 0;
}

char *get_str(struct cursor *c)
{
    size_t n = get_u16(c);
    const uint8_t *p = get_bytes(c, n);

    return p ? xstrndup((const char *)p, n) : xstrdup("");
}
