#include "common/base/xalloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

static void *checked(void *p, size_t size)
{
    struct err e;

    if (p)
        return p;
    err_set(&e, ERR_SYSTEM, "out of memory (%zu bytes asked for)", size);
    die(&e);
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t n, size_t size)
{
    return checked(calloc(n ? n : 1, size ? size : 1), n * size);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    return checked(reallocarray(p, n ? n : 1, size ? size : 1), n * size);
}

char *xstrdup(const char *s)
{
    return checked(strdup(s), strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    return checked(strndup(s, n), n);
}

char *xvasprintf(const char *fmt, va_list ap)
{
    char *s;

    return checked(vasprintf(&s, fmt, ap) < 0 ? NULL : s, 0);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = xvasprintf(fmt, ap);
    va_end(ap);
    return s;
}

void *xmalloc_aligned(size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64)
        return checked(NULL, SIZE_MAX);
    return checked(aligned_alloc(64, (bytes + 64) / 64 * 64), bytes);
}

void *xgrow(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = n < 8 ? 8 : n + n / 2 + 1;
    return xreallocarray(p, *cap, size);
}
