#ifndef PROBE_PROC_FILE_H
#define PROBE_PROC_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * A file of /proc or /sys that is opened once and read from its start each
 * time, into a buffer that is large enough from the beginning.
 */
struct proc_file {
    char *path;
    int fd; /* -1: not open */
    char *text;
    size_t len, cap;
};

/* Open ROOT/NAME.  Returns 0, or -1 with e filled and errno kept. */
int proc_file_open(struct proc_file *f, const char *root, const char *name,
                   struct err *e);

/* Read it anew: text[0..len-1], then '\0'.  Returns 0, or -1 with e filled and
 * errno kept (0: it grew too large). */
int proc_file_read(struct proc_file *f, struct err *e);

void proc_file_close(struct proc_file *f); /* also of a zeroed one */

/* The text of ROOT/NAME less its last newline, on the heap; NULL if there is
 * none.  For what is read once. */
char *proc_text(const char *root, const char *name);

/* Read a number at *s after blanks and step past it; 0 where there is none. */
uint64_t proc_number(const char **s);

/* A text that is one number and perhaps a newline: 0, or -1 if it is not. */
int proc_parse_u64(const char *text, uint64_t *v);

#endif
