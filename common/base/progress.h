#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

/*
 * A line that says how far long work has come: only where standard error is
 * a terminal, after one second, six times a second at most, and gone when the
 * work is done.
 */
struct progress {
    int64_t start_ns, next_ns;
    int shown;
};

void progress_start(struct progress *p);

/* Show the line, formatted as printf does, if it is time to. */
void progress_say(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Wipe the line. */
void progress_end(struct progress *p);

#endif
