#include "common/live/view.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/live/layout.h"
#include "common/live/screen.h"
#include "formats/readout.h"

/* A second's ticks come early or late: drawn when they come, if the latest
 * drawing is this old; and if none comes, when it is that old. */
#define SOON_NS (9 * NS_PER_S / 10)
#define LATE_NS (11 * NS_PER_S / 10)

struct view {
    struct live live, held; /* what is known; what a pause holds of it */
    void (*drive)(void *arg, float *adds_w);
    void *drive_arg;
    struct screen *screen; /* NULL before the first segment */
    int64_t drawn_ns;      /* monotonic; 0: draw at once */
    int64_t shown_ns;      /* the time of day that the picture is of */
    bool fresh;            /* there is something new to be seen */
};

bool view_possible(int n_files)
{
    struct stat st;

    return n_files == 0 && fstat(STDIN_FILENO, &st) == 0 &&
           !S_ISREG(st.st_mode) && screen_possible();
}

struct view *view_new(const struct live_model *m,
                      void (*drive)(void *arg, float *adds_w), void *arg)
{
    struct view *w = xcalloc(1, sizeof *w);

    live_init(&w->live, m);
    w->drive = drive;
    w->drive_arg = arg;
    return w;
}

int view_begin(struct view *w, const struct labels *meta, struct err *e)
{
    live_begin(&w->live, meta);
    w->drawn_ns = 0;
    if (w->screen)
        return 0;
    if (screen_open(&w->screen, e) < 0)
        return -1;
    log_hold();
    return 0;
}

void view_rows(struct view *w, int64_t t_ns, size_t span)
{
    live_row(&w->live, t_ns, span, clock_realtime_ns());
}

void view_add(struct view *w, const struct prediction *p, const float *x)
{
    w->fresh |= live_add(&w->live, p, x);
}

static void find_drive(struct view *w)
{
    float *adds_w = xreallocarray(NULL, w->live.D, sizeof *adds_w);

    for (size_t i = 0; i < w->live.D; i++)
        adds_w[i] = NAN;
    w->drive(w->drive_arg, adds_w);
    live_drive(&w->live, adds_w);
    free(adds_w);
}

static void draw(struct view *w)
{
    struct live *v = w->live.paused ? &w->held : &w->live;
    struct sheet sheet;
    size_t rows, cols;

    if (!v->paused)
        w->shown_ns = clock_realtime_ns();
    if (!v->paused && w->fresh)
        find_drive(w);
    v->message = log_held();
    screen_size(w->screen, &rows, &cols);
    sheet_init(&sheet, rows, cols, screen_utf8(w->screen));
    layout(&sheet, v, w->shown_ns);
    screen_draw(w->screen, &sheet);
    sheet_release(&sheet);
    w->drawn_ns = clock_monotonic_ns();
    w->fresh = false;
}

static void toggle_pause(struct view *w)
{
    w->live.paused = !w->live.paused;
    if (w->live.paused)
        live_hold(&w->held, &w->live);
    else
        live_drop(&w->held);
}

static void take_key(struct view *w, int key)
{
    if (key == 'q' || key == 'Q')
        stop_ask();
    if (key == 'p' || key == 'P' || key == ' ')
        toggle_pause(w);
    w->drawn_ns = 0; /* any key draws anew */
}

/* ns until the picture is due. */
static int64_t due_in(const struct view *w)
{
    int64_t age = clock_monotonic_ns() - w->drawn_ns;
    int64_t due = w->fresh ? SOON_NS : LATE_NS;

    return w->drawn_ns && age < due ? due - age : 0;
}

void view_turn(struct view *w)
{
    int key;

    if (!w->screen)
        return;
    while ((key = screen_key(w->screen)) != 0)
        take_key(w, key);
    if (due_in(w) == 0)
        draw(w);
}

void view_wait(struct view *w)
{
    struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                         {.events = POLLIN}};

    if (!w->screen)
        return;
    p[1].fd = screen_fd(w->screen);
    do {
        int ms;

        view_turn(w);
        if (stop_requested())
            return;
        ms = (int)(due_in(w) / NS_PER_MS) + 1;
        if (poll(p, 2, ms) < 0 && errno != EINTR)
            return;
        if (p[1].revents & (POLLHUP | POLLERR | POLLNVAL))
            p[1].fd = -1; /* no more keys */
    } while (!p[0].revents);
}

/* What stays on the terminal. */
static void say_end(const struct live *v, FILE *f)
{
    char energy[LAYOUT_TEXT], time[LAYOUT_TEXT];
    const struct live_sum *s = &v->predicted, *m = &v->measured;

    if (!v->any)
        return;
    readout_line(f, &v->now);
    if (!(s->time_s > 0))
        return;
    fprintf(f, "predicted: mean %.2f W, %s in %s", s->energy_j / s->time_s,
            layout_energy(s->energy_j, energy), layout_time(s->time_s, time));
    if (m->time_s > 0)
        fprintf(f, "; measured: mean %.2f W, %s in %s, MAE %.2f W",
                m->energy_j / m->time_s, layout_energy(m->energy_j, energy),
                layout_time(m->time_s, time), v->error_j / m->time_s);
    fputc('\n', f);
}

void view_close(struct view *w, FILE *f)
{
    if (!w)
        return;
    screen_close(w->screen);
    say_end(&w->live, f);
    fflush(f);
    log_release();
    if (w->live.paused)
        live_drop(&w->held);
    live_release(&w->live);
    free(w);
}
