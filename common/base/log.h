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

/*
 * While a picture is drawn on the terminal, lines that would tear it are held,
 * LOG_HELD at most; later ones are counted.  log_held() is the latest line of
 * that time, or NULL, borrowed until the next; log_release() says what was
 * held, as does an end by exit().  Standard error that is no terminal gets its
 * lines at once.
 */
enum { LOG_HELD = 100 };
void log_hold(void);
const char *log_held(void);
void log_release(void);

/* Print the error and exit with its code.  Only tools call this. */
void die(const struct err *e) __attribute__((noreturn));

#endif
