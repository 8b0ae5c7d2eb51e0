/* A table of scores or a training history, as text, down to the script that
 * gnuplot would be given. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/plot/draws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(const struct scores *s, bool gap)
{
    struct canvas c;
    struct err e;

    canvas_open(&c, CANVAS_GNUPLOT, 0, 0, NULL);
    if (gap)
        draw_gap(s, "r2", &c, &e);
    else
        draw_history(s, &c, &e);
    canvas_close(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct scores s = {0};
    char path[40];
    struct err e;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (scores_read(&s, path, &e) == 0) {
        draw(&s, true);
        draw(&s, false);
    }
    scores_release(&s);
    close(fd);
    return 0;
}
