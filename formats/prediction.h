#ifndef FORMATS_PREDICTION_H
#define FORMATS_PREDICTION_H

#include <math.h>

#include "common/math/interval.h"
#include "formats/stream.h"
#include "formats/window.h"

/*
 * Prediction streams.  Channels, all f32 but the last: "power" W, "lower" and
 * "upper" W (a 90 % interval; NaN: none), "support" (1: as in training, 0:
 * nothing like it), "measured" W (NaN: none), "dt" s, "part" (u8).  Behind
 * them a segment has what its form says and no more:
 *
 *   levels   "lower50" "upper50" "lower80" "upper80" W, intervals as above
 *   idle     "idle" W, the part of power that an idle machine would take
 *            (NaN: not told); power - idle is the dynamic part
 *   domains  for each further power domain, say dram: "power.dram",
 *            "lower.dram", "upper.dram" (90 %), "measured.dram"
 *
 * The metadata of the segment is that of the windows, with the keys below.
 */
#define META_MODEL "model" /* family */
#define META_MODEL_HASH "model_sha256"
#define META_TARGETS \
    "targets" /* the model's, between commas; the first is of "power" */
#define META_SPLIT "split" /* of the windows that were predicted */
#define META_TRAINED_ON \
    "trained_on" /* split and part the model was fitted on */

enum { PREDICTION_MAX_DOMAINS = 15 }; /* beside the first */

/* Which channels a segment has beyond the first seven; {0}: none. */
struct prediction_form {
    bool levels, idle;
    struct strings domains; /* at most PREDICTION_MAX_DOMAINS */
};

void prediction_form_release(struct prediction_form *f);

struct prediction_domain {
    float power_w, lower_w, upper_w, measured_w;
};

/* What a segment lacks is NaN when it is read, and ignored when written. */
struct prediction {
    int64_t t_ns;
    float power_w;
    float lower_w[INTERVALS], upper_w[INTERVALS];
    float support, measured_w, dt_s;
    float idle_w;
    enum part part;
    struct prediction_domain domain[PREDICTION_MAX_DOMAINS]; /* as the form's */
};

/* Append the channels; form NULL: the first seven. */
void prediction_channels(struct channels *cs,
                         const struct prediction_form *form);

/* Write to a segment that has the channels of that form. */
int prediction_write(struct stream_writer *w,
                     const struct prediction_form *form,
                     const struct prediction *p, struct err *e);

struct prediction_reader;

int prediction_reader_open(struct prediction_reader **r, const char *path,
                           struct err *e);

/*
 * The next prediction: 1, 0 at the end, -1 on error.  *new_segment tells that
 * it is the first of a segment, whose header is prediction_reader_header() and
 * whose form is prediction_reader_form(); both are borrowed until then.
 */
int prediction_reader_next(struct prediction_reader *r, struct prediction *p,
                           bool *new_segment, struct err *e);
const struct stream_header *prediction_reader_header(
    const struct prediction_reader *r);
const struct prediction_form *prediction_reader_form(
    const struct prediction_reader *r);
struct stream_reader *prediction_reader_stream(struct prediction_reader *r);
void prediction_reader_close(struct prediction_reader *r);

#endif
