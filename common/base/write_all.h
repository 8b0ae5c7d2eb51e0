#ifndef BASE_WRITE_ALL_H
#define BASE_WRITE_ALL_H

#include <stddef.h>

/* Write n bytes to a descriptor, however often that is interrupted or cut
 * short.  Returns 0, or -1 with errno set: some of it may be written. */
int write_all(int fd, const void *data, size_t n);

#endif
