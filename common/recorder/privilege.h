#ifndef RECORDER_PRIVILEGE_H
#define RECORDER_PRIVILEGE_H

#include <sched.h>

#include "common/base/err.h"

/*
 * What makes a recorder more punctual than its neighbours, where the kernel
 * lets it.  None of it passes on to a program that the recorder starts.
 */

/*
 * Run before all ordinary programs (SCHED_FIFO, the lowest of its priorities)
 * and keep all memory in RAM.  Returns 0, or -1 with e filled (ERR_SYSTEM):
 * which permission is missing, and the command that grants it.
 */
int privilege_realtime(struct err *e);

/*
 * Stay on that CPU.  Where it was allowed to be before goes to *before, for
 * privilege_unpin() around the start of a program.  Returns 0, or -1 with e
 * filled (ERR_USAGE): there is no such CPU, or this process may not use it.
 */
int privilege_pin(int cpu, cpu_set_t *before, struct err *e);
void privilege_unpin(const cpu_set_t *before);

#endif
