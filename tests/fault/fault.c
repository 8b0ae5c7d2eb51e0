/*
 * Faults on demand, for tests: preloaded into a program, this library makes
 * one of its system calls fail, or all of them come up short.  The kernel
 * itself traps the calls (seccomp), so that those made inside libc (stdio) are
 * caught like any other.
 *
 *   LD_PRELOAD=fault.so FAULT=read:3:5 rapl-dump run7.rapl
 *
 * FAULT   CALL:N:ERRNO   the Nth call fails with that errno; CALL is read,
 *                        write, close, fsync, or malloc (which returns NULL)
 *         short          every read and write moves one byte
 * FAULT_FIRED            a file that is made when a fault was injected
 *
 * Standard error is left alone.  A program that starts others cannot be
 * tested so: the trap outlives exec, this library's handler does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define MAGIC 0x5241504cu /* sixth argument of a call that is our own */

#if defined(__x86_64__)
static const int argument[] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8};
#define ARGUMENT(u, i) ((u)->uc_mcontext.gregs[argument[i]])
#define RESULT(u) ((u)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define ARGUMENT(u, i) ((u)->uc_mcontext.regs[i])
#define RESULT(u) ((u)->uc_mcontext.regs[0])
#else
#error "no register names for this processor"
#endif

enum call { NO_CALL, READ, WRITE, CLOSE, FSYNC, MALLOC };

static enum call failing;
static int at, error, shorter;
static const char *fired;
static atomic_int calls;

static enum call kind_of(int nr, long fd)
{
    switch (nr) {
    case SYS_read:
    case SYS_pread64:
        return READ;
    case SYS_write:
        return fd == STDERR_FILENO ? NO_CALL : WRITE;
    case SYS_close:
        return CLOSE;
    case SYS_fsync:
    case SYS_fdatasync:
        return FSYNC;
    }
    return NO_CALL;
}

/* Is this call the one?  Leaves the mark for the test if so. */
static int due(enum call kind)
{
    if (kind != failing || atomic_fetch_add(&calls, 1) + 1 != at)
        return 0;
    if (fired)
        syscall(SYS_openat, AT_FDCWD, fired, O_CREAT | O_WRONLY, 0600, MAGIC);
    return 1;
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    int saved = errno, nr = info->si_syscall;
    enum call kind = kind_of(nr, (long)ARGUMENT(u, 0));
    long n = (long)ARGUMENT(u, 2), result;

    (void)sig;
    if (shorter && (kind == READ || kind == WRITE) && n > 1)
        n = 1;
    if (!shorter && kind != NO_CALL && due(kind)) {
        /* As the kernel has it, the descriptor is gone even so. */
        if (kind == CLOSE)
            syscall(nr, ARGUMENT(u, 0), 0, 0, 0, 0, MAGIC);
        result = -error;
    } else {
        result = syscall(nr, ARGUMENT(u, 0), ARGUMENT(u, 1), n, ARGUMENT(u, 3),
                         ARGUMENT(u, 4), MAGIC);
        if (result < 0)
            result = -errno;
    }
    RESULT(u) = result;
    errno = saved;
}

#define TRAP_IF(nr)                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)

static int set_trap(void)
{
    static struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, args[5])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAGIC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        TRAP_IF(SYS_read),
        TRAP_IF(SYS_pread64),
        TRAP_IF(SYS_write),
        TRAP_IF(SYS_close),
        TRAP_IF(SYS_fsync),
        TRAP_IF(SYS_fdatasync),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    struct sigaction act = {.sa_sigaction = on_trap,
                            .sa_flags = SA_SIGINFO | SA_NODEFER};

    return sigaction(SIGSYS, &act, NULL) < 0 ||
                   prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                   prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0
               ? -1
               : 0;
}

__attribute__((constructor)) static void start(void)
{
    static const char *const names[] = {"",      "read",  "write",
                                        "close", "fsync", "malloc"};
    const char *wish = getenv("FAULT");
    char name[16] = "";
    enum call call = NO_CALL;

    if (!wish)
        return;
    fired = getenv("FAULT_FIRED");
    shorter = strcmp(wish, "short") == 0;
    if (!shorter && sscanf(wish, "%15[a-z]:%d:%d", name, &at, &error) == 3)
        for (call = MALLOC; call != NO_CALL && strcmp(name, names[call]);)
            call--;
    if ((!shorter && call == NO_CALL) || (call != MALLOC && set_trap() < 0)) {
        fprintf(stderr, "fault.so: cannot do FAULT=%s\n", wish);
        _exit(99);
    }
    failing = call;
}

/* ---- memory: glibc's own names stay reachable below ours ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static int refused(void)
{
    if (failing != MALLOC || !due(MALLOC))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return refused() ? NULL : __libc_realloc(p, size);
}
