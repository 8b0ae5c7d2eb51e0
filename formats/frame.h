#ifndef FORMATS_FRAME_H
#define FORMATS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Bytes in zstd frames, to and from a file, a pipe or a terminal that says no.
 * Nothing here knows what the bytes mean.  This is the one place of zstd.
 */

struct frame_writer;

/*
 * path NULL or "-": standard output, which must not be a terminal.  level:
 * zstd's, 0 for 3.  The window is held to 1 MiB, so that a recorder stays
 * small and a reader needs little.
 */
int frame_writer_open(struct frame_writer **w, const char *path, int level,
                      struct err *e);
int frame_write(struct frame_writer *w, const void *data, size_t n,
                struct err *e);

/* Everything written so far can be read by whoever reads the file or pipe. */
int frame_flush(struct frame_writer *w, struct err *e);

/* End the zstd frame; the next byte begins another. */
int frame_end(struct frame_writer *w, struct err *e);

/*
 * Flush, in a frame that will not end: a reader finds all that was written,
 * and that there should be more.
 */
int frame_break(struct frame_writer *w, struct err *e);

/* Close what was opened; the writer is gone, whatever is returned. */
int frame_writer_close(struct frame_writer *w, struct err *e);
uint64_t frame_writer_bytes(const struct frame_writer *w);

struct frame_reader;

/* path NULL or "-": standard input. */
int frame_reader_open(struct frame_reader **r, const char *path, struct err *e);

/*
 * Read n bytes.  Returns 1 with all of them; 0 with *got < n of them, because
 * the input ended there (or a signal asked to stop: frame_stopped()); -1 with
 * e filled where the file cannot be read or is no valid zstd.
 */
int frame_read(struct frame_reader *r, void *out, size_t n, size_t *got,
               struct err *e);

/*
 * Between segments: what follows may be compressed or not, whatever came
 * before it ("cat a.raw b.rapl").
 */
void frame_boundary(struct frame_reader *r);

/* Did the input end inside a zstd frame? */
bool frame_incomplete(const struct frame_reader *r);

/* Did a signal end the input? */
bool frame_stopped(const struct frame_reader *r);

/* Called before a read that would wait; see stream_reader_on_idle(). */
void frame_on_idle(struct frame_reader *r,
                   int (*idle)(void *arg, struct err *e), void *arg);
/* What it reads from: to be polled together with what else there is. */
int frame_reader_fd(const struct frame_reader *r);
const char *frame_reader_name(const struct frame_reader *r);
void frame_reader_close(struct frame_reader *r);

#endif
