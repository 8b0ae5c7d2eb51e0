#include "common/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;

    e->code = code;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
    const char *why = strerror(errno);
    va_list ap;
    size_t n;

    e->code = ERR_SYSTEM;
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    n = strlen(e->msg);
    snprintf(e->msg + n, sizeof e->msg - n, ": %s", why);
    return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
    char rest[sizeof e->msg];
    va_list ap;
    size_t n;

    memcpy(rest, e->msg, sizeof rest);
    va_start(ap, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    n = strlen(e->msg);
    snprintf(e->msg + n, sizeof e->msg - n, ": %.*s",
             (int)(sizeof e->msg - n > 3 ? sizeof e->msg - n - 3 : 0), rest);
    return -1;
}
