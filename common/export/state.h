#ifndef EXPORT_STATE_H
#define EXPORT_STATE_H

#include "common/export/meters.h"

/*
 * The sums of all meters, in a file that survives a restart: YAML, the last
 * line of which is the SHA-256 of the lines before it, so that a damaged file
 * is known and never read as zero.  doc/export.md specifies it.
 */
enum { STATE_MAX_FILE = 1 << 20 };

/*
 * Read the sums, into meters that have none yet.  Returns 1; 0 where there is
 * no such file; -1 with e filled, and the file's name in it: what cannot be
 * read, is damaged, or is no such file.
 */
int state_read(struct meters *ms, const char *path, struct err *e);

/* The same from memory; `name` stands for the file.  Returns 0 or -1. */
int state_parse(struct meters *ms, const char *name, const char *text,
                size_t len, struct err *e);

/* Write the sums, in one step (output_replace()).  Returns 0 or -1. */
int state_write(const struct meters *ms, const char *path, struct err *e);

#endif
