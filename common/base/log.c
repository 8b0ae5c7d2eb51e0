#include "common/base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* The one mutable global of the suite: who speaks, and how much. */
static struct {
    const char *program;
    enum log_level level;
} log_state = {"rapl", LOG_NORMAL};

void log_init(const char *program, enum log_level level)
{
    log_state.program = program;
    log_state.level = level;
}

enum log_level log_level(void)
{
    return log_state.level;
}

/*
 * One write a message, so that the lines of programs in one pipe never mix.
 */
static void __attribute__((format(printf, 2, 0)))
say(const char *kind, const char *fmt, va_list ap)
{
    char line[1400];
    int n = snprintf(line, sizeof line, "%s: %s", log_state.program, kind);

    vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    for (char *c = line; *c; c++) /* a file's name may hold anything */
        if (iscntrl((unsigned char)*c))
            *c = '?';
    fprintf(stderr, "%s\n", line);
}

void log_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    va_list ap;

    if (log_state.level < LOG_NORMAL)
        return;
    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void log_note(const char *fmt, ...)
{
    va_list ap;

    if (log_state.level < LOG_NORMAL)
        return;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void log_verbose(const char *fmt, ...)
{
    va_list ap;

    if (log_state.level < LOG_VERBOSE)
        return;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void die(const struct err *e)
{
    log_error("%s", e->msg);
    exit(e->code == ERR_NONE ? ERR_SYSTEM : (int)e->code);
}
