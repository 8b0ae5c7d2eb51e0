#ifndef FORMATS_OUTPUT_H
#define FORMATS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "common/base/err.h"

/*
 * Where programs write to: the one place that opens a file for writing over
 * what is there, and that refuses to write over what is still to be read.
 */

/* NULL and "-" are standard output. */
bool output_is_stdout(const char *path);

/* A descriptor to write to `path` with, or -1 with e filled (ERR_SYSTEM). */
int output_open(const char *path, struct err *e);

/* Make a new, empty file.  Returns 1; 0 if there is something of that name; -1
 * with e filled (ERR_SYSTEM). */
int output_claim(const char *path, struct err *e);

/*
 * Let print() write a file that takes the place of `path` in one step: who
 * reads it, and whoever comes after a crash, finds the old one or the new one,
 * and never a part.  It is made in the same folder, as "PATH.tmpPID".  mode:
 * its permissions; 0: as the umask has them.  Returns 0, or -1 with e filled
 * (ERR_SYSTEM, without the path) and the old file as it was.
 */
int output_replace(const char *path, mode_t mode,
                   int (*print)(FILE *f, const void *arg, struct err *e),
                   const void *arg, struct err *e);

/*
 * Is `path` none of the n inputs ("-", or n == 0: standard input), nor `also`,
 * by whatever name?  To be asked before the output is opened, which empties it.
 * Only files are looked at: a pipe or a device may be both.  Returns 0, or -1
 * with e filled (ERR_USAGE).
 */
int output_check(const char *path, const char *also, char *const *inputs, int n,
                 struct err *e);

/* The same for one input; NULL is none. */
int output_check_one(const char *path, const char *input, struct err *e);

#endif
