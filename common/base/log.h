#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "common/base/err.h"

/*
 * Words for people, on standard error, one message a line, each behind the
 * name of the program: "rapl-window: run7.rapl: record 1042: time went back".
 */
enum log_level {
    LOG_QUIET = -1, /* -q: errors only */
    LOG_NORMAL = 0, /* errors, warnings, notes */
    LOG_VERBOSE = 1 /* -v: also what was done, and how fast */
};

/* Name the program and choose the level; once, at start. */
void log_init(const char *program, enum log_level level);
enum log_level log_level(void);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print the error and exit with its code.  Only tools call this. */
void die(const struct err *e) __attribute__((noreturn));

#endif
