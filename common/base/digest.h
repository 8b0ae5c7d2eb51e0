#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

/*
 * SHA-256, through libmd: what tells whether a checkpoint is whole and which
 * data it was trained on.
 */
enum { DIGEST_HEX = 64 };

struct digest;

struct digest *digest_new(void);
void digest_add(struct digest *d, const void *p, size_t n);

/* Write the 64 hexadecimal digits and a NUL, and free d. */
void digest_end(struct digest *d, char out[DIGEST_HEX + 1]);

#endif
