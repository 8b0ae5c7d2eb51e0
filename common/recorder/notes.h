#ifndef RECORDER_NOTES_H
#define RECORDER_NOTES_H

#include <stddef.h>

#include "common/base/err.h"

/*
 * Lines that somebody else writes while a recording is under way: each becomes
 * a note before the row that comes next.
 */
enum { NOTE_MAX = 255 }; /* bytes of a note; more of a line is left out */

struct notes {
    int fd; /* -1: nothing comes (any more) */
    char line[NOTE_MAX + 1], text[NOTE_MAX + 1];
    size_t n;
};

/* "-": standard input; else a FIFO or a file.  0, or -1 with e filled. */
int notes_open(struct notes *ns, const char *path, struct err *e);

/*
 * The next whole line, unprintable bytes as '?', borrowed until the next call;
 * NULL: none is there yet.  Never waits.
 */
const char *notes_next(struct notes *ns);

void notes_close(struct notes *ns);

#endif
