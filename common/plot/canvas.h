#ifndef PLOT_CANVAS_H
#define PLOT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/base/err.h"

/*
 * A picture in the making: a script for gnuplot, with its data, in memory.
 * What people wrote (labels, names, titles) gets into it by canvas_quote()
 * alone, which leaves nothing of it that gnuplot would take for more than
 * text.  Only the script knows pixels; pictures say what stands where.
 */
enum canvas_format { CANVAS_PNG, CANVAS_SVG, CANVAS_GNUPLOT };

enum {
    CANVAS_MIN = 200, /* pixels, either way */
    CANVAS_MAX = 8000,
    CANVAS_COLOURS = 7, /* that the colour-blind tell apart: Okabe and Ito */
};

struct canvas {
    FILE *f; /* the script */
    char *text;
    size_t n;
    enum canvas_format format;
    int width, height; /* pixels */
    double em;         /* height of the letters, pixels */
    const char *title; /* instead of the picture's own; NULL: that */
    int top, bottom;   /* pixels that heading and caption take */
    int left;          /* and what stands left of the panels */
};

/* Width and height 0: as the picture has them, once it is begun. */
void canvas_open(struct canvas *c, enum canvas_format format, int width,
                 int height, const char *title);
void canvas_close(struct canvas *c);

/*
 * Begin: the terminal, the palette, the title in bold above and the caption
 * below, broken into lines as the width asks for.  width and height: what the
 * picture would have where nobody asked for a size.
 */
void canvas_begin(struct canvas *c, int width, int height, const char *title,
                  const char *caption);

/* Text as a "string" of gnuplot's: controls and what is no UTF-8 become '?',
 * and what is longer than `most` characters is cut (0: not). */
void canvas_quote(struct canvas *c, const char *text, size_t most);

/* The same as the label of a tic, in which gnuplot looks for formats. */
void canvas_quote_tic(struct canvas *c, const char *text, size_t most);

/* set xlabel "TEXT" and the like, quoted. */
void canvas_set(struct canvas *c, const char *what, const char *text);

/* Colour and mark number i, of CANVAS_COLOURS: "#0072b2", a pointtype. */
const char *canvas_colour(size_t i);
int canvas_mark(size_t i);

/* The part of the height between heading and caption that is panel i of n, from
 * above; sets top and bottom margins so that panels do not touch. */
void canvas_panel(struct canvas *c, int i, int n);

/* A panel from `high` down to `low` of that part, 0 to 1. */
void canvas_between(struct canvas *c, double high, double low);

/* The key above all panels, for so many entries of at most so many letters: to
 * be asked for after canvas_begin() and before any panel. */
void canvas_key(struct canvas *c, size_t entries, size_t most);

/* Left margin for labels of so many characters, in pixels. */
int canvas_room_for(const struct canvas *c, size_t characters);

/*
 * Draw it to `path` (NULL or "-": standard output), which is made in one step
 * once gnuplot has drawn all of it.  -1 with e filled: no gnuplot, or it says
 * something (ERR_SYSTEM); a PNG to a terminal (ERR_USAGE).
 */
int canvas_draw(struct canvas *c, const char *path, struct err *e);

#endif
