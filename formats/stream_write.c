#include "formats/stream.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "formats/block.h"
#include "formats/frame.h"
#include "formats/segment.h"

enum {
    BLOCK_ROWS = 4096,
    /* The most bytes of a block's own, of a column's, of a cell's. */
    BLOCK_HEAD = 16,
    COLUMN_HEAD = 32,
    CELL_MAX = 10,
};

struct stream_writer {
    struct frame_writer *frame;
    bool in_segment;
    struct channels channels;
    size_t rows_max, n_rows; /* of the block under way */
    int64_t last_ns, *t_ns;
    void **column; /* one array of rows_max a channel */
    uint64_t segment_rows, segment_marks, total_rows;
    uint32_t chain; /* of the crc fields so far */
    struct buf buf;
};

int stream_writer_open(struct stream_writer **w, const char *path, int level,
                       struct err *e)
{
    *w = xcalloc(1, sizeof **w);
    return frame_writer_open(&(*w)->frame, path, level, e);
}

static void release_segment(struct stream_writer *w)
{
    for (size_t c = 0; c < w->channels.n; c++)
        free(w->column[c]);
    free(w->column);
    free(w->t_ns);
    w->column = NULL;
    w->t_ns = NULL;
    channels_release(&w->channels);
}

/* Append the crc of buf[0..], count it in, and send the whole. */
static int send_record(struct stream_writer *w, struct err *e)
{
    uint32_t crc = segment_crc(0, w->buf.data, w->buf.len);

    put_u32(&w->buf, crc);
    w->chain = segment_chain(w->chain, crc);
    return frame_write(w->frame, w->buf.data, w->buf.len, e);
}

static void begin_record(struct stream_writer *w, uint8_t type)
{
    w->buf.len = 0;
    put_u8(&w->buf, type);
    put_u32(&w->buf, 0);
}

static int end_record(struct stream_writer *w, struct err *e)
{
    patch_u32(&w->buf, 1, (uint32_t)(w->buf.len - RECORD_PREFIX));
    return send_record(w, e);
}

int stream_writer_begin(struct stream_writer *w, const struct stream_header *h,
                        struct err *e)
{
    if ((w->in_segment && stream_writer_end(w, e) < 0) ||
        segment_check_header(h, e) < 0)
        return -1;
    release_segment(w);
    channels_copy(&w->channels, &h->channels);
    w->rows_max = STREAM_MAX_CELLS / 2 / (h->channels.n + 1);
    if (w->rows_max > BLOCK_ROWS)
        w->rows_max = BLOCK_ROWS;
    w->t_ns = xcalloc(w->rows_max, sizeof *w->t_ns);
    w->column = xcalloc(h->channels.n, sizeof *w->column);
    for (size_t c = 0; c < h->channels.n; c++)
        w->column[c] =
            xcalloc(w->rows_max, channel_size(h->channels.at[c].type));
    w->segment_rows = w->segment_marks = 0;
    w->last_ns = -1;
    w->chain = 0;

    w->buf.len = 0; /* a block may come as large as this, and asks no more */
    buf_extend(&w->buf,
               BLOCK_HEAD + (h->channels.n + 1) *
                                (COLUMN_HEAD + w->rows_max * CELL_MAX));
    w->buf.len = 0;
    put_bytes(&w->buf, SEGMENT_MAGIC, SEGMENT_MAGIC_SIZE);
    put_u8(&w->buf, SEGMENT_VERSION);
    put_u8(&w->buf, (uint8_t)h->kind);
    put_u16(&w->buf, 0);
    put_u32(&w->buf, 0);
    segment_put_header(&w->buf, h);
    if (w->buf.len - SEGMENT_PREFIX > STREAM_MAX_HEADER)
        return err_set(e, ERR_DATA, "the labels take more than %d MiB",
                       STREAM_MAX_HEADER >> 20);
    patch_u32(&w->buf, SEGMENT_PREFIX - 4,
              (uint32_t)(w->buf.len - SEGMENT_PREFIX));
    w->in_segment = true;
    return send_record(w, e);
}

static int send_block(struct stream_writer *w, struct err *e)
{
    if (w->n_rows == 0)
        return 0;
    begin_record(w, RECORD_BLOCK);
    put_u32(&w->buf, (uint32_t)w->n_rows);
    block_put_times(&w->buf, w->t_ns, w->n_rows);
    for (size_t c = 0; c < w->channels.n; c++)
        block_put_column(&w->buf, w->channels.at[c].type, w->column[c],
                         w->n_rows);
    w->n_rows = 0;
    return end_record(w, e);
}

static void store_cell(void *column, enum channel_type type, size_t row,
                       uint64_t cell)
{
    switch (type) {
    case CHANNEL_U64:
    case CHANNEL_F64:
        memcpy((uint64_t *)column + row, &cell, sizeof cell);
        break;
    case CHANNEL_F32:
        ((float *)column)[row] = f32_of_bits((uint32_t)cell);
        break;
    case CHANNEL_U8:
        ((uint8_t *)column)[row] = (uint8_t)cell;
        break;
    }
}

int stream_writer_row(struct stream_writer *w, int64_t t_ns,
                      const uint64_t *cells, struct err *e)
{
    if (t_ns <= w->last_ns)
        return err_set(e, ERR_DATA, "time went back by %.9f s",
                       (double)(w->last_ns - t_ns) / 1e9);
    w->last_ns = t_ns;
    w->t_ns[w->n_rows] = t_ns;
    for (size_t c = 0; c < w->channels.n; c++)
        store_cell(w->column[c], w->channels.at[c].type, w->n_rows, cells[c]);
    w->segment_rows++;
    w->total_rows++;
    return ++w->n_rows == w->rows_max ? send_block(w, e) : 0;
}

int stream_writer_mark(struct stream_writer *w, const struct mark *m,
                       struct err *e)
{
    if (send_block(w, e) < 0)
        return -1;
    w->segment_marks++;
    begin_record(w, RECORD_MARK);
    put_u64(&w->buf, (uint64_t)m->t_ns);
    put_u16(&w->buf, (uint16_t)m->kind);
    put_u64(&w->buf, (uint64_t)m->value);
    put_str(&w->buf, m->text ? m->text : "");
    return end_record(w, e);
}

int stream_writer_trailer(struct stream_writer *w, const struct labels *facts,
                          struct err *e)
{
    if (segment_check_meta(facts, e) < 0 || send_block(w, e) < 0)
        return -1;
    begin_record(w, RECORD_TRAILER);
    segment_put_meta(&w->buf, facts);
    return end_record(w, e);
}

int stream_writer_flush(struct stream_writer *w, struct err *e)
{
    if (send_block(w, e) < 0)
        return -1;
    return frame_flush(w->frame, e);
}

int stream_writer_end(struct stream_writer *w, struct err *e)
{
    if (!w->in_segment)
        return 0;
    w->in_segment = false;
    if (send_block(w, e) < 0)
        return -1;
    begin_record(w, RECORD_END);
    put_u64(&w->buf, w->segment_rows);
    put_u64(&w->buf, w->segment_marks);
    put_u32(&w->buf, w->chain);
    if (end_record(w, e) < 0)
        return -1;
    return frame_end(w->frame, e);
}

static void release(struct stream_writer *w)
{
    release_segment(w);
    buf_release(&w->buf);
    free(w);
}

int stream_writer_close(struct stream_writer *w, struct err *e)
{
    struct err ignored;
    int status;

    if (!w)
        return 0;
    status = w->frame ? stream_writer_end(w, e) : 0;
    if (frame_writer_close(w->frame, status < 0 ? &ignored : e) < 0)
        status = -1;
    release(w);
    return status;
}

void stream_writer_abandon(struct stream_writer *w)
{
    struct err ignored;

    if (!w)
        return;
    if (w->frame && stream_writer_bytes(w) + w->total_rows > 0 &&
        send_block(w, &ignored) == 0)
        frame_break(w->frame, &ignored);
    frame_writer_close(w->frame, &ignored);
    release(w);
}

uint64_t stream_writer_rows(const struct stream_writer *w)
{
    return w->total_rows;
}

uint64_t stream_writer_bytes(const struct stream_writer *w)
{
    return frame_writer_bytes(w->frame);
}
