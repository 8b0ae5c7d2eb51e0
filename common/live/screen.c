#include "common/live/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "common/base/xalloc.h"

struct screen {
    SCREEN *curses;
    FILE *keys;
    bool own_keys, utf8, colours;
};

/* Can this kind of terminal have its cursor moved? */
static bool moves_cursor(void)
{
    int answer;
    bool moves;

    if (setupterm(NULL, STDOUT_FILENO, &answer) != OK)
        return false;
    moves = cursor_address && !hard_copy && !generic_type;
    del_curterm(cur_term);
    return moves;
}

bool screen_possible(void)
{
    pid_t foreground;

    if (!isatty(STDOUT_FILENO))
        return false;
    foreground = tcgetpgrp(STDOUT_FILENO);
    if (foreground >= 0 && foreground != getpgrp())
        return false;
    return moves_cursor();
}

static void give_back(void)
{
    if (stdscr && !isendwin())
        endwin();
}

static const struct {
    short colour;
    attr_t attr;
} INKS[N_INKS] = {
    [INK_PLAIN] = {-1, A_NORMAL},
    [INK_DIM] = {-1, A_DIM},
    [INK_STRONG] = {-1, A_BOLD},
    [INK_TITLE] = {-1, A_REVERSE},
    [INK_GOOD] = {COLOR_GREEN, A_NORMAL},
    [INK_FAIR] = {COLOR_YELLOW, A_NORMAL},
    [INK_BAD] = {COLOR_RED, A_BOLD},
    [INK_PREDICTED] = {COLOR_CYAN, A_NORMAL},
    [INK_MEASURED] = {COLOR_MAGENTA, A_NORMAL},
    [INK_IDLE] = {COLOR_BLUE, A_NORMAL},
};

static bool start_colours(void)
{
    const char *no = getenv("NO_COLOR");

    if ((no && *no) || !has_colors() || start_color() == ERR)
        return false;
    use_default_colors();
    for (short i = 0; i < N_INKS; i++)
        init_pair((short)(i + 1), INKS[i].colour, -1);
    return true;
}

static void set_up(struct screen *s)
{
    static bool registered;

    set_escdelay(25);
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    s->colours = start_colours();
    if (!registered)
        atexit(give_back);
    registered = true;
}

int screen_open(struct screen **out, struct err *e)
{
    struct screen *s = xcalloc(1, sizeof *s);

    *out = NULL;
    setlocale(LC_CTYPE, "");
    s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    s->keys = fopen("/dev/tty", "re");
    s->own_keys = s->keys != NULL;
    if (!s->keys)
        s->keys = stdout;
    fflush(stdout);
    s->curses = newterm(NULL, stdout, s->keys);
    if (!s->curses) {
        screen_close(s);
        return err_set(e, ERR_SYSTEM, "the terminal cannot be drawn on");
    }
    set_up(s);
    *out = s;
    return 0;
}

void screen_size(const struct screen *s, size_t *rows, size_t *cols)
{
    (void)s;
    *rows = (size_t)getmaxy(stdscr);
    *cols = (size_t)getmaxx(stdscr);
}

bool screen_utf8(const struct screen *s)
{
    return s->utf8;
}

static void choose_ink(const struct screen *s, enum ink ink)
{
    attrset(INKS[ink].attr);
    if (s->colours && INKS[ink].colour >= 0)
        color_set((short)(ink + 1), NULL);
}

void screen_draw(struct screen *s, const struct sheet *p)
{
    erase();
    for (size_t row = 0; row < p->rows; row++) {
        const struct cell *c = p->cell + row * p->cols;

        move((int)row, 0);
        for (size_t col = 0; col < p->cols; col++) {
            choose_ink(s, c[col].ink);
            addstr(c[col].glyph);
        }
    }
    redrawwin(stdscr);
    refresh();
}

int screen_key(struct screen *s)
{
    int key;

    (void)s;
    do
        key = getch();
    while (key > 0xff && key != KEY_RESIZE);
    return key == KEY_RESIZE ? SCREEN_RESIZED : key == ERR ? 0 : key;
}

int screen_fd(const struct screen *s)
{
    return fileno(s->keys);
}

void screen_close(struct screen *s)
{
    if (!s)
        return;
    if (s->curses) {
        give_back();
        delscreen(s->curses);
    }
    if (s->own_keys)
        fclose(s->keys);
    free(s);
}
