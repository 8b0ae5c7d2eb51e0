#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Allocation that does not return NULL: it says so and exits 4.  A size that
 * was read from a file is checked against a limit before it comes here.
 * Products are checked for overflow.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* zeroed */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap)
    __attribute__((format(printf, 1, 0)));

/* 64-byte aligned, for arrays that vector instructions walk; free() it. */
void *xmalloc_aligned(size_t n, size_t size);

/*
 * Make room for one more element: grow *p (elements of `size`, *cap of them
 * allotted) so that it holds at least n + 1.
 */
void *xgrow(void *p, size_t n, size_t *cap, size_t size);

#endif
