#include "common/base/stop.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_flag;

/* Ctrl-C reaches the whole pipeline: who read from us may have gone first. */
static void on_closed_pipe(int sig)
{
    (void)sig;
    _exit(0);
}

static void on_signal(int sig)
{
    struct sigaction sa = {.sa_handler = on_closed_pipe};

    (void)sig;
    stop_flag = 1;
    sigaction(SIGPIPE, &sa, NULL);
}

static void stop_on(int sig)
{
    struct sigaction sa;

    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_signal; /* no SA_RESTART: a waiting read must return */
    sigemptyset(&sa.sa_mask);
    sigaction(sig, &sa, NULL);
}

void stop_on_signals(void)
{
    stop_on(SIGINT);
    stop_on(SIGTERM);
}

void stop_on_hangup(void)
{
    struct sigaction now;

    if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        stop_on(SIGHUP);
}

void stop_ask(void)
{
    on_signal(SIGTERM);
}

bool stop_requested(void)
{
    return stop_flag != 0;
}

void stop_forget(void)
{
    stop_flag = 0;
}
