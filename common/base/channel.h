#ifndef BASE_CHANNEL_H
#define BASE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A column of a stream: what the prober reads, the formats store and the
 * features are derived from.  The names and units that mean something to the
 * derivation stand in doc/format-sample.md.
 */
enum channel_type {
    CHANNEL_U64 = 0, /* counters and gauges as the kernel shows them */
    CHANNEL_F64 = 1, /* rates and percentages of imported logs */
    CHANNEL_F32 = 2, /* features, labels, predictions */
    CHANNEL_U8 = 3,  /* small codes (the part of a split) */
};

enum channel_kind {
    CHANNEL_COUNTER = 0, /* only grows; differences mean something */
    CHANNEL_GAUGE = 1,   /* a value of its own */
};

struct channel {
    char *name; /* "cpu.user", "energy:package-0" */
    char *unit; /* "tick", "uJ", "kB", "1/s", "%", "W"; "1" for a count */
    enum channel_type type;
    enum channel_kind kind;
    uint64_t wrap; /* a counter's modulus; 0: all 64 bits */
};

struct channels {
    struct channel *at;
    size_t n, cap;
};

/* Append a channel (the strings are copied); returns its index. */
size_t channels_add(struct channels *cs, const char *name, const char *unit,
                    enum channel_type type, enum channel_kind kind,
                    uint64_t wrap);

/* Index of the channel of that name, or -1. */
int channels_find(const struct channels *cs, const char *name);

void channels_copy(struct channels *to, const struct channels *from);
void channels_release(struct channels *cs);

/* Bytes of one stored value of that type. */
size_t channel_size(enum channel_type type);

#endif
