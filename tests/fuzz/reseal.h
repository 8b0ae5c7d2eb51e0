#ifndef TESTS_FUZZ_RESEAL_H
#define TESTS_FUZZ_RESEAL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/segment.h"

/*
 * Make the checksums of a raw stream right again, as far as it can be followed:
 * a fuzzer that changes bytes would otherwise never come past them.
 */
static inline void reseal(uint8_t *data, size_t size)
{
    uint32_t chain = 0;
    size_t at = 0;

    for (;;) {
        bool head = at + SEGMENT_PREFIX <= size &&
                    memcmp(data + at, SEGMENT_MAGIC, SEGMENT_MAGIC_SIZE) == 0;
        size_t prefix = head ? SEGMENT_PREFIX : RECORD_PREFIX, length;
        uint32_t crc;

        if (size - at < prefix + 4)
            return;
        length = load_u32(data + at + prefix - 4);
        if (length > size - at - prefix - 4)
            return;
        if (head)
            chain = 0;
        else if (data[at] == RECORD_END && length == END_SIZE)
            store_u32(data + at + prefix + END_SIZE - 4, chain);
        crc = segment_crc(0, data + at, prefix + length);
        store_u32(data + at + prefix + length, crc);
        chain = segment_chain(chain, crc);
        at += prefix + length + 4;
    }
}

/*
 * The input as a file, as it is or with its checksums made right (sealed);
 * its name is valid until fuzz_file_close().
 */
struct fuzz_file {
    int fd;
    char path[40];
};

static inline void fuzz_file_open(struct fuzz_file *f, const uint8_t *data,
                                  size_t size, bool sealed)
{
    uint8_t *copy = malloc(size + 1);

    f->fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (!copy || f->fd < 0)
        abort();
    if (size)
        memcpy(copy, data, size);
    if (sealed)
        reseal(copy, size);
    if (write(f->fd, copy, size) != (ssize_t)size)
        abort();
    free(copy);
    snprintf(f->path, sizeof f->path, "/proc/self/fd/%d", f->fd);
}

static inline void fuzz_file_close(struct fuzz_file *f)
{
    close(f->fd);
}

#endif
