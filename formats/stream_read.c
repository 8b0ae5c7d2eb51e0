#include "formats/stream.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "formats/block.h"
#include "formats/frame.h"
#include "formats/segment.h"

struct stream_reader {
    struct frame_reader *frame;
    enum stream_kind kind; /* 0: any */
    bool allow_truncated, in_segment;
    struct stream_header header;
    bool *want;
    void **column;          /* decoded block, one array a channel */
    const void **visible;   /* the same, NULL where unwanted */
    int64_t *t_ns, last_ns; /* last_ns: of the segment so far */
    size_t rows_cap;
    uint64_t segment_rows, segment_marks, total_rows, n_records;
    uint32_t chain;
    uint8_t version;
    char *mark_text;
    bool has_trailer;
    struct labels trailer;
    struct buf buf;
};

int stream_reader_open(struct stream_reader **r, const char *path,
                       enum stream_kind kind, struct err *e)
{
    *r = xcalloc(1, sizeof **r);
    (*r)->kind = kind;
    return frame_reader_open(&(*r)->frame, path, e);
}

static void release_columns(struct stream_reader *r)
{
    for (size_t c = 0; c < r->header.channels.n; c++)
        if (r->column)
            free(r->column[c]);
    free(r->column);
    free(r->visible);
    free(r->want);
    free(r->t_ns);
    r->column = NULL;
    r->visible = NULL;
    r->want = NULL;
    r->t_ns = NULL;
    r->rows_cap = 0;
}

/* Put file and record before the message. */
static int at_record(struct stream_reader *r, struct err *e)
{
    return err_prefix(e, "%s: record %" PRIu64, frame_reader_name(r->frame),
                      r->n_records);
}

/* The input ended where more was owed: an error, or a warning and an end. */
static int truncated(struct stream_reader *r, struct err *e)
{
    if (frame_stopped(r->frame))
        return 0;
    if (r->allow_truncated) {
        log_warn("%s: truncated after %" PRIu64 " rows",
                 frame_reader_name(r->frame), r->total_rows);
        return 0;
    }
    return err_set(e, ERR_DATA,
                   "%s: truncated after %" PRIu64
                   " rows: there is no end record (--allow-truncated takes "
                   "what is there)",
                   frame_reader_name(r->frame), r->total_rows);
}

/* Read n more bytes to the end of buf: 1, 0 truncated, -1. */
static int read_more(struct stream_reader *r, size_t n, struct err *e)
{
    size_t at = r->buf.len, got;
    uint8_t *to = buf_extend(&r->buf, n);
    int status = frame_read(r->frame, to, n, &got, e);

    r->buf.len = at + got;
    return status;
}

/* What a file that is no stream looks like, in words. */
static int not_a_stream(struct stream_reader *r, struct err *e)
{
    bool text = r->buf.len > 0;

    for (size_t i = 0; i < r->buf.len; i++)
        text = text && (isprint(r->buf.data[i]) || isspace(r->buf.data[i]));
    return err_set(e, ERR_DATA, "%s: not a stream of this suite%s",
                   frame_reader_name(r->frame),
                   text ? ", but text (rapl-import reads CSV and logs)" : "");
}

/* Are these few bytes, where the input ends, the first of a segment or (one
 * to three of them) of a zstd frame? */
static bool begins_stream(const struct buf *b)
{
    size_t n = b->len < SEGMENT_MAGIC_SIZE ? b->len : SEGMENT_MAGIC_SIZE;

    return memcmp(b->data, SEGMENT_MAGIC, n) == 0 ||
           (n < 4 && memcmp(b->data, "\x28\xb5\x2f", n) == 0);
}

static int check_prefix(struct stream_reader *r, size_t *length, struct err *e)
{
    const uint8_t *p = r->buf.data;
    const char *name = frame_reader_name(r->frame);

    if (memcmp(p, SEGMENT_MAGIC, SEGMENT_MAGIC_SIZE) != 0)
        return not_a_stream(r, e);
    if (p[8] < 1 || p[8] > SEGMENT_VERSION)
        return err_set(e, ERR_DATA,
                       "%s: format version %d, and this program reads up to %d",
                       name, p[8], SEGMENT_VERSION);
    if (p[9] < STREAM_SAMPLE || p[9] > STREAM_PREDICTION || p[10] || p[11])
        return err_set(e, ERR_DATA, "%s: a stream of unknown kind", name);
    *length = load_u32(p + 12);
    if (*length > STREAM_MAX_HEADER)
        return err_set(e, ERR_DATA,
                       "%s: a header that claims %zu bytes (at most %d)", name,
                       *length, STREAM_MAX_HEADER);
    return 0;
}

/* The trailing crc of buf must be that of what is before it. */
static int check_crc(struct stream_reader *r, struct err *e)
{
    size_t n = r->buf.len - 4;
    uint32_t crc = load_u32(r->buf.data + n);

    if (crc != segment_crc(0, r->buf.data, n)) {
        err_set(e, ERR_DATA, "damaged (its checksum is wrong)");
        return at_record(r, e);
    }
    r->chain = segment_chain(r->chain, crc);
    return 0;
}

static int parse_header(struct stream_reader *r, struct err *e)
{
    struct cursor c = {r->buf.data + SEGMENT_PREFIX,
                       r->buf.data + r->buf.len - 4, false};
    enum stream_kind kind = (enum stream_kind)r->buf.data[9];

    release_columns(r);
    stream_header_release(&r->header);
    r->header.kind = kind;
    r->version = r->buf.data[SEGMENT_MAGIC_SIZE];
    if (r->kind && kind != r->kind)
        return err_set(e, ERR_DATA,
                       "%s: a %s stream, where a %s stream is "
                       "needed",
                       frame_reader_name(r->frame), stream_kind_name(kind),
                       stream_kind_name(r->kind));
    if (segment_get_header(&c, &r->header, e) < 0)
        return at_record(r, e);
    r->column = xcalloc(r->header.channels.n, sizeof *r->column);
    r->visible = xcalloc(r->header.channels.n, sizeof *r->visible);
    r->want = xcalloc(r->header.channels.n, sizeof *r->want);
    memset(r->want, 1, r->header.channels.n * sizeof *r->want);
    r->last_ns = -1;
    r->segment_rows = r->segment_marks = 0;
    r->has_trailer = false;
    r->in_segment = true;
    return 0;
}

/* 1 with a header read, 0 at the end of the input, -1. */
static int next_segment(struct stream_reader *r, struct err *e)
{
    size_t length = 0;
    int status;

    frame_boundary(r->frame);
    r->buf.len = 0;
    r->chain = 0;
    status = read_more(r, SEGMENT_PREFIX, e);
    if (status < 0)
        return -1;
    if (status == 0 && r->buf.len == 0 && !frame_incomplete(r->frame)) {
        if (r->n_records == 0 && !frame_stopped(r->frame))
            return err_set(e, ERR_DATA, "%s: empty: there is no stream",
                           frame_reader_name(r->frame));
        return 0;
    }
    r->n_records++;
    if (status == 0)
        return begins_stream(&r->buf) ? truncated(r, e) : not_a_stream(r, e);
    if (check_prefix(r, &length, e) < 0)
        return -1;
    status = read_more(r, length + 4, e);
    if (status <= 0)
        return status < 0 ? -1 : truncated(r, e);
    if (check_crc(r, e) < 0 || parse_header(r, e) < 0)
        return -1;
    return 1;
}

/* Room for n rows of each wanted column. */
static void reserve_rows(struct stream_reader *r, size_t n)
{
    if (n > r->rows_cap) {
        r->rows_cap = n;
        r->t_ns = xreallocarray(r->t_ns, n, sizeof *r->t_ns);
        for (size_t c = 0; c < r->header.channels.n; c++) {
            free(r->column[c]);
            r->column[c] = NULL;
        }
    }
    for (size_t c = 0; c < r->header.channels.n; c++)
        if (r->want[c] && !r->column[c])
            r->column[c] = xcalloc(r->rows_cap,
                                   channel_size(r->header.channels.at[c].type));
}

static int check_times(struct stream_reader *r, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (r->t_ns[i] <= r->last_ns)
            return err_set(e, ERR_DATA, "row %" PRIu64 ": time went back",
                           r->segment_rows + i + 1);
        r->last_ns = r->t_ns[i];
    }
    return 0;
}

static int check_finite(struct stream_reader *r, size_t channel, size_t n,
                        struct err *e)
{
    const struct channel *c = &r->header.channels.at[channel];
    const double *v = r->column[channel];

    for (size_t i = 0; i < n && c->type == CHANNEL_F64; i++)
        if (!isfinite(v[i]))
            return err_set(e, ERR_DATA,
                           "row %" PRIu64 ": %s is no finite number",
                           r->segment_rows + i + 1, c->name);
    return 0;
}

static int parse_block(struct stream_reader *r, struct cursor *c,
                       struct stream_item *item, struct err *e)
{
    size_t n = get_u32(c), n_channels = r->header.channels.n;

    if (n == 0 || n > STREAM_MAX_ROWS ||
        n * (n_channels + 1) > STREAM_MAX_CELLS)
        return err_set(e, ERR_DATA, "a block that claims %zu rows", n);
    reserve_rows(r, n);
    if (block_get_times(c, r->t_ns, n, e) < 0 || check_times(r, n, e) < 0)
        return -1;
    for (size_t i = 0; i < n_channels; i++) {
        void *to = r->want[i] ? r->column[i] : NULL;

        if (block_get_column(c, r->header.channels.at[i].type, to, n, e) < 0)
            return -1;
        if (to && check_finite(r, i, n, e) < 0)
            return -1;
        r->visible[i] = to;
    }
    if (c->p != c->end)
        return err_set(e, ERR_DATA, "a block with bytes left over");
    r->segment_rows += n;
    r->total_rows += n;
    item->kind = ITEM_BLOCK;
    item->block = (struct block){n, r->t_ns, r->visible};
    return 1;
}

static int parse_mark(struct stream_reader *r, struct cursor *c,
                      struct stream_item *item, struct err *e)
{
    free(r->mark_text);
    item->kind = ITEM_MARK;
    item->mark.t_ns = (int64_t)get_u64(c);
    item->mark.kind = (enum mark_kind)get_u16(c);
    item->mark.value = (int64_t)get_u64(c);
    item->mark.text = r->mark_text = get_str(c);
    if (c->bad || c->p != c->end || item->mark.kind < MARK_GAP ||
        item->mark.kind > MARK_NOTE)
        return err_set(e, ERR_DATA, "a mark that makes no sense");
    r->segment_marks++;
    return 1;
}

static int parse_trailer(struct stream_reader *r, struct cursor *c,
                         struct stream_item *item, struct err *e)
{
    labels_release(&r->trailer);
    if (segment_get_meta(c, &r->trailer, e) < 0)
        return -1;
    if (c->p != c->end)
        return err_set(e, ERR_DATA, "a trailer with bytes left over");
    r->has_trailer = true;
    item->kind = ITEM_TRAILER;
    item->trailer = &r->trailer;
    return 1;
}

static int parse_end(struct stream_reader *r, struct cursor *c, uint32_t chain,
                     struct stream_item *item, struct err *e)
{
    uint64_t rows = get_u64(c), marks = get_u64(c);
    uint32_t check = get_u32(c);

    if (c->bad || c->p != c->end)
        return err_set(e, ERR_DATA, "an end record that makes no sense");
    if (rows != r->segment_rows || marks != r->segment_marks || check != chain)
        return err_set(e, ERR_DATA,
                       "records are missing: the end record counts %" PRIu64
                       " rows, and %" PRIu64 " came",
                       rows, r->segment_rows);
    r->in_segment = false;
    item->kind = ITEM_END;
    return 1;
}

/* Read one whole record into buf and check it: 1, 0 truncated, -1. */
static int read_record(struct stream_reader *r, struct err *e)
{
    size_t length;
    int status;

    r->buf.len = 0;
    r->n_records++;
    status = read_more(r, RECORD_PREFIX, e);
    if (status <= 0)
        return status;
    length = load_u32(r->buf.data + 1);
    if (length > STREAM_MAX_RECORD) {
        err_set(e, ERR_DATA, "claims %zu bytes (at most %d)", length,
                STREAM_MAX_RECORD);
        return at_record(r, e);
    }
    status = read_more(r, length + 4, e);
    if (status <= 0)
        return status;
    return check_crc(r, e) < 0 ? -1 : 1;
}

/* What the record in buf says; chain: the check before it. */
static int parse_record(struct stream_reader *r, uint32_t chain,
                        struct stream_item *item, struct err *e)
{
    struct cursor c = {r->buf.data + RECORD_PREFIX,
                       r->buf.data + r->buf.len - 4, false};
    int type = r->buf.data[0];

    if (r->has_trailer && type != RECORD_END)
        return err_set(e, ERR_DATA, "stands behind the trailer");
    if (type == RECORD_BLOCK)
        return parse_block(r, &c, item, e);
    if (type == RECORD_MARK)
        return parse_mark(r, &c, item, e);
    if (type == RECORD_TRAILER && r->version > 1)
        return parse_trailer(r, &c, item, e);
    if (type == RECORD_END)
        return parse_end(r, &c, chain, item, e);
    return err_set(e, ERR_DATA, "of unknown type %d", type);
}

int stream_next(struct stream_reader *r, struct stream_item *item,
                struct err *e)
{
    uint32_t chain;
    int status;

    if (!r->in_segment) {
        item->kind = ITEM_SEGMENT;
        return next_segment(r, e);
    }
    chain = r->chain;
    status = read_record(r, e);
    if (status < 0)
        return -1;
    if (status == 0) {
        r->in_segment = false;
        return truncated(r, e);
    }
    status = parse_record(r, chain, item, e);
    return status < 0 ? at_record(r, e) : 1;
}

const struct stream_header *stream_reader_header(const struct stream_reader *r)
{
    return &r->header;
}

void stream_reader_want(struct stream_reader *r, size_t channel, bool want)
{
    r->want[channel] = want;
}

void stream_reader_allow_truncated(struct stream_reader *r, bool allow)
{
    r->allow_truncated = allow;
}

void stream_reader_on_idle(struct stream_reader *r,
                           int (*idle)(void *arg, struct err *e), void *arg)
{
    frame_on_idle(r->frame, idle, arg);
}

int stream_reader_fd(const struct stream_reader *r)
{
    return frame_reader_fd(r->frame);
}

const char *stream_reader_name(const struct stream_reader *r)
{
    return frame_reader_name(r->frame);
}

uint64_t stream_reader_rows(const struct stream_reader *r)
{
    return r->total_rows;
}

void stream_reader_close(struct stream_reader *r)
{
    if (!r)
        return;
    release_columns(r);
    stream_header_release(&r->header);
    frame_reader_close(r->frame);
    free(r->mark_text);
    labels_release(&r->trailer);
    buf_release(&r->buf);
    free(r);
}
