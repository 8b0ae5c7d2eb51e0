#ifndef GBDT_UBJ_H
#define GBDT_UBJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/pack.h"

/*
 * Universal Binary JSON (ubjson.org, draft 12), as far as XGBoost writes it:
 * values are found by their key in the bytes, nothing is built.  Any bytes are
 * safe to read: nesting, counts and lengths are held against what is left.
 */
struct ubj {
    struct cursor at; /* at the value, to the end of the document */
};

/* Each returns false, and leaves *out alone, for what is not there. */

/* The document itself, which must fill the bytes. */
bool ubj_open(struct ubj *out, const void *bytes, size_t n);

/* The value at a key of an object; "a.b" is key b of the object at key a. */
bool ubj_get(const struct ubj *object, const char *path, struct ubj *out);

/* A string, copied and cut to size. */
bool ubj_text(const struct ubj *v, char *out, size_t size);

/* How many values an array of any kind begins with, and the first of them. */
bool ubj_array(const struct ubj *v, size_t *n, struct ubj *first);

/* The value behind this one. */
bool ubj_next(struct ubj *v);

/*
 * An array of n numbers of one type ('d' float32, 'l' int32, 'U' uint8, ...);
 * *out are its bytes as they lie there, big-endian, borrowed.
 */
bool ubj_numbers(const struct ubj *v, char type, size_t *n,
                 const uint8_t **out);

#endif
