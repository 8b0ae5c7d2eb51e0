#ifndef FORMATS_SEGMENT_H
#define FORMATS_SEGMENT_H

#include "common/base/pack.h"
#include "formats/stream.h"

/*
 * The bytes of a segment that stream_write.c and stream_read.c must agree on;
 * private to those two.
 *
 *     magic[8] version u8 kind u8 zero u16 length u32 header[length] crc u32
 *     { type u8 length u32 payload[length] crc u32 } ...
 *
 * Each crc is CRC-32 over everything from the magic (the type) to itself; the
 * end record's payload holds the count of rows and of marks, and the CRC-32 of
 * the crc fields before it, in order, so that no record can be missing.
 */
#define SEGMENT_MAGIC "\x89RAPL\r\n\x1a"

enum {
    SEGMENT_MAGIC_SIZE = 8,
    SEGMENT_VERSION = 2, /* and 1, which has no trailers, is read */
    SEGMENT_PREFIX = 16, /* magic to length */
    RECORD_PREFIX = 5,   /* type and length */
    RECORD_BLOCK = 'B',
    RECORD_MARK = 'M',
    RECORD_TRAILER = 'T',
    RECORD_END = 'E',
    END_SIZE = 20,
};

/* CRC-32 as in zlib, PNG, gzip; `crc` is 0 or the value so far. */
uint32_t segment_crc(uint32_t crc, const void *p, size_t n);

/* The running check of the end record, with one more crc field counted in. */
uint32_t segment_chain(uint32_t chain, uint32_t crc);

/* Is it within the limits of stream.h, so that it can be read?  ERR_DATA. */
int segment_check_header(const struct stream_header *h, struct err *e);
int segment_check_meta(const struct labels *meta, struct err *e);

/* A list of metadata, in the header and in a trailer. */
void segment_put_meta(struct buf *b, const struct labels *meta);
int segment_get_meta(struct cursor *c, struct labels *meta, struct err *e);

/* The header between its length and its crc. */
void segment_put_header(struct buf *b, const struct stream_header *h);
int segment_get_header(struct cursor *c, struct stream_header *h,
                       struct err *e);

#endif
