#include "common/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/stop.h"

enum { GRACE_MS = 500, POLL_MS = 100 };

static volatile sig_atomic_t child_changed;

static void on_child(int sig)
{
    (void)sig;
    child_changed = 1;
}

/* In the child: become the command, or tell the parent why not. */
static void __attribute__((noreturn))
become(char *const *argv, bool stdout_to_stderr, int tell)
{
    int why;

    if (!stdout_to_stderr || dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        execvp(argv[0], argv);
    why = errno;
    if (write(tell, &why, sizeof why) < 0)
        _exit(125);
    _exit(127);
}

int child_start(struct child *c, char *const *argv, bool stdout_to_stderr,
                struct err *e)
{
    struct sigaction sa;
    int fd[2], why = 0;
    ssize_t n;

    *c = (struct child){.status = 126};
    if (pipe2(fd, O_CLOEXEC) < 0)
        return err_sys(e, "%s", argv[0]);
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_child; /* no SA_RESTART: a sleep must end */
    sa.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &sa, NULL);
    c->pid = fork();
    if (c->pid == 0)
        become(argv, stdout_to_stderr, fd[1]);
    close(fd[1]);
    if (c->pid > 0) { /* the end of the pipe is closed by a successful exec */
        do
            n = read(fd[0], &why, sizeof why);
        while (n < 0 && errno == EINTR);
        errno = n == (ssize_t)sizeof why ? why : 0;
    }
    why = errno;
    close(fd[0]);
    if (why == 0)
        return 0;
    if (c->pid > 0)
        waitpid(c->pid, NULL, 0);
    *c = (struct child){.status = why == ENOENT ? 127 : 126};
    errno = why;
    return err_sys(e, "%s", argv[0]);
}

bool child_ended(struct child *c)
{
    int status;

    if (c->pid == 0)
        return true;
    if (!child_changed)
        return false;
    child_changed = 0;
    if (waitpid(c->pid, &status, WNOHANG) != c->pid)
        return false;
    c->pid = 0;
    c->status =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

/* A Ctrl-C reached the command as well: it may follow that in its own way
 * before it is told to. */
int child_wait(struct child *c)
{
    static const struct timespec pause = {0, POLL_MS * NS_PER_MS};
    int64_t asked_ns = 0;
    bool told = false;

    while (!child_ended(c)) {
        int64_t now = clock_monotonic_ns();

        if (stop_requested() && asked_ns == 0)
            asked_ns = now;
        if (asked_ns && !told && now - asked_ns >= GRACE_MS * NS_PER_MS)
            told = kill(c->pid, SIGTERM) == 0;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return c->status;
}
