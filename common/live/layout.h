#ifndef LIVE_LAYOUT_H
#define LIVE_LAYOUT_H

#include "common/live/live.h"
#include "common/live/sheet.h"

/*
 * The picture of v on a sheet that is blank, whatever its size: what matters
 * most comes first, and the rest where there is room.
 *
 * now_ns  the time of day, which tells how old the latest sample is; shown in
 *         local time
 */
void layout(struct sheet *p, const struct live *v, int64_t now_ns);

/* "8.26 kJ" and "3 min 20 s", as they are shown; out has LAYOUT_TEXT bytes. */
enum { LAYOUT_TEXT = 80 };
const char *layout_energy(double energy_j, char out[LAYOUT_TEXT]);
const char *layout_time(double time_s, char out[LAYOUT_TEXT]);

#endif
