#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

/*
 * Threads that share out the numbered tasks of one call after another.  The
 * caller is one of them, so a pool of 1 starts no thread.  Between calls the
 * others spin for some microseconds, so that short calls in a row are cheap,
 * and then sleep.
 *
 * Which thread runs a task is not determined: for results that do not depend
 * on the number of threads, give each task its own output.
 */
struct pool;

/* A pool of n_threads >= 1.  Fewer serve if the system has no more to give. */
struct pool *pool_new(int n_threads);

/* Threads in the pool, the caller included. */
int pool_size(const struct pool *p);

/*
 * Run task(arg, i, thread) once for each i < n and return when all are done;
 * 0 <= thread < pool_size() is the one that runs it.  Not from within a task.
 */
void pool_run(struct pool *p, size_t n,
              void (*task)(void *arg, size_t i, int thread), void *arg);

/* End the threads.  NULL is legal. */
void pool_free(struct pool *p);

#endif
