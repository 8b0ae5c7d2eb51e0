#ifndef FORMATS_STREAM_H
#define FORMATS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/channel.h"
#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * The stream that flows between the programs: segments one after another,
 * each a header, blocks of rows, marks, and an end record with count and
 * checksum, inside zstd frames.  doc/format-stream.md specifies every byte.
 * A segment is one run on one machine; "cat a b" is a stream.
 *
 * Rows are stored in blocks, column by column.  A row is a time and one cell
 * a channel.  All three kinds (samples, windows, predictions) share this; what
 * their channels and metadata mean stands in sample.h, window.h, prediction.h.
 */
enum stream_kind {
    STREAM_SAMPLE = 1,
    STREAM_WINDOW = 2,
    STREAM_PREDICTION = 3,
};

struct stream_header {
    enum stream_kind kind;
    struct channels channels;
    struct labels meta;
    struct strings provenance; /* one line for each program, oldest first */
};

void stream_header_copy(struct stream_header *to,
                        const struct stream_header *from);
void stream_header_release(struct stream_header *h);
const char *stream_kind_name(enum stream_kind kind);

/*
 * Why the row after a mark does not follow from the row before it.  No window
 * crosses a gap, a reset or a clock step; notes are words beside the data.
 */
enum mark_kind {
    MARK_GAP = 1,   /* ticks were missed, or rows rejected; value: how many */
    MARK_RESET = 2, /* a counter went back; value: its channel */
    MARK_CLOCK = 3, /* the wall clock was stepped, or ran on while the machine
                       was suspended; value: by how many ns */
    MARK_NOTE = 4,  /* for people and scripts: "load begins" */
};

struct mark {
    int64_t t_ns;
    enum mark_kind kind;
    int64_t value;
    const char *text; /* "" for none */
};

const char *mark_kind_name(enum mark_kind kind);

/* Limits, checked before memory is asked for. */
enum {
    STREAM_MAX_CHANNELS = 4096,
    STREAM_MAX_META = 4096,
    STREAM_MAX_HEADER = 16 << 20,
    STREAM_MAX_RECORD = 64 << 20,
    STREAM_MAX_ROWS = 8192,     /* of one block */
    STREAM_MAX_CELLS = 8 << 20, /* rows x channels of one block */
};

/* ---- writing ---- */

struct stream_writer;

/*
 * Open `path` for writing (NULL or "-": standard output, refused with
 * ERR_USAGE where that is a terminal).  level: zstd's, 0 for the default.
 */
int stream_writer_open(struct stream_writer **w, const char *path, int level,
                       struct err *e);

/*
 * Write a header; the rows that follow have its channels.  What is beyond the
 * limits above, which no reader would take, is an error (ERR_DATA).
 */
int stream_writer_begin(struct stream_writer *w, const struct stream_header *h,
                        struct err *e);

/*
 * Append a row.  cells[c] holds channel c: a u64 as it is, the bits of a
 * double, the bits of a float (bits_of_f32), a small code.  Times must grow
 * (ERR_DATA).  Nothing is visible to a reader before the block is full or
 * stream_writer_flush() is called.
 */
int stream_writer_row(struct stream_writer *w, int64_t t_ns,
                      const uint64_t *cells, struct err *e);
int stream_writer_mark(struct stream_writer *w, const struct mark *m,
                       struct err *e);

/*
 * Write what was found out by the end of the segment, such as what the
 * recorder itself cost: once, behind the last row and mark, where
 * stream_writer_end() must follow.
 */
int stream_writer_trailer(struct stream_writer *w, const struct labels *facts,
                          struct err *e);

/* Make all rows so far visible to a reader of the file or pipe. */
int stream_writer_flush(struct stream_writer *w, struct err *e);

/* Write the end record of the segment. */
int stream_writer_end(struct stream_writer *w, struct err *e);

/*
 * End the segment if one is open, flush, and close.  Reports what could not
 * be written.  The writer is gone afterwards, whatever is returned;
 * stream_writer_close(NULL) is legal.
 */
int stream_writer_close(struct stream_writer *w, struct err *e);

/*
 * Close after an error, without the end: all rows so far arrive, and whoever
 * reads them sees a truncated stream, even where no segment was open.  Legal
 * for NULL.
 */
void stream_writer_abandon(struct stream_writer *w);

/* Rows and bytes (after compression) written so far, over all segments. */
uint64_t stream_writer_rows(const struct stream_writer *w);
uint64_t stream_writer_bytes(const struct stream_writer *w);

/* ---- reading ---- */

/* A block of rows; the pointers are borrowed until the next stream_next(). */
struct block {
    size_t n;
    const int64_t *t_ns;
    /* One array of n a channel: uint64_t, double, float or uint8_t by the
     * channel's type; NULL where stream_reader_want() said no. */
    const void *const *column;
};

enum stream_item_kind {
    ITEM_SEGMENT, /* a header was read: stream_reader_header() */
    ITEM_BLOCK,
    ITEM_MARK,
    ITEM_TRAILER, /* at most one, before the end */
    ITEM_END,     /* the segment is complete and its checksum right */
};

struct stream_item {
    enum stream_item_kind kind;
    struct block block;           /* ITEM_BLOCK */
    struct mark mark;             /* ITEM_MARK; text borrowed */
    const struct labels *trailer; /* ITEM_TRAILER; borrowed */
};

struct stream_reader;

/*
 * Open a stream (NULL or "-": standard input), compressed or not.  `kind` is
 * what is expected; 0 takes any.  A reader checks each record: sizes, checksum,
 * times that grow within a segment, gauges that are finite.
 */
int stream_reader_open(struct stream_reader **r, const char *path,
                       enum stream_kind kind, struct err *e);

/*
 * The next item.  Returns 1, 0 at the end of the input, -1 on error: ERR_DATA
 * with file and record in the message.  A truncated stream delivers all whole
 * records first and then fails.  stop_requested() ends it as input's end does.
 */
int stream_next(struct stream_reader *r, struct stream_item *item,
                struct err *e);

/* The header of the current segment; borrowed until the next ITEM_SEGMENT. */
const struct stream_header *stream_reader_header(const struct stream_reader *r);

/* After ITEM_SEGMENT: do (not) decode that channel.  Default: decode all. */
void stream_reader_want(struct stream_reader *r, size_t channel, bool want);

/* A truncated stream is a warning and an end, not an error. */
void stream_reader_allow_truncated(struct stream_reader *r, bool allow);

/*
 * Called before a read that would wait: the moment to flush what was written,
 * so that a live pipe is prompt and a recorded one fast.  idle returns -1 with
 * e filled to stop.
 */
void stream_reader_on_idle(struct stream_reader *r,
                           int (*idle)(void *arg, struct err *e), void *arg);

/* What is waited for after idle(): poll it there, to do something meanwhile. */
int stream_reader_fd(const struct stream_reader *r);

const char *stream_reader_name(const struct stream_reader *r);
uint64_t stream_reader_rows(const struct stream_reader *r);
void stream_reader_close(struct stream_reader *r);

#endif
