#ifndef LIVE_SHEET_H
#define LIVE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A screenful as a grid of cells: what is drawn, apart from how a terminal is
 * told.  What does not fit is cut; nothing here fails.  Without UTF-8 the
 * glyphs are ASCII, and any text is: what is neither ASCII nor a glyph of ours
 * becomes '?', so that the words of a stream cannot move the cursor or be wider
 * than they seem.
 */
enum ink {
    INK_PLAIN,
    INK_DIM,    /* what only frames the figures */
    INK_STRONG, /* the figures that matter */
    INK_TITLE,
    INK_GOOD,
    INK_FAIR,
    INK_BAD,
    INK_PREDICTED, /* curves and bars */
    INK_MEASURED,
    INK_IDLE,
    N_INKS
};

enum { SHEET_MAX_ROWS = 1000, SHEET_MAX_COLS = 2000 };

struct cell {
    char glyph[4]; /* UTF-8 with its NUL */
    uint8_t ink;   /* enum ink */
};

struct sheet {
    size_t rows, cols;
    bool utf8;
    struct cell *cell; /* (rows, cols) */
};

/* Blank; sizes beyond the limits are cut to them. */
void sheet_init(struct sheet *p, size_t rows, size_t cols, bool utf8);
void sheet_release(struct sheet *p);

/* Put text at a place; returns the column behind it, cut or not. */
size_t sheet_put(struct sheet *p, size_t row, size_t col, enum ink ink,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The same so that it ends before column `end`. */
void sheet_put_right(struct sheet *p, size_t row, size_t end, enum ink ink,
                     const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* All cells of the row take that ink. */
void sheet_ink_row(struct sheet *p, size_t row, enum ink ink);

/* Where the values of a chart lie: from its lowest row to its highest. */
struct range {
    double low, high;
};

/* That of what is finite of v (n), widened to hold it; a first one is {NAN,
 * NAN}. */
void range_hold(struct range *r, const float *v, size_t n);

/* So that little noise does not fill the chart and what is near 0 stands on
 * it. */
void range_round(struct range *r);

/*
 * Columns that rise from the bottom of a field of height rows and n columns,
 * whose upper left corner is at row, col; NaN is none.
 */
void sheet_chart(struct sheet *p, size_t row, size_t col, size_t height,
                 const float *v, size_t n, const struct range *r, enum ink ink);

/* A bar from one column of reals to another, to an eighth of a column. */
void sheet_bar(struct sheet *p, size_t row, double from, double to,
               enum ink ink);

/* Single glyphs. */
enum glyph {
    GLYPH_SPREAD,
    GLYPH_PREDICTED,
    GLYPH_MEASURED,

    GLYPH_RULE
};
void sheet_mark(struct sheet *p, size_t row, size_t col, enum glyph glyph,
                enum ink ink);

/* A row as text, without the blanks at its end; on the heap. */
char *sheet_text(const struct sheet *p, size_t row);

#endif
