#ifndef FORMATS_TABLE_H
#define FORMATS_TABLE_H

#include "formats/checkpoint.h"
#include "formats/text.h"
#include "formats/window.h"

/*
 * What is in streams, as a table of text: a line a row, a window, a mark, a
 * tensor.  Each line of a stream begins with t_ns, the segment and the labels
 * asked for.
 *
 * A table has one header line.  A segment whose columns (names and units)
 * differ from the first one's is an error that names the difference, except in
 * JSON lines, where every line names its own.
 */
struct table {
    struct text_writer *text; /* borrowed */
    enum text_format format;
    const struct strings *labels; /* keys of metadata; borrowed */
    int64_t segment;              /* its number, for the lines that follow */

    bool begun; /* from here on private; start with zeros */
    struct channels columns;
    struct window_spec spec;
    float *x; /* (kept + new, D) rows that windows reach back to */
    size_t kept, cap;
};

/* A segment begins: its rows are the lines. */
int table_begin_rows(struct table *t, const struct stream_header *h,
                     struct err *e);
int table_put_rows(struct table *t, const struct stream_header *h,
                   const struct block *b, struct err *e);

/*
 * A segment begins: its windows are the lines, the (N, D*d) matrix with
 * columns "user_pct@-2", "user_pct@-1", "user_pct@0": oldest first, counted in
 * rows; then label and part.
 */
int table_begin_windows(struct table *t, const struct window_spec *spec,
                        struct err *e);
int table_put_windows(struct table *t, const struct stream_header *h,
                      const struct window_rows *rows, struct err *e);

/* Once, before marks. */
void table_begin_marks(struct table *t);
int table_put_mark(struct table *t, const struct stream_header *h,
                   const struct mark *m, struct err *e);

/* Name, type, shape and number of elements of each tensor. */
int table_put_tensors(struct table *t, const struct checkpoint *c,
                      struct err *e);

void table_release(struct table *t);

#endif
