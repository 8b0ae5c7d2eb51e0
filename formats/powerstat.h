#ifndef FORMATS_POWERSTAT_H
#define FORMATS_POWERSTAT_H

#include "common/base/channel.h"
#include "formats/lines.h"

/*
 * The log of the powerstat program as it printed it: a preamble, a heading
 * that repeats (and may change its order), a row a sample, then a line of
 * dashes and a summary that is skipped.  Rows may go on behind a summary: two
 * logs were written over one another.  Columns are known by their heading:
 *
 *  - User Nice Sys Idle IO: cpu.user cpu.nice cpu.system cpu.idle cpu.iowait, %
 *  - Run: procs_running
 *  - Ctxt/s IRQ/s Fork Exec Exit: ctxt intr forks exec exit, 1/s
 *  - pkg-N core uncore dram psys: power:package-N power:core ..., W; where a
 *    name is there again, for a further package, power:core-1 and so on
 *
 * All others are left out: Watts adds up domains that overlap, and a guest
 * sees no temperatures.
 */
struct powerstat;

/*
 * Read up to the first heading.  The clock of a log has no date: its first row
 * is on the day that began at day_ns (0: 1970-01-01), and midnight begins the
 * next.  A file of blank lines has no rows and no channels, and is no error;
 * any other without a heading is (ERR_DATA).  Keeps l, which the caller closes.
 */
int powerstat_open(struct powerstat **p, struct lines *l, int64_t day_ns,
                   struct err *e);

/* Borrowed until the close. */
const struct channels *powerstat_channels(const struct powerstat *p);

/* "at 1.0 second intervals", or 0 where the log does not say. */
int64_t powerstat_interval_ns(const struct powerstat *p);

/* The next row, borrowed until the next call: 1, 0 at the end, -1 on error. */
int powerstat_next(struct powerstat *p, struct log_row *row, struct err *e);
void powerstat_close(struct powerstat *p);

/* Do these bytes look like the beginning of such a log? */
bool powerstat_guess(const char *text, size_t len);

#endif
