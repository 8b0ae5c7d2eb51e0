#ifndef LIVE_SCREEN_H
#define LIVE_SCREEN_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/live/sheet.h"

/*
 * The terminal, through ncurses: sheets out, keys in.  One at a time.  Whatever
 * ends the program through exit() gives the terminal back.
 *
 * NO_COLOR (set, not empty) asks for no colours; the locale tells whether
 * UTF-8 is understood.
 */

/*
 * Is standard output a terminal on which sheets can be drawn: one that moves
 * its cursor, and is ours, not that of the program in the foreground?
 */
bool screen_possible(void);

struct screen;

/* Keys come from /dev/tty, where there is one.  -1 with ERR_SYSTEM. */
int screen_open(struct screen **s, struct err *e);

/* How large it is now, and whether it shows UTF-8. */
void screen_size(const struct screen *s, size_t *rows, size_t *cols);
bool screen_utf8(const struct screen *s);

/*
 * Show the sheet.  Every line is written, the old over itself: what another
 * program wrote in between is gone.
 */
void screen_draw(struct screen *s, const struct sheet *p);

/* The next key that was typed; 0: none; SCREEN_RESIZED; other keys that are no
 * character are left out. */
enum { SCREEN_RESIZED = -1 };
int screen_key(struct screen *s);

/* Readable when a key was typed. */
int screen_fd(const struct screen *s);

/* The terminal as it was, the cursor where it was.  NULL is legal. */
void screen_close(struct screen *s);

#endif
