#include "common/live/sheet.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/utf8.h"
#include "common/base/xalloc.h"

/* Code points whose glyphs are a column wide in every font: lines, blocks. */
enum { OURS_FIRST = 0x2500, OURS_LAST = 0x259f };

void sheet_init(struct sheet *p, size_t rows, size_t cols, bool utf8)
{
    p->rows = rows < SHEET_MAX_ROWS ? rows : SHEET_MAX_ROWS;
    p->cols = cols < SHEET_MAX_COLS ? cols : SHEET_MAX_COLS;
    p->utf8 = utf8;
    p->cell = xcalloc(p->rows * p->cols + 1, sizeof *p->cell);
    for (size_t i = 0; i < p->rows * p->cols; i++)
        p->cell[i].glyph[0] = ' ';
}

void sheet_release(struct sheet *p)
{
    free(p->cell);
    p->cell = NULL;
}

static void set(struct sheet *p, size_t row, size_t col, const char *glyph,
                size_t n, enum ink ink)
{
    struct cell *c;

    if (row >= p->rows || col >= p->cols)
        return;
    c = &p->cell[row * p->cols + col];
    memcpy(c->glyph, glyph, n);
    c->glyph[n] = '\0';
    c->ink = (uint8_t)ink;
}

/* One character of any text into a cell; returns its bytes. */
static size_t set_any(struct sheet *p, size_t row, size_t col, const char *s,
                      enum ink ink)
{
    uint32_t code;
    size_t n = utf8_decode(s, &code);
    bool shown =
        n && (code < 0x80 ? code >= 0x20 && code != 0x7f
                          : p->utf8 && code >= OURS_FIRST && code <= OURS_LAST);

    set(p, row, col, shown ? s : "?", shown ? n : 1, ink);
    return n ? n : 1;
}

static size_t put(struct sheet *p, size_t row, size_t col, enum ink ink,
                  const char *text)
{
    while (*text)
        text += set_any(p, row, col++, text, ink);
    return col;
}

static size_t columns_of(const char *text)
{
    size_t cols = 0;
    uint32_t code;

    for (size_t n; *text; text += n ? n : 1, cols++)
        n = utf8_decode(text, &code);
    return cols;
}

size_t sheet_put(struct sheet *p, size_t row, size_t col, enum ink ink,
                 const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    col = put(p, row, col, ink, text);
    free(text);
    return col;
}

void sheet_put_right(struct sheet *p, size_t row, size_t end, enum ink ink,
                     const char *fmt, ...)
{
    va_list ap;
    char *text;
    size_t n;

    va_start(ap, fmt);
    text = xvasprintf(fmt, ap);
    va_end(ap);
    n = columns_of(text);
    put(p, row, n < end ? end - n : 0, ink, text);
    free(text);
}

void sheet_ink_row(struct sheet *p, size_t row, enum ink ink)
{
    for (size_t c = 0; row < p->rows && c < p->cols; c++)
        p->cell[row * p->cols + c].ink = (uint8_t)ink;
}

void range_hold(struct range *r, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r->low = fmin(r->low, v[i]); /* NaN is no value to fmin */
        r->high = fmax(r->high, v[i]);
    }
}

void range_round(struct range *r)
{
    double least = .3 * fmax(fabs(r->low), fabs(r->high));

    if (!isfinite(r->high - r->low)) {
        *r = (struct range){0, 1};
        return;
    }
    if (r->low > 0 && r->low < .5 * r->high)
        r->low = 0;
    if (r->high - r->low < least) {
        r->low = (r->low + r->high - least) / 2;
        r->high = r->low + least;
    }
    if (!(r->high > r->low))
        r->high = r->low + 1; /* all zero */
}

/* How full a cell is, in eighths: 0 is blank. */
static void set_level(struct sheet *p, size_t row, size_t col, int eighths,
                      enum ink ink)
{
    static const char ascii[] = " .:-=+*%#";
    char block[] = "\xe2\x96\x80"; /* U+2580; U+2581 is one eighth */

    if (eighths <= 0)
        return;
    block[2] = (char)(block[2] + eighths);
    if (p->utf8)
        set(p, row, col, block, 3, ink);
    else
        set(p, row, col, &ascii[eighths], 1, ink);
}

void sheet_chart(struct sheet *p, size_t row, size_t col, size_t height,
                 const float *v, size_t n, const struct range *r, enum ink ink)
{
    for (size_t i = 0; i < n; i++) {
        double share = (v[i] - r->low) / (r->high - r->low);
        long level = lround(fmin(fmax(share, 0), 1) * 8 * (double)height);

        if (isnan(v[i]))
            continue;
        if (level < 1)
            level = 1; /* known, and so there */
        for (size_t h = 0; h < height; h++, level -= 8)
            set_level(p, row + height - 1 - h, col + i,
                      level > 8 ? 8 : (int)level, ink);
    }
}

/* A cell that is filled from its left, in eighths. */
static void set_left(struct sheet *p, size_t row, size_t col, int eighths,
                     enum ink ink)
{
    char block[] = "\xe2\x96\x90"; /* U+2590; U+258f is one eighth, 2588 all */

    if (eighths <= 0)
        return;
    block[2] = (char)(block[2] - eighths);
    if (p->utf8)
        set(p, row, col, block, 3, ink);
    else if (eighths >= 4)
        set(p, row, col, "#", 1, ink);
}

void sheet_bar(struct sheet *p, size_t row, double from, double to,
               enum ink ink)
{
    if (!(from >= 0 && to > from && to <= SHEET_MAX_COLS))
        return;
    for (size_t c = (size_t)from; (double)c < to; c++)
        set_left(p, row, c, (int)lround(8 * fmin(to - (double)c, 1)), ink);
}

void sheet_mark(struct sheet *p, size_t row, size_t col, enum glyph glyph,
                enum ink ink)
{
    static const char *const blocks[] = {"\xe2\x96\x91", "\xe2\x96\x88",
                                         "\xe2\x94\x83", "\xe2\x94\x80"};
    static const char *const ascii[] = {"-", "#", "|", "."};
    const char *text = p->utf8 ? blocks[glyph] : ascii[glyph];

    set(p, row, col, text, strlen(text), ink);
}

char *sheet_text(const struct sheet *p, size_t row)
{
    size_t used = 0, n = 0;
    char *text = xmalloc(4 * p->cols + 1);
    const struct cell *c = p->cell + row * p->cols;

    for (size_t i = 0; row < p->rows && i < p->cols; i++)
        if (strcmp(c[i].glyph, " ") != 0)
            used = i + 1;
    for (size_t i = 0; i < used; i++) {
        size_t len = strlen(c[i].glyph);

        memcpy(text + n, c[i].glyph, len);
        n += len;
    }
    text[n] = '\0';
    return text;
}
