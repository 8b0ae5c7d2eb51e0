#include "common/probe/chain.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>
#if defined __x86_64__
#include <x86intrin.h>
#endif

#include "common/base/clock.h"

#define CALIBRATION_NS (5 * NS_PER_MS)

enum { READINGS = 8 };

/*
 * The counter, read after all before it is done and before anything after it
 * begins; a link of each chain.
 */
#if defined __x86_64__
#define COUNTER_FLAGS " constant_tsc nonstop_tsc"
#define ADD(x) __asm__ volatile("add %0, %0" : "+r"(x))
#define MULTIPLY(x) __asm__ volatile("imul %0, %0" : "+r"(x))

static uint64_t counter(void)
{
    uint64_t t;

    _mm_lfence();
    t = __rdtsc();
    _mm_lfence();
    return t;
}
#elif defined __aarch64__
#define COUNTER_FLAGS ""
#define ADD(x) __asm__ volatile("add %0, %0, %0" : "+r"(x))
#define MULTIPLY(x) __asm__ volatile("mul %0, %0, %0" : "+r"(x))

static uint64_t counter(void)
{
    uint64_t t;

    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(t)::"memory");
    return t;
}
#else
#define COUNTER_FLAGS NULL
#define ADD(x) (void)(x)
#define MULTIPLY(x) (void)(x)

static uint64_t counter(void)
{
    return 0;
}
#endif

#define FOUR(link, x) \
    link(x);          \
    link(x);          \
    link(x);          \
    link(x)
#define SIXTEEN(link, x) \
    FOUR(link, x);       \
    FOUR(link, x);       \
    FOUR(link, x);       \
    FOUR(link, x)

static uint64_t time_add(size_t n)
{
    uint64_t start = counter(), x = n;

    for (size_t i = 0; i < n; i += CHAIN_STEP) {
        SIXTEEN(ADD, x);
    }
    return counter() - start;
}

static uint64_t time_multiply(size_t n)
{
    uint64_t start = counter(), x = n | 1;

    for (size_t i = 0; i < n; i += CHAIN_STEP) {
        SIXTEEN(MULTIPLY, x);
    }
    return counter() - start;
}

static uint64_t time_here(void *arg, enum chain chain, size_t n)
{
    (void)arg;
    return chain == CHAIN_ADD ? time_add(n) : time_multiply(n);
}

const struct chain_timer chain_timer_here = {time_here, NULL};

unsigned chain_latency(void)
{
#if defined __x86_64__
    return 3;
#else
    return 0;
#endif
}

/* Is each word of the list `wanted` a word of `flags`? */
static bool has_words(const char *flags, const char *wanted)
{
    while (*(wanted += strspn(wanted, " "))) {
        size_t n = strcspn(wanted, " ");
        const char *at = flags;

        for (at += strspn(at, " "); *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");

            if (len == n && memcmp(at, wanted, n) == 0)
                break;
            at += len;
        }
        if (!*at)
            return false;
        wanted += n;
    }
    return true;
}

int chain_counter_check(const char *flags, struct err *e)
{
    const char *wanted = COUNTER_FLAGS;

    if (!wanted)
        return err_set(e, ERR_NONE,
                       "no counter of one rate is known of this "
                       "kind of processor");
    if (has_words(flags ? flags : "", wanted))
        return 0;
    return err_set(e, ERR_NONE,
                   "this processor's counter may change its rate (its flags "
                   "lack%s)",
                   wanted);
}

uint64_t chain_khz_between(const struct chain_reading *a,
                           const struct chain_reading *b)
{
    uint64_t ticks =
        (b->before - a->before) / 2 + (b->after - a->after + 1) / 2;
    int64_t ns = b->ns - a->ns;

    if (ns <= 0 || ticks > UINT64_MAX / 1000000)
        return 0;
    return (ticks * 1000000 + (uint64_t)ns / 2) / (uint64_t)ns;
}

void chain_read(struct chain_reading *best)
{
    for (int i = 0; i < READINGS; i++) {
        struct chain_reading r;
        struct timespec ts;

        r.before = counter();
        clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
        r.after = counter();
        r.ns = ts.tv_sec * NS_PER_S + ts.tv_nsec;
        if (i == 0 || r.after - r.before < best->after - best->before)
            *best = r;
    }
}

uint64_t chain_counter_khz(void)
{
    struct chain_reading a, b;
    struct timespec ts = {0, CALIBRATION_NS};

    chain_read(&a);
    while (nanosleep(&ts, &ts) < 0) {
    }
    chain_read(&b);
    return chain_khz_between(&a, &b);
}
