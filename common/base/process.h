#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * Programs that are started, watched, and ended with all that they started in
 * turn: each leads a process group of its own, gets SIGTERM when we die in
 * whatever way, and carries a mark in its environment that its children
 * inherit. Several at a time; common/base/child.h is the simpler one.
 */
struct process {
    pid_t pid;      /* 0: none is running */
    pid_t group;    /* its group, which may outlive it */
    int status;     /* as a shell says it, once it has ended; -1: it was
                     * gathered with others, and nobody knows */
    int64_t end_ns; /* CLOCK_MONOTONIC: when that was noticed */
};

struct process_plan {
    char *const *argv;  /* found in PATH */
    const char *folder; /* to work in; NULL: ours */
    int in, out;        /* out: both outputs; -1: /dev/null */
};

/* Where orphans of what we start are to end up: with us. */
int processes_adopt(struct err *e);

/* The mark, in the environment of all that is started from now on. */
void processes_mark(const char *mark);

/* Returns 0, or -1 with e filled (ERR_SYSTEM). */
int process_start(struct process *p, const struct process_plan *plan,
                  struct err *e);

/* Has it ended?  Waits for nothing. */
bool process_ended(struct process *p);

/* Signal it and its group, if any of it is left. */
void process_signal(const struct process *p, int signal);

/* Kill it and its group, and wait, a second at most, until none of it is left.
 * Orphans are gathered meanwhile, but for the n processes. */
void process_kill(struct process *p, struct process *const *keep, size_t n);

/* Wait until until_ns (CLOCK_MONOTONIC) or, perhaps, until something ended or a
 * signal came. */
void processes_wait(int64_t until_ns);

/* Gather orphans that ended; the n processes are left alone. */
void processes_reap(struct process *const *keep, size_t n);

/* End with SIGKILL all that carries the mark but us, wherever it hangs, and
 * what that starts meanwhile.  Returns how many there were. */
size_t processes_kill_marked(const char *mark);

#endif
