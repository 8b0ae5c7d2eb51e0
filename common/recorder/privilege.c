#include "common/recorder/privilege.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Capabilities are set, not added: with the one that reads energy. */
static int refused(const char *what, struct err *e)
{
    return err_set(e, ERR_SYSTEM,
                   "--realtime: %s: %s; grant it with: sudo setcap "
                   "cap_sys_nice,cap_ipc_lock,cap_dac_read_search+ep "
                   "\"$(command -v rapl-sample)\"",
                   what, strerror(errno));
}

int privilege_realtime(struct err *e)
{
    struct sched_param p = {.sched_priority =
                                sched_get_priority_min(SCHED_FIFO)};

    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &p) < 0)
        return refused("SCHED_FIFO", e);
    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
        return refused("mlockall", e);
    return 0;
}

int privilege_pin(int cpu, cpu_set_t *before, struct err *e)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    if (cpu < CPU_SETSIZE)
        CPU_SET(cpu, &one);
    if (sched_getaffinity(0, sizeof *before, before) == 0 &&
        sched_setaffinity(0, sizeof one, &one) == 0)
        return 0;
    return err_set(e, ERR_USAGE,
                   "--cpu %d: %s; a CPU that is in the Cpus_allowed_list of "
                   "/proc/self/status will do, and its cpuset (systemd: "
                   "AllowedCPUs=) allows others",
                   cpu, strerror(errno));
}

void privilege_unpin(const cpu_set_t *before)
{
    sched_setaffinity(0, sizeof *before, before);
}
