#include "formats/prediction.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/pack.h"
#include "common/base/xalloc.h"

enum { POWER, LOWER, UPPER, SUPPORT, MEASURED, DT, PART, N_CHANNELS };

static const struct {
    const char *name, *unit;
    enum channel_type type;
} CHANNELS[N_CHANNELS] = {
    [POWER] = {"power", "W", CHANNEL_F32},
    [LOWER] = {"lower", "W", CHANNEL_F32},
    [UPPER] = {"upper", "W", CHANNEL_F32},
    [SUPPORT] = {"support", "1", CHANNEL_F32},
    [MEASURED] = {"measured", "W", CHANNEL_F32},
    [DT] = {"dt", "s", CHANNEL_F32},
    [PART] = {"part", "1", CHANNEL_U8},
};

struct prediction_reader {
    struct stream_reader *stream;
    struct block block; /* being handed out, from row `at` */
    size_t at;
    bool new_segment;
    int index[N_CHANNELS]; /* where each channel is; -1: not in this stream */
};

void prediction_channels(struct channels *cs)
{
    for (int i = 0; i < N_CHANNELS; i++)
        channels_add(cs, CHANNELS[i].name, CHANNELS[i].unit, CHANNELS[i].type,
                     CHANNEL_GAUGE, 0);
}

int prediction_write(struct stream_writer *w, const struct prediction *p,
                     struct err *e)
{
    const uint64_t cells[N_CHANNELS] = {
        [POWER] = bits_of_f32(p->power_w),
        [LOWER] = bits_of_f32(p->lower_w),
        [UPPER] = bits_of_f32(p->upper_w),
        [SUPPORT] = bits_of_f32(p->support),
        [MEASURED] = bits_of_f32(p->measured_w),
        [DT] = bits_of_f32(p->dt_s),
        [PART] = p->part,
    };

    return stream_writer_row(w, p->t_ns, cells, e);
}

int prediction_reader_open(struct prediction_reader **out, const char *path,
                           struct err *e)
{
    struct prediction_reader *r = xcalloc(1, sizeof *r);

    *out = NULL;
    if (stream_reader_open(&r->stream, path, STREAM_PREDICTION, e) < 0) {
        prediction_reader_close(r);
        return -1;
    }
    *out = r;
    return 0;
}

/* Find the channels; whatever else is there is not asked for. */
static int begin_segment(struct prediction_reader *r, struct err *e)
{
    const struct channels *cs = &stream_reader_header(r->stream)->channels;

    for (size_t c = 0; c < cs->n; c++)
        stream_reader_want(r->stream, c, false);
    for (int i = 0; i < N_CHANNELS; i++) {
        int c = r->index[i] = channels_find(cs, CHANNELS[i].name);

        if (c < 0)
            continue;
        if (cs->at[c].type != CHANNELS[i].type)
            return err_set(e, ERR_DATA, "%s: channel '%s' is of a wrong type",
                           stream_reader_name(r->stream), CHANNELS[i].name);
        stream_reader_want(r->stream, (size_t)c, true);
    }
    if (r->index[POWER] < 0)
        return err_set(e, ERR_DATA,
                       "%s: no channel 'power': these are no predictions",
                       stream_reader_name(r->stream));
    r->new_segment = true;
    return 0;
}

static float cell(const struct prediction_reader *r, int channel)
{
    int c = r->index[channel];

    return c < 0 ? NAN : ((const float *)r->block.column[c])[r->at];
}

/* Only a missing value may be NaN, nothing is infinite, and time does
 * not go back. */
static bool plausible(const struct prediction *p)
{
    return isfinite(p->power_w) && !isinf(p->lower_w) && !isinf(p->upper_w) &&
           !isinf(p->measured_w) && !isinf(p->dt_s) && !(p->dt_s < 0) &&
           p->part <= PART_TEST;
}

static int take_row(struct prediction_reader *r, struct prediction *p,
                    struct err *e)
{
    const uint8_t *part =
        r->index[PART] < 0 ? NULL : r->block.column[r->index[PART]];

    p->t_ns = r->block.t_ns[r->at];
    p->power_w = cell(r, POWER);
    p->lower_w = cell(r, LOWER);
    p->upper_w = cell(r, UPPER);
    p->support = cell(r, SUPPORT);
    p->measured_w = cell(r, MEASURED);
    p->dt_s = cell(r, DT);
    p->part = part ? (enum part)part[r->at] : PART_NONE;
    r->at++;
    if (!plausible(p))
        return err_set(e, ERR_DATA,
                       "%s: the prediction at t_ns %" PRId64
                       " is not finite, or of no known part",
                       stream_reader_name(r->stream), p->t_ns);
    return 1;
}

int prediction_reader_next(struct prediction_reader *r, struct prediction *p,
                           bool *new_segment, struct err *e)
{
    while (r->at == r->block.n) {
        struct stream_item item;
        int status = stream_next(r->stream, &item, e);

        if (status <= 0)
            return status;
        if (item.kind == ITEM_SEGMENT && begin_segment(r, e) < 0)
            return -1;
        if (item.kind != ITEM_BLOCK)
            continue;
        r->block = item.block;
        r->at = 0;
    }
    *new_segment = r->new_segment;
    r->new_segment = false;
    return take_row(r, p, e);
}

const struct stream_header *prediction_reader_header(
    const struct prediction_reader *r)
{
    return stream_reader_header(r->stream);
}

struct stream_reader *prediction_reader_stream(struct prediction_reader *r)
{
    return r->stream;
}

void prediction_reader_close(struct prediction_reader *r)
{
    if (!r)
        return;
    stream_reader_close(r->stream);
    free(r);
}
