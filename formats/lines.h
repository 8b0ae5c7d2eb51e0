#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * The lines of a text file, read in big blocks; and what csv.c and powerstat.c
 * both make of them, the row of a log.
 */
enum { LINES_MAX = 1 << 20 }; /* bytes of one line */

struct lines;

/* NULL or "-" is standard input. */
int lines_open(struct lines **l, const char *path, struct err *e);

/*
 * The next line: 1, 0 at the end, -1 on error.  text[len] is '\n' whatever
 * ended the line (LF, CR LF, the end of the file); a byte order mark is
 * skipped.  Borrowed until the next call.  Of a line that is longer than
 * LINES_MAX the beginning comes, and lines_cut() says so.
 */
int lines_next(struct lines *l, char **text, size_t *len, struct err *e);
bool lines_cut(const struct lines *l);

/*
 * What the file begins with, without taking it: its first line that is not
 * blank at least, if that ends in 4 KiB; text[len] is readable.
 */
int lines_peek(struct lines *l, const char **text, size_t *len, struct err *e);

/* Would lines_next() wait for somebody to write?  Never, of a plain file. */
bool lines_would_wait(const struct lines *l);

const char *lines_name(const struct lines *l); /* "standard input" for "-" */
uint64_t lines_number(const struct lines *l);  /* of the last line, from 1 */
void lines_close(struct lines *l);

/* One row of an imported log, whatever its format. */
struct log_row {
    uint64_t line;
    int64_t t_ns;          /* as the log says: it may go back */
    const uint64_t *cells; /* one a channel, as stream_writer_row() takes */
    const char *why; /* not NULL: the row is bad, and nothing else holds */
};

/* Copy text for a message: unprintable bytes as '?', cut to fit. */
void printable(char *out, size_t size, const char *text, size_t len);

#endif
