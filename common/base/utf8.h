#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The UTF-8 character at s, a text that ends with a NUL.  Returns its bytes,
 * 1..4, and sets *code; 0 where there is none: a stray or missing byte, a
 * longer form than needed, a surrogate, beyond U+10FFFF.
 */
size_t utf8_decode(const char *s, uint32_t *code);

#endif
