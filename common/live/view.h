#ifndef LIVE_VIEW_H
#define LIVE_VIEW_H

#include <stdio.h>

#include "common/live/live.h"

/*
 * The live view: predictions as they come, drawn once a second on the terminal
 * at standard output, until the input ends or is asked to (stop.h), as the key
 * q does.  Messages (log.h) are shown in it and said again when it closes.
 *
 * It begins with the first segment: what other programs of the pipe said before
 * that stays.
 */
struct view;

/* Is there a terminal to draw on, and input that arrives bit by bit: standard
 * input that is a pipe? */
bool view_possible(int n_files);

/*
 * drive is asked, before a picture of a new second, how many watts each signal
 * (D) adds to the latest prediction; NaN: it is not known.
 */
struct view *view_new(const struct live_model *m,
                      void (*drive)(void *arg, float *adds_w), void *arg);

/* A segment begins. */
int view_begin(struct view *w, const struct labels *meta, struct err *e);

/* Rows that arrived: the time of the latest, its rows without a gap. */
void view_rows(struct view *w, int64_t t_ns, size_t span);

/* A prediction, with the signals (D) of its newest row. */
void view_add(struct view *w, const struct prediction *p, const float *x);

/* Draw what is due and take keys, without waiting. */
void view_turn(struct view *w);

/* The same until there is more to read from standard input. */
void view_wait(struct view *w);

/*
 * Give the terminal back, and say in two lines on f what was seen: the latest
 * second, and the mean, energy and time of all.  NULL is legal.
 */
void view_close(struct view *w, FILE *f);

#endif
