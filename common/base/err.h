#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * What went wrong, filled in where most is known and printed by a tool.
 * The codes are the exit codes that scripts rely on.
 */
enum err_code {
    ERR_NONE = 0,
    ERR_VERDICT = 1, /* done, and the answer is no */
    ERR_USAGE = 2,
    ERR_DATA = 3,
    ERR_SYSTEM = 4,
};

struct err {
    enum err_code code;
    char msg[1024]; /* one line, no newline, cut to fit */
};

/* Set code and message.  Returns -1, so that callers can return it. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set(ERR_SYSTEM), with ": " and the text of errno appended. */
int err_sys(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put words (a file name, say) and ": " before the message.  Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
