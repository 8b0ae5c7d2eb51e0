#include "formats/block.h"

#include <string.h>

/* A varint is 7 bits a byte, low ones first, the eighth: more follow. */
enum { VARINT_MAX = 10 };

static uint8_t *put_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

/* The next varint, or NULL past the end or over 64 bits. */
static const uint8_t *get_varint(const uint8_t *p, const uint8_t *end,
                                 uint64_t *v)
{
    uint64_t sum = 0;

    if (p < end && *p < 0x80) { /* most are one byte */
        *v = *p;
        return p + 1;
    }
    for (int shift = 0; p < end && shift < 64; shift += 7) {
        uint64_t bits = *p & 0x7f;

        if (shift == 63 && bits > 1)
            return NULL;
        sum |= bits << shift;
        if (*p++ < 0x80) {
            *v = sum;
            return p;
        }
    }
    return NULL;
}

/* Small steps, up or down, become small numbers: 0, -1, 1, -2 as 0, 1, 2, 3. */
static uint64_t zigzag(uint64_t step)
{
    return (step << 1) ^ (0 - (step >> 63));
}

static uint64_t unzigzag(uint64_t z)
{
    return (z >> 1) ^ (0 - (z & 1));
}

/* Start a column: its encoding and a length to be patched by end_column(). */
static size_t begin_column(struct buf *b, enum encoding how)
{
    put_u8(b, (uint8_t)how);
    put_u32(b, 0);
    return b->len;
}

static void end_column(struct buf *b, size_t start)
{
    patch_u32(b, start - 4, (uint32_t)(b->len - start));
}

static bool all_equal(const void *values, size_t n, size_t size)
{
    return n < 2 ||
           memcmp(values, (const uint8_t *)values + size, (n - 1) * size) == 0;
}

static void put_raw(struct buf *b, enum channel_type type, const void *values,
                    size_t n)
{
    size_t size = channel_size(type);
    uint8_t *to = buf_extend(b, n * size);

    for (size_t i = 0; i < n; i++) {
        uint64_t u64;
        uint32_t u32;

        switch (size) {
        case 8:
            memcpy(&u64, (const uint8_t *)values + 8 * i, 8);
            store_u64(to + 8 * i, u64);
            break;
        case 4:
            memcpy(&u32, (const uint8_t *)values + 4 * i, 4);
            store_u32(to + 4 * i, u32);
            break;
        default:
            to[i] = ((const uint8_t *)values)[i];
        }
    }
}

static void put_deltas(struct buf *b, const uint64_t *values, size_t n)
{
    size_t start = b->len;
    uint8_t *first = buf_extend(b, n * VARINT_MAX), *p = first;
    uint64_t last = 0;

    for (size_t i = 0; i < n; i++) {
        p = put_varint(p, zigzag(values[i] - last));
        last = values[i];
    }
    b->len = start + (size_t)(p - first);
}

void block_put_column(struct buf *b, enum channel_type type, const void *values,
                      size_t n)
{
    size_t start;

    if (all_equal(values, n, channel_size(type))) {
        start = begin_column(b, ENCODE_CONSTANT);
        put_raw(b, type, values, 1);
    } else if (type == CHANNEL_U64) {
        start = begin_column(b, ENCODE_DELTA);
        put_deltas(b, values, n);
    } else {
        start = begin_column(b, ENCODE_RAW);
        put_raw(b, type, values, n);
    }
    end_column(b, start);
}

/* The coarsest of s, ms, us, ns in which all times are whole. */
static uint64_t time_unit(const int64_t *t_ns, size_t n)
{
    uint64_t unit = 1000000000;

    for (size_t i = 0; i < n && unit > 1; i++)
        while (unit > 1 && t_ns[i] % (int64_t)unit != 0)
            unit /= 1000;
    return unit;
}

void block_put_times(struct buf *b, const int64_t *t_ns, size_t n)
{
    size_t start = begin_column(b, ENCODE_STEP);
    size_t at = b->len;
    uint8_t *first = buf_extend(b, (n + 1) * VARINT_MAX), *p = first;
    uint64_t unit = time_unit(t_ns, n), last = 0, last_step = 0;

    p = put_varint(p, unit);
    for (size_t i = 0; i < n; i++) {
        uint64_t t = (uint64_t)(t_ns[i] / (int64_t)unit), step = t - last;

        p = put_varint(p, zigzag(step - last_step));
        last = t;
        last_step = i ? step : 0; /* the first step is from 1970 */
    }
    b->len = at + (size_t)(p - first);
    end_column(b, start);
}

static int get_raw(struct cursor *c, size_t size, void *values, size_t n)
{
    const uint8_t *from = get_bytes(c, n * size);

    if (!from)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint64_t u64;
        uint32_t u32;

        switch (size) {
        case 8:
            u64 = load_u64(from + 8 * i);
            memcpy((uint8_t *)values + 8 * i, &u64, 8);
            break;
        case 4:
            u32 = load_u32(from + 4 * i);
            memcpy((uint8_t *)values + 4 * i, &u32, 4);
            break;
        default:
            ((uint8_t *)values)[i] = from[i];
        }
    }
    return 0;
}

static int get_constant(struct cursor *c, size_t size, void *values, size_t n)
{
    if (get_raw(c, size, values, 1) < 0)
        return -1;
    for (size_t i = 1; i < n; i++)
        memcpy((uint8_t *)values + i * size, values, size);
    return 0;
}

static int get_deltas(struct cursor *c, uint64_t *values, size_t n)
{
    const uint8_t *p = c->p;
    uint64_t last = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t z;

        p = get_varint(p, c->end, &z);
        if (!p)
            return -1;
        last += unzigzag(z);
        values[i] = last;
    }
    c->p = p;
    return 0;
}

/* Cut a column out of the block: its encoding and its bytes. */
static int open_column(struct cursor *c, uint8_t *how, struct cursor *column)
{
    size_t len;

    *how = get_u8(c);
    len = get_u32(c);
    column->p = get_bytes(c, len);
    column->end = column->p ? column->p + len : NULL;
    column->bad = false;
    return c->bad ? -1 : 0;
}

int block_get_column(struct cursor *c, enum channel_type type, void *values,
                     size_t n, struct err *e)
{
    size_t size = channel_size(type);
    struct cursor column;
    int status = -1;
    uint8_t how;

    if (open_column(c, &how, &column) < 0)
        return err_set(e, ERR_DATA, "a column runs past its block");
    if (!values)
        return 0;
    if (how == ENCODE_RAW)
        status = get_raw(&column, size, values, n);
    else if (how == ENCODE_CONSTANT)
        status = get_constant(&column, size, values, n);
    else if (how == ENCODE_DELTA && type == CHANNEL_U64)
        status = get_deltas(&column, values, n);
    if (status < 0 || column.p != column.end)
        return err_set(e, ERR_DATA, "a column does not hold %zu values", n);
    return 0;
}

int block_get_times(struct cursor *c, int64_t *t_ns, size_t n, struct err *e)
{
    uint64_t unit = 0, last = 0, step = 0;
    struct cursor column;
    const uint8_t *p;
    uint8_t how;

    if (open_column(c, &how, &column) < 0 || how != ENCODE_STEP)
        return err_set(e, ERR_DATA, "a block without times");
    p = get_varint(column.p, column.end, &unit);
    for (size_t i = 0; p && i < n; i++) {
        uint64_t z;

        p = get_varint(p, column.end, &z);
        if (!p)
            break;
        step = (i > 1 ? step : 0) + unzigzag(z);
        last += step;
        t_ns[i] = (int64_t)(last * unit);
    }
    if (p != column.end || unit == 0)
        return err_set(e, ERR_DATA, "a block without its %zu times", n);
    return 0;
}
