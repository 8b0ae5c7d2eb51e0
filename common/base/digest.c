#include "common/base/digest.h"

#include <sha256.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/xalloc.h"

struct digest {
    SHA256_CTX ctx;
};

struct digest *digest_new(void)
{
    struct digest *d = xmalloc(sizeof *d);

    SHA256_Init(&d->ctx);
    return d;
}

void digest_add(struct digest *d, const void *p, size_t n)
{
    SHA256_Update(&d->ctx, p, n);
}

void digest_end(struct digest *d, char out[DIGEST_HEX + 1])
{
    uint8_t bytes[SHA256_DIGEST_LENGTH];

    SHA256_Final(bytes, &d->ctx);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    free(d);
}
