#ifndef FORMATS_TEXT_H
#define FORMATS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"

/*
 * Tables as text: rows for terminals, awk, spreadsheets and documents.  CSV,
 * TSV and Markdown have exactly one header line and then a line a row, even
 * where there are no rows; JSON lines have an object a row; JSON is one object
 * {"rows": [...]}.
 *
 * What the formats cannot hold is quoted (CSV, as RFC 4180), escaped (TSV:
 * \t \n \r \\; JSON) or replaced (Markdown: | and line ends; JSON: bytes that
 * are no UTF-8).  A cell without a value is empty, and null in JSON.
 *
 *     text_writer_open(&w, path, TEXT_CSV, e);
 *     text_column(w, "t_ns");
 *     text_column(w, "power_w");
 *     for each row:
 *         text_int(w, t_ns);
 *         text_fixed(w, power_w, 3);
 *         text_row(w, e);
 *     text_writer_close(w, e);
 */
enum text_format { TEXT_CSV, TEXT_TSV, TEXT_JSONL, TEXT_MD, TEXT_JSON };

struct text_writer;

/*
 * Open `path` for writing; NULL or "-" is standard output, which stays open
 * for cli_finish() to close.
 */
int text_writer_open(struct text_writer **w, const char *path,
                     enum text_format format, struct err *e);

/* Append a column; the name is copied.  Before the first cell only. */
void text_column(struct text_writer *w, const char *name);

/*
 * The next cell of the row.  All only fill memory: what could not be written
 * is told by text_row, _flush and _close.
 */
void text_string(struct text_writer *w, const char *s); /* NULL: no value */
void text_int(struct text_writer *w, int64_t v);
void text_u64(struct text_writer *w, uint64_t v);

/* The shortest text that reads back as v; NaN is no value. */
void text_real(struct text_writer *w, double v);
void text_float(struct text_writer *w, float v);

/* v with that many digits after the point, 0..15; NaN is no value. */
void text_fixed(struct text_writer *w, double v, int decimals);

/* End the row; each column must have had its cell. */
int text_row(struct text_writer *w, struct err *e);

/* Pass on all rows so far: a live reader sees them. */
int text_writer_flush(struct text_writer *w, struct err *e);

/*
 * JSON lines only, between rows: forget the columns, so that the next rows may
 * have others.
 */
void text_columns_clear(struct text_writer *w);

/* The writer is gone, whatever is returned; NULL is legal. */
int text_writer_close(struct text_writer *w, struct err *e);

/*
 * Write the shortest decimal text that reads back as v (as strtod, strtof
 * do) with its end; returns its length.  Not finite: "nan", "inf", "-inf".
 */
enum { TEXT_NUMBER = 32 };
size_t text_format_f64(char out[TEXT_NUMBER], double v);
size_t text_format_f32(char out[TEXT_NUMBER], float v);

#endif
