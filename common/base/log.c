#include "common/base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/xalloc.h"

enum { LINE = 1400 };

/* The one mutable global of the suite: who speaks, and how much. */
static struct {
    const char *program;
    enum log_level level;
    bool held, held_back; /* lines are kept; and said only later */
    char *line[LOG_HELD];
    size_t n, n_more;
    char latest[LINE];
} log_state = {.program = "rapl"};

void log_init(const char *program, enum log_level level)
{
    log_state.program = program;
    log_state.level = level;
}

enum log_level log_level(void)
{
    return log_state.level;
}

static void keep(const char *line)
{
    if (!log_state.held)
        return;
    snprintf(log_state.latest, sizeof log_state.latest, "%s", line);
    if (!log_state.held_back)
        return;
    if (log_state.n < LOG_HELD)
        log_state.line[log_state.n++] = xstrdup(line);
    else
        log_state.n_more++;
}

void log_hold(void)
{
    static bool registered;

    log_state.held = true;
    log_state.held_back = isatty(STDERR_FILENO);
    if (!registered)
        atexit(log_release);
    registered = true;
}

const char *log_held(void)
{
    return *log_state.latest ? log_state.latest : NULL;
}

void log_release(void)
{
    log_state.held = log_state.held_back = false;
    log_state.latest[0] = '\0';
    for (size_t i = 0; i < log_state.n; i++) {
        fprintf(stderr, "%s\n", log_state.line[i]);
        free(log_state.line[i]);
    }
    log_state.n = 0;
    if (log_state.n_more)
        log_note("%zu more messages were not kept", log_state.n_more);
    log_state.n_more = 0;
}

/*
 * One write a message, so that the lines of programs in one pipe never mix.
 */
static void __attribute__((format(printf, 2, 0)))
say(const char *kind, const char *fmt, va_list ap)
{
    char line[LINE];
    int n = snprintf(line, sizeof line, "%s: %s", log_state.program, kind);

    vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    for (char *c = line; *c; c++) /* a file's name may hold anything */
        if (iscntrl((unsigned char)*c))
            *c = '?';
    keep(line);
    if (!log_state.held_back)
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
