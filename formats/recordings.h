#ifndef FORMATS_RECORDINGS_H
#define FORMATS_RECORDINGS_H

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * Append the recordings that a path stands for: a folder for the files *.rapl
 * in it and in the folders below, in the order of their names, but for the
 * folder of a sweep, which has runs/, for those in there alone; anything else
 * for itself.  Links to folders are not followed.
 *
 * Returns 0, or -1 with e filled: a folder that holds none (ERR_DATA) or
 * cannot be read (ERR_SYSTEM).
 */
int recordings_find(struct strings *files, const char *path, struct err *e);

#endif
