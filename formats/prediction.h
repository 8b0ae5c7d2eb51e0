#ifndef FORMATS_PREDICTION_H
#define FORMATS_PREDICTION_H

#include <math.h>

#include "formats/stream.h"
#include "formats/window.h"

/*
 * Prediction streams.  Channels, all f32 but the last: "power" W, "lower" and
 * "upper" W (a 90 % interval; NaN: none), "support" (1: as in training, 0:
 * nothing like it), "measured" W (NaN: none), "dt" s, "part" (u8).  The
 * metadata of the segment is that of the windows, with the keys below.
 */
#define META_MODEL "model" /* family */
#define META_MODEL_HASH "model_sha256"
#define META_SPLIT "split" /* of the windows that were predicted */
#define META_TRAINED_ON \
    "trained_on" /* split and part the model was fitted on */

struct prediction {
    int64_t t_ns;
    float power_w, lower_w, upper_w, support, measured_w, dt_s;
    enum part part;
};

void prediction_channels(struct channels *cs);
int prediction_write(struct stream_writer *w, const struct prediction *p,
                     struct err *e);

struct prediction_reader;

int prediction_reader_open(struct prediction_reader **r, const char *path,
                           struct err *e);

/*
 * The next prediction: 1, 0 at the end, -1 on error.  *new_segment tells that
 * it is the first of a segment, whose header is prediction_reader_header().
 */
int prediction_reader_next(struct prediction_reader *r, struct prediction *p,
                           bool *new_segment, struct err *e);
const struct stream_header *prediction_reader_header(
    const struct prediction_reader *r);
struct stream_reader *prediction_reader_stream(struct prediction_reader *r);
void prediction_reader_close(struct prediction_reader *r);

#endif
