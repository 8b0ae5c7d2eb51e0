#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Little-endian fields, written and read one by one: no struct ever goes to a
 * file as it lies in memory.
 */

/* A growing array of bytes.  Start with {0}; buf_release() frees it. */
struct buf {
    uint8_t *data;
    size_t len, cap;
};

/* Room for n more bytes; returns where they go, and counts them in. */
uint8_t *buf_extend(struct buf *b, size_t n);
void buf_release(struct buf *b);

void put_bytes(struct buf *b, const void *p, size_t n);
void put_u8(struct buf *b, uint8_t v);
void put_u16(struct buf *b, uint16_t v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_str(struct buf *b,
             const char *s); /* u16 length, bytes; cut at 64 KiB */

/* Write v at data[at..], which was put there before. */
void patch_u32(struct buf *b, size_t at, uint32_t v);

/*
 * Where reading stands.  A read past the end sets `bad` and gives zero, so
 * that a parser checks once, after a group of fields.
 */
struct cursor {
    const uint8_t *p, *end;
    bool bad;
};

const uint8_t *get_bytes(struct cursor *c, size_t n); /* NULL past the end */
uint8_t get_u8(struct cursor *c);
uint16_t get_u16(struct cursor *c);
uint32_t get_u32(struct cursor *c);
uint64_t get_u64(struct cursor *c);
char *get_str(struct cursor *c); /* on the heap; "" past the end */

static inline uint32_t load_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static inline uint64_t load_u64(const uint8_t *p)
{
    return load_u32(p) | (uint64_t)load_u32(p + 4) << 32;
}

static inline void store_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void store_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* The bits of a float, and back. */
static inline uint64_t bits_of_f64(double v)
{
    uint64_t u;

    memcpy(&u, &v, sizeof u);
    return u;
}

static inline double f64_of_bits(uint64_t u)
{
    double v;

    memcpy(&v, &u, sizeof v);
    return v;
}

static inline uint32_t bits_of_f32(float v)
{
    uint32_t u;

    memcpy(&u, &v, sizeof u);
    return u;
}

static inline float f32_of_bits(uint32_t u)
{
    float v;

    memcpy(&v, &u, sizeof v);
    return v;
}

#endif
