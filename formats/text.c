#include "formats/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/pack.h"
#include "common/base/utf8.h"
#include "common/base/write_all.h"
#include "common/base/xalloc.h"
#include "formats/output.h"

enum { FULL = 1 << 16 }; /* bytes that are passed on together */

struct text_writer {
    enum text_format format;
    int fd;
    const char *name;  /* of the file, for messages; borrowed */
    char **column;     /* as written before a cell (JSON) or in the header */
    size_t n, cap, at; /* columns; the column of the next cell */
    bool begun;        /* what comes before the first row is written */
    int64_t rows;
    struct buf buf;
};

/* ---- numbers ---- */

static size_t put_digits(char *out, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    return n;
}

static const double POWER_OF_TEN[] = {1e0,  1e1,  1e2,  1e3, 1e4,  1e5,
                                      1e6,  1e7,  1e8,  1e9, 1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15};

/* digits / 10^decimals with sign, without an end. */
static size_t put_decimal(char *out, bool negative, uint64_t digits,
                          int decimals)
{
    uint64_t unit = (uint64_t)POWER_OF_TEN[decimals];
    uint64_t rest = digits % unit;
    size_t n = 0;

    if (negative)
        out[n++] = '-';
    n += put_digits(out + n, digits / unit);
    if (!decimals)
        return n;
    out[n++] = '.';
    for (int i = decimals - 1; i >= 0; i--, rest /= 10)
        out[n + (size_t)i] = (char)('0' + rest % 10);
    return n + (size_t)decimals;
}

/*
 * Most measured numbers have few decimals: find the fewest for which
 * `same(digits / 10^k)` holds.  The quotient of two exact doubles is rounded
 * as strtod rounds the text, so the test is exact.  Returns 0 if there are
 * none with at most 15 digits.
 */
static size_t short_decimal(char *out, double v, bool single)
{
    double a = fabs(v);

    for (int k = 0; k <= 15 && a * POWER_OF_TEN[k] < 1e15; k++) {
        double digits = nearbyint(a * POWER_OF_TEN[k]);
        double back = digits / POWER_OF_TEN[k];

        if (single ? (float)back == (float)a : back == a)
            return put_decimal(out, signbit(v), (uint64_t)digits, k);
    }
    return 0;
}

static size_t format_real(char *out, double v, bool single)
{
    size_t n = isfinite(v) ? short_decimal(out, v, single) : 0;

    for (int p = single ? 6 : 15; n == 0; p++) {
        int len = snprintf(out, TEXT_NUMBER, "%.*g", p, v);

        if (!isfinite(v) || p >= (single ? 9 : 17) ||
            (single ? strtof(out, NULL) == (float)v : strtod(out, NULL) == v))
            return (size_t)len;
    }
    out[n] = '\0';
    return n;
}

size_t text_format_f64(char out[TEXT_NUMBER], double v)
{
    return format_real(out, v, false);
}

size_t text_format_f32(char out[TEXT_NUMBER], float v)
{
    return format_real(out, (double)v, true);
}

/* ---- what the formats cannot hold as it is ---- */

static void put_text(struct buf *b, const char *s)
{
    put_bytes(b, s, strlen(s));
}

static void put_csv(struct buf *b, const char *s)
{
    if (!s[strcspn(s, ",\"\r\n")] && s[0] != ' ') {
        put_text(b, s);
        return;
    }
    put_u8(b, '"');
    for (; *s; s++) {
        if (*s == '"')
            put_u8(b, '"');
        put_u8(b, (uint8_t)*s);
    }
    put_u8(b, '"');
}

static void put_tsv(struct buf *b, const char *s)
{
    static const char special[] = "\t\n\r\\", letter[] = "tnr\\";

    for (; *s; s++) {
        const char *at = strchr(special, *s);

        if (at)
            put_u8(b, '\\');
        put_u8(b, (uint8_t)(at ? letter[at - special] : *s));
    }
}

static void put_md(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '|' || *s == '\\')
            put_u8(b, '\\');
        put_u8(b, (uint8_t)((unsigned char)*s < ' ' ? ' ' : *s));
    }
}

static void put_json(struct buf *b, const char *s)
{
    uint32_t code;
    char escape[8];

    put_u8(b, '"');
    for (size_t n; *s; s += n ? n : 1) {
        n = utf8_decode(s, &code);
        if (n == 0) {
            put_text(b, "\xef\xbf\xbd");
        } else if (n == 1 && (unsigned char)*s < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*s);
            put_text(b, escape);
        } else {
            if (*s == '"' || *s == '\\')
                put_u8(b, '\\');
            put_bytes(b, s, n);
        }
    }
    put_u8(b, '"');
}

static bool is_json(const struct text_writer *w)
{
    return w->format == TEXT_JSON || w->format == TEXT_JSONL;
}

static void put_quoted(struct text_writer *w, const char *s)
{
    switch (w->format) {
    case TEXT_CSV:
        put_csv(&w->buf, s);
        return;
    case TEXT_TSV:
        put_tsv(&w->buf, s);
        return;
    case TEXT_MD:
        put_md(&w->buf, s);
        return;
    case TEXT_JSON:
    case TEXT_JSONL:
        put_json(&w->buf, s);
        return;
    }
}

/* ---- rows ---- */

int text_writer_open(struct text_writer **out, const char *path,
                     enum text_format format, struct err *e)
{
    int fd = output_open(path, e);
    struct text_writer *w;

    *out = NULL;
    if (fd < 0)
        return -1;
    w = xcalloc(1, sizeof *w);
    w->fd = fd;
    w->name = output_is_stdout(path) ? "standard output" : path;
    w->format = format;
    *out = w;
    return 0;
}

void text_column(struct text_writer *w, const char *name)
{
    w->column = xgrow(w->column, w->n, &w->cap, sizeof *w->column);
    w->column[w->n++] = xstrdup(name);
}

void text_columns_clear(struct text_writer *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->column[i]);
    w->n = 0;
}

/* What stands before, between and after the cells of a line. */
static void put_separator(struct text_writer *w, size_t column)
{
    static const char *const before[] = {[TEXT_CSV] = "",
                                         [TEXT_TSV] = "",
                                         [TEXT_JSONL] = "{",
                                         [TEXT_JSON] = "{",
                                         [TEXT_MD] = "| "};
    static const char *const between[] = {[TEXT_CSV] = ",",
                                          [TEXT_TSV] = "\t",
                                          [TEXT_JSONL] = ",",
                                          [TEXT_JSON] = ",",
                                          [TEXT_MD] = " | "};

    put_text(&w->buf, (column ? between : before)[w->format]);
}

static void put_line_end(struct text_writer *w)
{
    static const char *const after[] = {[TEXT_CSV] = "\n",
                                        [TEXT_TSV] = "\n",
                                        [TEXT_JSONL] = "}\n",
                                        [TEXT_JSON] = "}",
                                        [TEXT_MD] = " |\n"};

    put_text(&w->buf, after[w->format]);
}

static void put_header_line(struct text_writer *w)
{
    for (size_t i = 0; i < w->n; i++) {
        put_separator(w, i);
        put_quoted(w, w->column[i]);
    }
    put_line_end(w);
    if (w->format != TEXT_MD)
        return;
    for (size_t i = 0; i < w->n; i++) {
        put_separator(w, i);
        put_text(&w->buf, "---");
    }
    put_line_end(w);
}

/* The header line, once, before anything else. */
static void begin(struct text_writer *w)
{
    if (w->begun)
        return;
    w->begun = true;
    if (w->format == TEXT_JSON)
        put_text(&w->buf, "{\"rows\":[");
    else if (w->format != TEXT_JSONL && w->n > 0)
        put_header_line(w);
}

static void begin_cell(struct text_writer *w)
{
    begin(w);
    if (w->at == 0 && w->format == TEXT_JSON)
        put_text(&w->buf, w->rows ? ",\n" : "\n");
    put_separator(w, w->at);
    if (is_json(w)) {
        put_json(&w->buf, w->column[w->at]);
        put_u8(&w->buf, ':');
    }
    w->at++;
}

static void put_cell(struct text_writer *w, const char *s, size_t n)
{
    begin_cell(w);
    put_bytes(&w->buf, s, n);
}

static void put_nothing(struct text_writer *w)
{
    put_cell(w, "null", is_json(w) ? 4 : 0);
}

void text_string(struct text_writer *w, const char *s)
{
    if (!s) {
        put_nothing(w);
        return;
    }
    begin_cell(w);
    put_quoted(w, s);
}

void text_int(struct text_writer *w, int64_t v)
{
    char text[TEXT_NUMBER] = "-";
    size_t sign = v < 0;

    put_cell(w, text,
             sign + put_digits(text + sign, sign ? -(uint64_t)v : (uint64_t)v));
}

void text_u64(struct text_writer *w, uint64_t v)
{
    char text[TEXT_NUMBER];

    put_cell(w, text, put_digits(text, v));
}

/* JSON has no word for what is not finite, the others none for NaN. */
static bool no_number(const struct text_writer *w, double v)
{
    return isnan(v) || (isinf(v) && is_json(w));
}

static void put_real(struct text_writer *w, double v, bool single)
{
    char text[TEXT_NUMBER];

    if (no_number(w, v))
        put_nothing(w);
    else
        put_cell(w, text, format_real(text, v, single));
}

void text_real(struct text_writer *w, double v)
{
    put_real(w, v, false);
}

void text_float(struct text_writer *w, float v)
{
    put_real(w, (double)v, true);
}

void text_fixed(struct text_writer *w, double v, int decimals)
{
    char text[512]; /* DBL_MAX has 309 digits before its point */
    int n;

    if (no_number(w, v)) {
        put_nothing(w);
        return;
    }
    n = snprintf(text, sizeof text, "%.*f", decimals, v);
    put_cell(w, text, (size_t)n);
}

int text_writer_flush(struct text_writer *w, struct err *e)
{
    size_t len = w->buf.len;

    w->buf.len = 0; /* what failed is not tried again */
    if (write_all(w->fd, w->buf.data, len) < 0)
        return err_sys(e, "%s", w->name);
    return 0;
}

int text_row(struct text_writer *w, struct err *e)
{
    put_line_end(w);
    w->at = 0;
    w->rows++;
    return w->buf.len < FULL ? 0 : text_writer_flush(w, e);
}

int text_writer_close(struct text_writer *w, struct err *e)
{
    int result;

    if (!w)
        return 0;
    begin(w);
    if (w->format == TEXT_JSON)
        put_text(&w->buf, w->rows ? "\n]}\n" : "]}\n");
    result = text_writer_flush(w, e);
    if (w->fd != STDOUT_FILENO && close(w->fd) < 0 && result == 0)
        result = err_sys(e, "%s", w->name);
    text_columns_clear(w);
    free(w->column);
    buf_release(&w->buf);
    free(w);
    return result;
}
