#ifndef PROBE_PERF_H
#define PROBE_PERF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The calls by which the kernel's events are read, so that tests can answer
 * in its place.  As perf_event_open(2), read(2) and close(2): -1 and errno.
 */
struct perf_calls {
    /* An event that counts on that CPU, in the group of that descriptor (-1:
     * one of its own, read as a group). */
    int (*open)(uint32_t type, uint64_t config, int cpu, int group_fd);
    ssize_t (*read)(int fd, void *buf, size_t n);
    int (*close)(int fd);
};

extern const struct perf_calls perf_kernel; /* the real ones */

#endif
