/* The journal of a sweep, line by line; what is taken is written the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/journal.h"
#include "formats/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const struct labels *entry)
{
    char *text = json_of_labels(entry);
    struct labels again;

    if (journal_parse(&again, text, strlen(text) - 1) < 0 ||
        again.n != entry->n)
        abort();
    for (size_t i = 0; i < again.n; i++)
        if (strcmp(again.at[i].key, entry->at[i].key) != 0 ||
            strcmp(again.at[i].value, entry->at[i].value) != 0)
            abort();
    labels_release(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct journal_lines lines = {0};
    char path[40];
    struct err e;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    journal_read(&lines, path, &e);
    for (size_t i = 0; i < lines.n; i++)
        write_and_read(&lines.at[i]);
    journal_lines_release(&lines);
    close(fd);
    return 0;
}
