#include "common/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/stop.h"
#include "common/base/write_all.h"

enum { GRACE_MS = 500, POLL_MS = 100 };

static volatile sig_atomic_t child_changed;

static void on_child(int sig)
{
    (void)sig;
    child_changed = 1;
}

static int shell_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void watch_children(void)
{
    struct sigaction sa;

    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_child; /* no SA_RESTART: a sleep must end */
    sa.sa_flags = SA_NOCLDSTOP;
    sigaction(SIGCHLD, &sa, NULL);
}

int child_start(struct child *c, char *const *argv, bool divert, struct err *e)
{
    posix_spawn_file_actions_t actions;
    int why;

    *c = (struct child){0};
    watch_children();
    posix_spawn_file_actions_init(&actions);
    if (divert)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO,
                                         STDOUT_FILENO);
    why = posix_spawnp(&c->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (why == 0)
        return 0;
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
    c->status = shell_status(status);
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

/* Take what there is to read, to its end; keep the beginning. */
static void read_all(int fd, char *text, size_t size)
{
    char rest[4096];
    size_t len = 0;
    ssize_t n;

    do {
        bool room = len < size - 1;

        n = read(fd, room ? text + len : rest,
                 room ? size - 1 - len : sizeof rest);
        if (n > 0 && room)
            len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    text[len] = '\0';
}

/* A file without a name that holds the text, to be read from its beginning. */
static int file_of(const char *text, size_t n)
{
    int fd = memfd_create("child", MFD_CLOEXEC);

    if (fd >= 0 &&
        (write_all(fd, text, n) < 0 || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/*
 * Run to its end, what it says read to the end.  out_fd: -1 for what it prints
 * to be among what it says.  -1 with errno set.
 */
static int run_to_end(char *const *argv, int in_fd, int out_fd, char *text,
                      size_t size, int *status)
{
    posix_spawn_file_actions_t actions;
    int ends[2], why, how = 0;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_fd < 0 ? ends[1] : out_fd,
                                     STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    why = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (why == 0) {
        read_all(ends[0], text, size);
        while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
            ;
        *status = shell_status(how);
    }
    close(ends[0]);
    errno = why;
    return why == 0 ? 0 : -1;
}

int child_output(char *const *argv, char *text, size_t size, int *status,
                 struct err *e)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), rc;

    if (nothing < 0)
        return err_sys(e, "/dev/null");
    rc = run_to_end(argv, nothing, -1, text, size, status);
    if (rc < 0)
        err_sys(e, "%s", argv[0]);
    close(nothing);
    return rc;
}

int child_filter(char *const *argv, const char *in, size_t n, int out_fd,
                 char *text, size_t size, int *status, struct err *e)
{
    int in_fd = file_of(in, n), rc, why;

    if (in_fd < 0)
        return err_sys(e, "%s: no room for what it is to read", argv[0]);
    rc = run_to_end(argv, in_fd, out_fd, text, size, status);
    why = errno;
    close(in_fd);
    errno = why;
    if (rc < 0)
        err_sys(e, "%s", argv[0]);
    errno = why;
    return rc;
}
