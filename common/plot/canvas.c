#include "common/plot/canvas.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/child.h"
#include "common/base/utf8.h"
#include "common/base/write_all.h"
#include "common/base/xalloc.h"
#include "formats/output.h"

enum { PNG_EM = 13, MOST_LINES = 8, LINE_MAX = 400 };
static const double WIDE = .56;  /* of a letter, by its height */
static const double SMALL = .85; /* the caption's letters, by the others */

const char *canvas_colour(size_t i)
{
    static const char *const colours[CANVAS_COLOURS] = {
        "#0072b2", "#d55e00", "#009e73", "#cc79a7",
        "#e69f00", "#56b4e9", "#000000"};

    return colours[i % CANVAS_COLOURS];
}

int canvas_mark(size_t i)
{
    /* disc, triangle, square, diamond, cross, ring, star: the same in each
     * terminal that is used here */
    static const int marks[CANVAS_COLOURS] = {7, 9, 5, 13, 2, 6, 3};

    return marks[i % CANVAS_COLOURS];
}

void canvas_open(struct canvas *c, enum canvas_format format, int width,
                 int height, const char *title)
{
    *c = (struct canvas){.format = format,
                         .width = width,
                         .height = height,
                         .title = title,
                         .em = PNG_EM};
    c->f = open_memstream(&c->text, &c->n);
    if (!c->f)
        xmalloc((size_t)-1 / 2); /* says that there is no memory */
}

void canvas_close(struct canvas *c)
{
    if (c->f)
        fclose(c->f);
    free(c->text);
    memset(c, 0, sizeof *c);
}

/* A byte of a "string": what could end it, or begin anything else in it, is a
 * number to gnuplot. */
static void put_byte(FILE *f, unsigned char c)
{
    static const char plain[] = " .,:;-_=+/()[]<>&";

    if (isalnum(c) || c >= 0x80 || (c && strchr(plain, c)))
        fputc(c, f);
    else
        fprintf(f, "\\%03o", c);
}

static bool is_text(size_t n, uint32_t code)
{
    return n > 0 && code >= ' ' && (code < 0x7f || code >= 0xa0) &&
           code != 0xfffe && code != 0xffff;
}

static void quote(FILE *f, const char *text, size_t most, bool tic)
{
    size_t left = most ? most : (size_t)-1, n;
    uint32_t code = 0;

    fputc('"', f);
    for (; *text && left > 0; text += n ? n : 1, left--) {
        n = utf8_decode(text, &code);
        if (left == 1 && text[n ? n : 1]) {
            fputs("\u2026", f);
            break;
        }
        if (!is_text(n, code)) {
            fputc('?', f);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            put_byte(f, (unsigned char)text[i]);
        if (tic && code == '%') /* it is a format as well */
            put_byte(f, '%');
    }
    fputc('"', f);
}

void canvas_quote(struct canvas *c, const char *text, size_t most)
{
    quote(c->f, text, most, false);
}

void canvas_quote_tic(struct canvas *c, const char *text, size_t most)
{
    quote(c->f, text, most, true);
}

void canvas_set(struct canvas *c, const char *what, const char *text)
{
    fprintf(c->f, "set %s ", what);
    canvas_quote(c, text, 0);
    fputc('\n', c->f);
}

/* The next line of at most n bytes or so, cut at a blank: its length. */
static size_t line_of(const char *text, size_t n)
{
    size_t len = strlen(text), cut;

    if (len <= n)
        return len;
    for (cut = n; cut > n / 3 && text[cut] != ' '; cut--)
        ;
    if (text[cut] != ' ')
        for (cut = n; cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80;)
            cut--;
    return cut ? cut : n;
}

static int count_lines(const char *text, size_t n)
{
    int lines = 0;

    for (; *text && lines < MOST_LINES; lines++) {
        text += line_of(text, n);
        text += *text == ' ';
    }
    return lines;
}

/* A line of text after another, from y pixels below the top. */
static void put_lines(struct canvas *c, const char *text, size_t n, double y,
                      double em, const char *font)
{
    for (int i = 0; *text && i < MOST_LINES; i++) {
        char line[LINE_MAX];
        size_t len = line_of(text, n);

        snprintf(line, sizeof line, "%.*s", (int)len, text);
        fprintf(c->f, "set label ");
        canvas_quote(c, line, 0);
        fprintf(c->f, " at screen %.4f,%.4f left font '%s,%.1f' front\n",
                .6 * c->em / c->width,
                1 - (y + (i + .5) * 1.3 * em) / c->height, font,
                c->format == CANVAS_PNG ? em * .75 : em);
        text += len;
        text += *text == ' ';
    }
}

static void put_terminal(struct canvas *c)
{
    double size = c->format == CANVAS_PNG ? c->em * .75 : c->em;

    if (c->format == CANVAS_PNG)
        fprintf(c->f, "set terminal pngcairo");
    else
        fprintf(c->f, "set terminal svg");
    fprintf(c->f,
            " size %d,%d noenhanced font 'sans-serif,%.1f' background "
            "'#ffffff'\n",
            c->width, c->height, size);
    fputs("set encoding utf8\n"
          "set tics nomirror\n"
          "set border 3 lc rgb '#444444'\n"
          "set grid lc rgb '#dddddd' lt 1 lw .6\n"
          "set key noenhanced samplen 2 spacing 1.1\n"
          "set style fill solid .35 noborder\n",
          c->f);
}

static size_t letters(const struct canvas *c, double em)
{
    double n = (c->width - 1.2 * c->em) / (WIDE * em);

    return n < 12 ? 12 : n >= LINE_MAX ? LINE_MAX - 1 : (size_t)n;
}

void canvas_begin(struct canvas *c, int width, int height, const char *title,
                  const char *caption)
{
    double big, small;
    int above, below;
    size_t n;

    c->width = c->width ? c->width : width;
    c->height = c->height ? c->height : height;
    if (c->width < 480)
        c->em = 11;
    big = (c->format == CANVAS_PNG ? 1.15 : 1.3) * c->em, small = SMALL * c->em;
    title = c->title ? c->title : title;
    put_terminal(c);
    n = letters(c, 1.08 * big); /* bold is wider */
    above = count_lines(title, n);
    /* An SVG of gnuplot's knows no weight. */
    put_lines(c, title, n, .4 * c->em, big,
              c->format == CANVAS_PNG ? "sans-serif:Bold" : "sans-serif");
    n = letters(c, small);
    below = count_lines(caption, n);
    c->top = (int)(1.2 * c->em + above * 1.3 * big);
    c->left = (int)(5.2 * c->em);
    c->bottom = (int)((c->format == CANVAS_PNG ? 4.4 : 5.2) * c->em +
                      below * 1.3 * small);
    put_lines(c, caption, n, c->height - .3 * c->em - below * 1.3 * small,
              small, "sans-serif");
}

void canvas_between(struct canvas *c, double high, double low)
{
    double from = 1.0 * c->bottom / c->height;
    double to = 1 - 1.0 * c->top / c->height;

    if (to < from + .1) /* too small for its words: they may touch */
        from = .1, to = .9;
    fprintf(c->f, "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
            from + high * (to - from), from + low * (to - from));
}

void canvas_panel(struct canvas *c, int i, int n)
{
    double room = c->height - c->top - c->bottom;
    double gap = room > 0 ? 2.2 * c->em / room : 0; /* a line of its key */

    if (i > 0)
        fputs("unset label\nunset arrow\n", c->f);
    if (gap > .3 / n)
        gap = .3 / n;
    canvas_between(c, 1 - (double)i / n - gap, 1 - (double)(i + 1) / n);
}

void canvas_key(struct canvas *c, size_t entries, size_t most)
{
    double one = ((double)most * WIDE + 6) * c->em;
    size_t across = (size_t)((c->width - c->left - 1.5 * c->em) / one), lines;

    across = across ? across : 1;
    lines = (entries + across - 1) / across;
    fprintf(c->f,
            "set key at screen .5, screen %.4f center top horizontal maxrows "
            "%zu maxcols %zu\n",
            1 - 1.0 * c->top / c->height, lines, across);
    c->top += (int)((1.4 * (double)lines + .6) * c->em);
}

int canvas_room_for(const struct canvas *c, size_t characters)
{
    double room = ((double)characters * WIDE + 1.5) * c->em;

    return (int)(room < .45 * c->width ? room : .45 * c->width);
}

/* ---- gnuplot ---- */

static int run_gnuplot(struct canvas *c, int out_fd, struct err *e)
{
    char *argv[] = {"gnuplot", "--default-settings", "-", NULL};
    char said[512];
    int status, rc = child_filter(argv, c->text, c->n, out_fd, said,
                                  sizeof said, &status, e);

    if (rc < 0 && errno == ENOENT)
        return err_set(e, ERR_SYSTEM,
                       "gnuplot is not installed, and it draws the pictures; "
                       "install gnuplot-nox (Debian) or gnuplot (Fedora)");
    if (rc < 0)
        return -1;
    for (char *p = said; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    return status == 0 ? 0
                       : err_set(e, ERR_SYSTEM, "gnuplot ended with %d: %.300s",
                                 status, said);
}

static int copy_out(int from, int to, const char *path, struct err *e)
{
    char block[1 << 16];
    ssize_t n;

    while ((n = read(from, block, sizeof block)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "cannot read what gnuplot drew");
        if (write_all(to, block, (size_t)n) < 0)
            return err_sys(e, "%s",
                           output_is_stdout(path) ? "standard output" : path);
    }
    return 0;
}

/* From the beginning of `from` to a file of that name. */
static int deliver(int from, const char *path, struct err *e)
{
    int to, rc;

    if (lseek(from, 0, SEEK_SET) != 0)
        return err_sys(e, "cannot read what gnuplot drew");
    to = output_open(path, e);
    if (to < 0)
        return -1;
    rc = copy_out(from, to, path, e);
    if (to != STDOUT_FILENO && close(to) < 0 && rc == 0)
        rc = err_sys(e, "%s", path);
    return rc;
}

int canvas_draw(struct canvas *c, const char *path, struct err *e)
{
    int fd, rc;

    if (c->format == CANVAS_PNG && output_is_stdout(path) &&
        isatty(STDOUT_FILENO))
        return err_set(e, ERR_USAGE,
                       "a PNG is not for a terminal; use -o FILE");
    if (fflush(c->f) != 0)
        return err_sys(e, "no memory for the picture");
    fd = memfd_create("picture", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "no room for the picture");
    if (c->format == CANVAS_GNUPLOT)
        rc = write_all(fd, c->text, c->n) == 0
                 ? 0
                 : err_sys(e, "no room for the picture");
    else
        rc = run_gnuplot(c, fd, e);
    if (rc == 0)
        rc = deliver(fd, path, e);
    close(fd);
    return rc;
}
