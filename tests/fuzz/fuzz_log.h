#ifndef TESTS_FUZZ_FUZZ_LOG_H
#define TESTS_FUZZ_FUZZ_LOG_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/logfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read the bytes as a log of that format, to its end or first error. */
static inline int fuzz_log(const uint8_t *data, size_t size,
                           enum logfile_format format)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct logfile *log;
    struct log_row row;
    char path[40];
    struct err e;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (logfile_open(&log, path, format, NULL, 0, &e) == 0)
        while (logfile_next(log, &row, &e) > 0)
            if (row.why && !*row.why)
                abort();
    logfile_close(log);
    close(fd);
    return 0;
}

#endif
