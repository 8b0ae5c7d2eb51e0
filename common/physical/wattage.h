#ifndef PHYSICAL_WATTAGE_H
#define PHYSICAL_WATTAGE_H

#include "common/physical/physical.h"

/* A known wattage of a machine, at idle or with all CPUs busy. */
struct wattage {
    const char *name; /* "idle", as the option is called */
    const char *text; /* of the option; NULL: none */
    double watts;     /* NaN: not known, or still to be read from file `text` */
    double error;     /* a share of them */
};

enum { WATTAGE_IDLE, WATTAGE_FULL, WATTAGES };

/*
 * Take watts and error from the text: "21W" is right but for `error`, a file
 * but for `of_file`.  Returns 0, or -1 with ERR_USAGE: a number without its
 * unit, or one that is no wattage.
 */
int wattage_parse(struct wattage *w, double error, double of_file,
                  struct err *e);

/*
 * physical_anchor() by each of w (WATTAGES) whose text is not NULL.  Where the
 * trained kind of machine does not draw these watts, and p is not calibrated,
 * p is stretched to them first (physical_stretch(); *stretched says so).
 *
 * Returns 0, or -1 with ERR_DATA and p unchanged: idle is not below full, no
 * machine draws these watts, or they contradict what p was calibrated by.
 */
int wattages_use(struct physical *p, const struct wattage *w, bool *stretched,
                 struct err *e);

#endif
