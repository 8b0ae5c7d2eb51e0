#include "common/base/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

static const char VARIABLE[] = "STRESS_SWEEP_MARK";

enum { ROUNDS = 20, ENVIRON_MAX = 4 << 20 };

int processes_adopt(struct err *e)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD); /* is waited for in processes_wait() */
    sigaddset(&set, SIGPIPE); /* a program that died while it is told */
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return err_sys(e, "cannot take care of orphans");
    return 0;
}

void processes_mark(const char *mark)
{
    setenv(VARIABLE, mark, 1);
}

/* Between fork and exec: nothing here may allocate. */
static void become(const struct process_plan *plan, pid_t parent, int tell)
{
    sigset_t none;
    int in = plan->in, out = plan->out, why;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(126); /* it died before it could be asked for */
    if (in < 0)
        in = open("/dev/null", O_RDONLY);
    if (out < 0)
        out = open("/dev/null", O_WRONLY);
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(out, STDERR_FILENO) >= 0 &&
        (!plan->folder || chdir(plan->folder) == 0) &&
        sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        execvp(plan->argv[0], plan->argv);
    why = errno;
    if (write(tell, &why, sizeof why) < 0)
        why = 0;
    _exit(127);
}

int process_start(struct process *p, const struct process_plan *plan,
                  struct err *e)
{
    pid_t parent = getpid();
    int ends[2], why = 0;
    ssize_t n;

    *p = (struct process){0};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, "%s: no pipe", plan->argv[0]);
    p->pid = fork();
    if (p->pid == 0)
        become(plan, parent, ends[1]);
    close(ends[1]);
    if (p->pid < 0) {
        p->pid = 0;
        close(ends[0]);
        return err_sys(e, "%s", plan->argv[0]);
    }
    p->group = p->pid;
    do /* ends without a word once the program is there */
        n = read(ends[0], &why, sizeof why);
    while (n < 0 && errno == EINTR);
    close(ends[0]);
    if (n <= 0)
        return 0;
    waitpid(p->pid, NULL, 0);
    *p = (struct process){0};
    errno = why;
    return err_sys(e, "%s", plan->argv[0]);
}

bool process_ended(struct process *p)
{
    int status = 0;
    pid_t pid;

    if (p->pid == 0)
        return true;
    pid = waitpid(p->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    p->pid = 0;
    p->end_ns = clock_monotonic_ns();
    p->status = pid < 0               ? -1
                : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                      : WEXITSTATUS(status);
    return true;
}

void process_signal(const struct process *p, int sig)
{
    if (p->group > 0)
        kill(-p->group, sig);
}

void processes_wait(int64_t until_ns)
{
    int64_t left = until_ns - clock_monotonic_ns();
    struct timespec ts;
    sigset_t set;

    if (left <= 0)
        return;
    if (left > NS_PER_S) /* a signal may have come right before */
        left = NS_PER_S;
    ts = (struct timespec){left / NS_PER_S, left % NS_PER_S};
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigtimedwait(&set, NULL, &ts);
}

void processes_reap(struct process *const *keep, size_t n)
{
    siginfo_t info;

    for (;;) {
        size_t i = 0;

        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
            info.si_pid == 0)
            return;
        while (i < n && keep[i]->pid != info.si_pid)
            i++;
        if (i < n || waitpid(info.si_pid, NULL, WNOHANG) <= 0)
            return; /* the others are found next time */
    }
}

void process_kill(struct process *p, struct process *const *keep, size_t n)
{
    static const struct timespec pause = {0, NS_PER_MS};

    for (int i = 0; i < 1000 && p->group; i++) {
        process_ended(p);
        if (kill(-p->group, SIGKILL) < 0)
            break;
        processes_reap(keep, n);
        nanosleep(&pause, NULL);
    }
    if (process_ended(p))
        p->group = 0; /* whose number may be somebody else's soon */
}

/* Does the environment in /proc/PID/environ hold the variable with the mark? */
static bool carries(const char *pid, const char *wanted, size_t len)
{
    char name[64], *text, *at;
    size_t size = 0;
    bool found = false;
    FILE *f;

    snprintf(name, sizeof name, "/proc/%.20s/environ", pid);
    f = fopen(name, "re");
    if (!f)
        return false;
    text = xmalloc(ENVIRON_MAX);
    size = fread(text, 1, ENVIRON_MAX, f);
    fclose(f);
    for (at = text; at < text + size && !found;) {
        size_t left = (size_t)(text + size - at);

        found = left > len && memcmp(at, wanted, len + 1) == 0;
        at += strnlen(at, left) + 1;
    }
    free(text);
    return found;
}

static size_t kill_round(const char *wanted)
{
    DIR *proc = opendir("/proc");
    size_t n = 0;

    if (!proc)
        return 0;
    for (struct dirent *d; (d = readdir(proc));) {
        long pid = isdigit((unsigned char)*d->d_name)
                       ? strtol(d->d_name, NULL, 10)
                       : 0;

        if (pid > 0 && pid != getpid() &&
            carries(d->d_name, wanted, strlen(wanted)) &&
            kill((pid_t)pid, SIGKILL) == 0)
            n++;
    }
    closedir(proc);
    return n;
}

size_t processes_kill_marked(const char *mark)
{
    static const struct timespec pause = {0, 10 * NS_PER_MS};
    char *wanted = xasprintf("%s=%s", VARIABLE, mark);
    size_t n = 0, killed = 1;

    /* until a round finds none: one that forks may get away once */
    for (int i = 0; i < ROUNDS && killed; i++) {
        killed = kill_round(wanted);
        n += i == 0 ? killed : 0;
        processes_reap(NULL, 0);
        if (killed)
            nanosleep(&pause, NULL);
    }
    free(wanted);
    return n;
}
