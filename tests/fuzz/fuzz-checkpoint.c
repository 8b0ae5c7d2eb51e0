/*
 * Any bytes as a checkpoint: read, or refused with a message; never more.
 * Each input is tried as it is, and then with its hash put right, so that
 * what lies behind that check is reached.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/xalloc.h"
#include "formats/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_file(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/fuzz-checkpoint.XXXXXX";
    struct checkpoint c = {0};
    struct err e = {0};
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");

    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
        abort();
    if (checkpoint_read(&c, path, &e) < 0 && (!e.code || !e.msg[0]))
        abort();
    checkpoint_release(&c);
    unlink(path);
}

static void put_right(uint8_t *data, size_t size)
{
    static const char key[] = "\"sha256\":\"";
    uint8_t *at = memmem(data, size, key, sizeof key - 1);
    char hex[DIGEST_HEX + 1];
    struct digest *d;

    if (!at || (size_t)(data + size - at) < sizeof key - 1 + DIGEST_HEX)
        return;
    at += sizeof key - 1;
    memset(at, '0', DIGEST_HEX);
    d = digest_new();
    digest_add(d, data, size);
    digest_end(d, hex);
    memcpy(at, hex, DIGEST_HEX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = xmalloc(size);

    memcpy(copy, data, size);
    try_file(copy, size);
    put_right(copy, size);
    try_file(copy, size);
    free(copy);
    return 0;
}
