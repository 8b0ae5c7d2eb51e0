#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * The command behind "--".  One at a time, since its end interrupts a sleep
 * through SIGCHLD.
 */
struct child {
    pid_t pid;  /* 0: none is running */
    int status; /* as a shell says it, once it has ended */
};

/*
 * Start argv[0], found in PATH.  divert: send what it prints to standard
 * error, because our own standard output carries data.  Returns 0, or -1 with
 * e filled and c->status 127 (no such command) or 126 (cannot be run), as
 * shells have it.
 */
int child_start(struct child *c, char *const *argv, bool divert, struct err *e);

/* Has it ended?  Costs nothing while no child of ours changed. */
bool child_ended(struct child *c);

/* Wait for its end, passing on SIGTERM if we are asked to stop.  Returns its
 * status: its exit code, or 128 + the signal that killed it. */
int child_wait(struct child *c);

/*
 * Run argv[0], found in PATH, to its end, with nothing to read.  text (size)
 * gets the beginning of what it prints, on either output, and *status how it
 * ended.  Returns 0, or -1 with e filled (ERR_SYSTEM): it cannot be started.
 */
int child_output(char *const *argv, char *text, size_t size, int *status,
                 struct err *e);

/*
 * Run argv[0], found in PATH, to its end: it reads the n bytes of `in` and
 * writes to out_fd; text (size) gets the beginning of what it says on standard
 * error, and *status how it ended.  Returns 0, or -1 with e filled
 * (ERR_SYSTEM): it cannot be started, errno then says why.
 */
int child_filter(char *const *argv, const char *in, size_t n, int out_fd,
                 char *text, size_t size, int *status, struct err *e);

#endif
