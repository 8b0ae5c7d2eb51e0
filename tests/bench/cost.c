/*
 * What a command costs, as the kernel charges it and its children:
 *
 *     cost SECONDS COMMAND...     "CPU-us switches peak-kB" on standard output
 *
 * CPU is user and system time.  SECONDS after which it is interrupted, 0:
 * never.  What it prints on standard output goes to standard error.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t child;

static void on_alarm(int sig)
{
    (void)sig;
    kill(child, SIGINT);
}

static long long us(const struct timeval *t)
{
    return t->tv_sec * 1000000LL + t->tv_usec;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    struct rusage ru;
    pid_t pid;

    if (argc < 3)
        return 2;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ) != 0)
        return 127;
    child = pid;
    signal(SIGALRM, on_alarm);
    alarm((unsigned)strtoul(argv[1], NULL, 10));
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    getrusage(RUSAGE_CHILDREN, &ru);
    printf("%lld %ld %ld\n", us(&ru.ru_utime) + us(&ru.ru_stime),
           ru.ru_nvcsw + ru.ru_nivcsw, ru.ru_maxrss);
    return 0;
}
