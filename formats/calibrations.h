#ifndef FORMATS_CALIBRATIONS_H
#define FORMATS_CALIBRATIONS_H

#include <stdbool.h>

#include "common/base/err.h"
#include "common/base/labels.h"

/*
 * How often a model was calibrated and by what, in the metadata of its
 * checkpoint: "calibration.1.model_sha256", "calibration.1.rows", ... of the
 * first time, calibration.2 of the second.  doc/format-checkpoint.md lists the
 * keys.
 */
int calibrations_count(const struct labels *meta);

/* Set calibration.NTH.KEY. */
void calibrations_set(struct labels *meta, int nth, const char *key,
                      const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * May rows with this SHA-256 be added?  -1 with ERR_DATA where they were
 * before, or where the model was fitted to one recording and these are not
 * said to be of it (`same`).
 */
int calibrations_check(const struct labels *meta, const char *sha256, bool same,
                       struct err *e);

#endif
