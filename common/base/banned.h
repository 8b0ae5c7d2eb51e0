#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/*
 * Functions that cannot be used safely do not compile.  The Makefile includes
 * this header into every file of ours, after the system's headers have had
 * their say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison atoi atol atoll atof
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison gmtime localtime ctime asctime

#endif
