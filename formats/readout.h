#ifndef FORMATS_READOUT_H
#define FORMATS_READOUT_H

#include <stdio.h>

#include "formats/second.h"
#include "formats/text.h"

/*
 * Predictions for people: one line a second of the recording, with means over
 * that second, in local time:
 *
 *     14:03:22    41.20 W  (35.0 to 48.1)  measured   40.80 W, error +0.40 W
 *
 * and the support.  What is not known is left out.  Start with {.f = file}.
 */
struct readout {
    FILE *f;
    struct second second;
};

void readout_add(struct readout *r, const struct prediction *p);

/* The last line, of less than a second. */
void readout_end(struct readout *r);

/* One such line. */
void readout_line(FILE *f, const struct second_mean *m);

/*
 * Predictions as a table, for scripts: t (s since 1970), run, workload,
 * power_w, lower_w, upper_w, support, measured_w; behind them, where the form
 * has them, idle_w, dynamic_w, and for each further domain dram_power_w,
 * dram_lower_w, dram_upper_w, dram_measured_w.  What is not known is an empty
 * cell.
 */
int readout_table(struct text_writer **w, const char *path,
                  enum text_format format, const struct prediction_form *form,
                  struct err *e);

/* A row of it; run and workload may be NULL. */
int readout_row(struct text_writer *w, const struct prediction_form *form,
                const char *run, const char *workload,
                const struct prediction *p, struct err *e);

#endif
