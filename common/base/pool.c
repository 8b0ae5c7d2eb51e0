#include "common/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

/* Long enough to bridge the gap between two calls and what one task may take
 * longer than another, too short to matter; before the end of it the processor
 * is offered to whoever wants it. */
#define SPIN_NS (200 * NS_PER_US)
#define ALONE_NS (20 * NS_PER_US)

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    void (*task)(void *arg, size_t i, int thread);
    void *arg;
    size_t next, n;     /* the task to take, and where they end */
    atomic_size_t open; /* tasks not taken: what the idle watch */
    atomic_size_t left; /* tasks not finished: what the caller watches */
    atomic_bool quit;
    int size;
    struct worker {
        struct pool *pool;
        pthread_t id;
        int number;
    } * worker; /* (size - 1) */
};

static void relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* Watch for a while whether count becomes zero, or (want) more than that. */
static void spin(struct pool *p, atomic_size_t *count, bool want)
{
    int64_t start = clock_monotonic_ns(), waited = 0;

    while ((atomic_load(count) > 0) != want && !atomic_load(&p->quit) &&
           waited < SPIN_NS) {
        for (int i = 0; i < 8; i++)
            relax();
        if (waited > ALONE_NS)
            sched_yield();
        waited = clock_monotonic_ns() - start;
    }
}

/* Take and run tasks until none is left to take.  Called and left locked. */
static void drain(struct pool *p, int thread)
{
    while (p->next < p->n) {
        size_t i = p->next++;

        atomic_fetch_sub(&p->open, 1);
        pthread_mutex_unlock(&p->lock);
        p->task(p->arg, i, thread);
        pthread_mutex_lock(&p->lock);
        if (atomic_fetch_sub(&p->left, 1) == 1)
            pthread_cond_signal(&p->done);
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;

    while (!atomic_load(&p->quit)) {
        spin(p, &p->open, true);
        pthread_mutex_lock(&p->lock);
        while (p->next == p->n && !atomic_load(&p->quit))
            pthread_cond_wait(&p->wake, &p->lock);
        drain(p, w->number);
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

struct pool *pool_new(int n_threads)
{
    struct pool *p = xcalloc(1, sizeof *p);

    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->worker = xcalloc((size_t)n_threads, sizeof *p->worker);
    for (p->size = 1; p->size < n_threads; p->size++) {
        struct worker *w = &p->worker[p->size - 1];

        w->pool = p;
        w->number = p->size;
        if (pthread_create(&w->id, NULL, work, w))
            break;
    }
    return p;
}

int pool_size(const struct pool *p)
{
    return p->size;
}

void pool_run(struct pool *p, size_t n,
              void (*task)(void *arg, size_t i, int thread), void *arg)
{
    if (p->size == 1 || n == 1) {
        for (size_t i = 0; i < n; i++)
            task(arg, i, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    p->task = task;
    p->arg = arg;
    p->next = 0;
    p->n = n;
    atomic_store(&p->left, n);
    atomic_store(&p->open, n);
    pthread_cond_broadcast(&p->wake);
    drain(p, 0);
    pthread_mutex_unlock(&p->lock);
    spin(p, &p->left, false);
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->left))
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->quit, true);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->size - 1; i++)
        pthread_join(p->worker[i].id, NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->done);
    free(p->worker);
    free(p);
}
