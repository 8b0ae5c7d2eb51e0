/*
 * Damaged streams: every cut and every flipped bit of a small file, compressed
 * and not.  A reader delivers the whole records before the damage and nothing
 * that was not written, and then says that the data are bad.
 */
#include "formats/stream.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/log.h"
#include "common/base/pack.h"
#include "formats/frame.h"
#include "formats/prediction.h"
#include "formats/segment.h"

enum { FLUSHES = 8, ROWS = 3 }; /* blocks of the stream; rows of each */

/* A file in memory, under a name that can be opened. */
struct memory {
    int fd;
    char path[32];
};

static void memory_open(struct memory *m)
{
    m->fd = memfd_create("stream", 0);
    assert_true(m->fd >= 0);
    snprintf(m->path, sizeof m->path, "/proc/self/fd/%d", m->fd);
}

static void memory_set(const struct memory *m, const uint8_t *data, size_t n)
{
    assert_int_equal(ftruncate(m->fd, (off_t)n), 0);
    assert_int_equal(pwrite(m->fd, data, n, 0), (ssize_t)n);
}

/* What a reader made of a stream: rows and marks as bytes, and how it ended. */
struct outcome {
    struct buf seen;
    uint64_t rows;
    int status;
    struct err e;
};

static void note_block(struct buf *b, const struct stream_header *h,
                       const struct block *block)
{
    for (size_t i = 0; i < block->n; i++) {
        put_u64(b, (uint64_t)block->t_ns[i]);
        for (size_t c = 0; c < h->channels.n; c++) {
            size_t size = channel_size(h->channels.at[c].type);

            put_bytes(b, (const uint8_t *)block->column[c] + i * size, size);
        }
    }
}

static void read_stream(struct outcome *o, const char *path, bool allow)
{
    struct stream_reader *r = NULL;
    struct stream_item item;

    *o = (struct outcome){0};
    assert_int_equal(stream_reader_open(&r, path, 0, &o->e), 0);
    stream_reader_allow_truncated(r, allow);
    while ((o->status = stream_next(r, &item, &o->e)) > 0) {
        if (item.kind == ITEM_BLOCK)
            note_block(&o->seen, stream_reader_header(r), &item.block);
        if (item.kind == ITEM_MARK)
            put_u64(&o->seen, (uint64_t)item.mark.t_ns);
    }
    o->rows = stream_reader_rows(r);
    stream_reader_close(r);
}

static void assert_begins(const struct buf *whole, const struct buf *part)
{
    assert_true(part->len <= whole->len);
    if (part->len)
        assert_memory_equal(part->data, whole->data, part->len);
}

/* ---- the stream that is damaged ---- */

struct sample {
    struct buf file;          /* as written, or raw */
    uint64_t sealed[FLUSHES]; /* bytes after each flush */
    uint64_t segment_end;     /* bytes of the first segment */
};

static void make_header(struct stream_header *h)
{
    memset(h, 0, sizeof *h);
    h->kind = STREAM_SAMPLE;
    channels_add(&h->channels, "ctxt", "1", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(&h->channels, "power:wall", "W", CHANNEL_F64, CHANNEL_GAUGE,
                 0);
    channels_add(&h->channels, "part", "1", CHANNEL_U8, CHANNEL_GAUGE, 0);
    labels_set(&h->meta, "run", "r");
    strings_add(&h->provenance, "made up");
}

static void write_block(struct stream_writer *w, uint64_t flush)
{
    const struct mark mark = {(int64_t)flush * 1000, MARK_GAP, 1, "hole"};
    struct err e;

    for (uint64_t i = flush * ROWS; i < (flush + 1) * ROWS; i++) {
        const uint64_t cells[] = {i * 1000003, bits_of_f64((double)i / 3),
                                  i % 4};

        assert_int_equal(
            stream_writer_row(w, (int64_t)(1000 + i * 1000), cells, &e), 0);
    }
    if (flush == 1)
        assert_int_equal(stream_writer_mark(w, &mark, &e), 0);
    assert_int_equal(stream_writer_flush(w, &e), 0);
}

/* Two segments; a flush after each block. */
static void write_sample(struct sample *s, const struct memory *m)
{
    struct stream_writer *w = NULL;
    struct stream_header h;
    struct err e;

    memset(s, 0, sizeof *s);
    make_header(&h);
    assert_int_equal(stream_writer_open(&w, m->path, 0, &e), 0);
    for (uint64_t flush = 0; flush < FLUSHES; flush++) {
        if (flush % (FLUSHES / 2) == 0) {
            assert_int_equal(stream_writer_begin(w, &h, &e), 0);
        }
        write_block(w, flush);
        s->sealed[flush] = stream_writer_bytes(w);
        if (flush == FLUSHES / 2 - 1) {
            assert_int_equal(stream_writer_end(w, &e), 0);
            s->segment_end = stream_writer_bytes(w);
        }
    }
    assert_int_equal(stream_writer_close(w, &e), 0);
    stream_header_release(&h);
}

static void read_file(struct buf *b, const struct memory *m)
{
    off_t n = lseek(m->fd, 0, SEEK_END);

    assert_true(n > 0);
    assert_int_equal(pread(m->fd, buf_extend(b, (size_t)n), (size_t)n, 0), n);
}

static void make_compressed(struct sample *s, const struct memory *m)
{
    write_sample(s, m);
    read_file(&s->file, m);
    assert_true(s->segment_end < s->file.len);
}

/* The raw stream: after which byte each block is whole stands in its own. */
static void make_raw(struct sample *s, const struct memory *m)
{
    struct frame_reader *r = NULL;
    size_t got, at = 0, block = 0;
    struct err e;

    write_sample(s, m);
    assert_int_equal(frame_reader_open(&r, m->path, &e), 0);
    assert_true(
        frame_read(r, buf_extend(&s->file, 1 << 16), 1 << 16, &got, &e) == 0);
    frame_reader_close(r);
    s->file.len = got;
    while (at < got) {
        const uint8_t *p = s->file.data + at;

        if (*p == (uint8_t)SEGMENT_MAGIC[0]) {
            s->segment_end = at; /* the last one stays */
            at += SEGMENT_PREFIX + load_u32(p + 12) + 4;
            continue;
        }
        at += RECORD_PREFIX + load_u32(p + 1) + 4;
        if (*p == RECORD_BLOCK)
            s->sealed[block++] = at;
    }
    assert_int_equal(block, FLUSHES);
}

/* ---- tests ---- */

static uint64_t rows_sealed(const struct sample *s, size_t cut)
{
    uint64_t n = 0;

    for (int i = 0; i < FLUSHES; i++)
        n += s->sealed[i] <= cut ? ROWS : 0;
    return n;
}

static void check_cuts(const struct sample *s, const struct memory *m,
                       bool exact)
{
    struct outcome whole, cut;

    memory_set(m, s->file.data, s->file.len);
    read_stream(&whole, m->path, false);
    assert_int_equal(whole.status, 0);
    assert_int_equal(whole.rows, FLUSHES * ROWS);
    for (size_t n = 0; n < s->file.len; n++) {
        uint64_t sealed = rows_sealed(s, n);

        memory_set(m, s->file.data, n);
        read_stream(&cut, m->path, false);
        assert_int_equal(cut.status, n == s->segment_end ? 0 : -1);
        if (cut.status < 0)
            assert_int_equal(cut.e.code, ERR_DATA);
        assert_true(cut.rows >= sealed && (!exact || cut.rows == sealed));
        assert_begins(&whole.seen, &cut.seen);
        buf_release(&cut.seen);
        read_stream(&cut, m->path, true);
        assert_int_equal(cut.status, n == 0 ? -1 : 0); /* 0: no stream */
        assert_true(cut.rows >= sealed);
        buf_release(&cut.seen);
    }
    buf_release(&whole.seen);
}

static void check_flips(struct sample *s, const struct memory *m)
{
    struct outcome whole, bad;

    memory_set(m, s->file.data, s->file.len);
    read_stream(&whole, m->path, false);
    for (size_t bit = 0; bit < 8 * s->file.len; bit++) {
        uint8_t *byte = &s->file.data[bit / 8];

        *byte ^= (uint8_t)(1 << bit % 8);
        memory_set(m, s->file.data, s->file.len);
        *byte ^= (uint8_t)(1 << bit % 8);
        read_stream(&bad, m->path, false);
        assert_begins(&whole.seen, &bad.seen);
        if (bad.status < 0)
            assert_int_equal(bad.e.code, ERR_DATA);
        else
            assert_int_equal(bad.seen.len, whole.seen.len);
        buf_release(&bad.seen);
    }
    buf_release(&whole.seen);
}

static void cuts_and_flips(bool raw)
{
    struct sample s;
    struct memory m;

    memory_open(&m);
    if (raw)
        make_raw(&s, &m);
    else
        make_compressed(&s, &m);
    check_cuts(&s, &m, raw);
    check_flips(&s, &m);
    buf_release(&s.file);
    close(m.fd);
}

static void compressed(void **state)
{
    (void)state;
    cuts_and_flips(false);
}

static void raw(void **state)
{
    (void)state;
    cuts_and_flips(true);
}

/* Segments may be compressed or not, one by one. */
static void raw_and_compressed_mix(void **state)
{
    struct buf both = {0};
    struct sample a, b;
    struct outcome o;
    struct memory m;

    (void)state;
    memory_open(&m);
    make_compressed(&a, &m);
    make_raw(&b, &m);
    put_bytes(&both, b.file.data, b.file.len);
    put_bytes(&both, a.file.data, a.file.len);
    put_bytes(&both, b.file.data, b.file.len);
    memory_set(&m, both.data, both.len);
    read_stream(&o, m.path, false);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.rows, 3 * FLUSHES * ROWS);
    buf_release(&o.seen);
    buf_release(&a.file);
    buf_release(&b.file);
    buf_release(&both);
    close(m.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compressed),
        cmocka_unit_test(raw),
        cmocka_unit_test(raw_and_compressed_mix),
    };

    log_init("stream_damage", LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
