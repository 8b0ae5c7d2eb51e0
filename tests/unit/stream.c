/* The stream: what is written is read, and the encodings hold the edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/pack.h"
#include "common/base/rng.h"
#include "formats/block.h"
#include "formats/stream.h"

#define CHECK(call) assert_true((call) >= 0)

static struct err e;

static void make_header(struct stream_header *h)
{
    memset(h, 0, sizeof *h);
    h->kind = STREAM_SAMPLE;
    channels_add(&h->channels, "ctxt", "1", CHANNEL_U64, CHANNEL_COUNTER, 0);
    channels_add(&h->channels, "energy:package-0", "uJ", CHANNEL_U64,
                 CHANNEL_COUNTER, 262143328850);
    channels_add(&h->channels, "power:wall", "W", CHANNEL_F64, CHANNEL_GAUGE,
                 0);
    channels_add(&h->channels, "label", "W", CHANNEL_F32, CHANNEL_GAUGE, 0);
    channels_add(&h->channels, "part", "1", CHANNEL_U8, CHANNEL_GAUGE, 0);
    labels_set(&h->meta, "run", "run7");
    labels_set(&h->meta, "workload", "caf\xc3\xa9");
    strings_add(&h->provenance, "test 0: made up");
}

static uint64_t cell(uint64_t row, int channel)
{
    uint64_t bits = rng_at(7, (uint64_t)channel, row);

    switch (channel) {
    case 0: /* all of 64 bits, up and down */
        return row % 5 == 0 ? bits : row;
    case 1:
        return row * 1000003;
    case 2:
        return bits_of_f64(rng_unit(bits) * 300);
    case 3:
        return bits_of_f32(row % 3 ? (float)rng_unit(bits) : NAN);
    default:
        return bits & 3;
    }
}

static void write_rows(struct stream_writer *w, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        uint64_t cells[5];

        for (int c = 0; c < 5; c++)
            cells[c] = cell(i, c);
        CHECK(stream_writer_row(w, (int64_t)(1 + i * 16000000 + i % 7), cells,
                                &e));
    }
}

static void check_block(const struct block *b, uint64_t first)
{
    for (size_t i = 0; i < b->n; i++) {
        uint64_t row = first + i, f64;

        assert_int_equal(b->t_ns[i], 1 + row * 16000000 + row % 7);
        assert_int_equal(((const uint64_t *)b->column[0])[i], cell(row, 0));
        assert_int_equal(((const uint64_t *)b->column[1])[i], cell(row, 1));
        memcpy(&f64, (const double *)b->column[2] + i, sizeof f64);
        assert_int_equal(f64, cell(row, 2));
        assert_int_equal(bits_of_f32(((const float *)b->column[3])[i]),
                         (uint32_t)cell(row, 3));
        assert_int_equal(((const uint8_t *)b->column[4])[i], cell(row, 4));
    }
}

/* Two segments, a mark and flushes at odd places. */
static void write_file(const char *path, uint64_t n)
{
    struct labels facts = {0};
    struct mark gap = {5, MARK_GAP, 3, "three ticks missed"};
    struct stream_writer *w;
    struct stream_header h;

    make_header(&h);
    labels_set(&facts, "ledger.rows", "7");
    CHECK(stream_writer_open(&w, path, 0, &e));
    for (int s = 0; s < 2; s++) {
        CHECK(stream_writer_begin(w, &h, &e));
        write_rows(w, 0, n / 2);
        CHECK(stream_writer_mark(w, &gap, &e));
        CHECK(stream_writer_flush(w, &e));
        write_rows(w, n / 2, n);
        if (s == 1)
            CHECK(stream_writer_trailer(w, &facts, &e));
        CHECK(stream_writer_end(w, &e));
    }
    assert_int_equal(stream_writer_rows(w), 2 * n);
    CHECK(stream_writer_close(w, &e));
    labels_release(&facts);
    stream_header_release(&h);
}

static void round_trip(uint64_t n)
{
    uint64_t rows = 0, segments = 0, marks = 0, ends = 0, trailers = 0;
    char path[] = "/tmp/rapl-stream-XXXXXX";
    int fd = mkstemp(path), status;
    struct stream_reader *r;
    struct stream_item item;

    assert_true(fd >= 0);
    close(fd);
    write_file(path, n);
    CHECK(stream_reader_open(&r, path, 0, &e));
    while ((status = stream_next(r, &item, &e)) > 0) {
        if (item.kind == ITEM_SEGMENT)
            rows = 0;
        if (item.kind == ITEM_BLOCK) {
            check_block(&item.block, rows);
            rows += item.block.n;
        }
        if (item.kind == ITEM_MARK) {
            assert_int_equal(rows, n / 2);
            assert_string_equal(item.mark.text, "three ticks missed");
        }
        if (item.kind == ITEM_TRAILER) {
            assert_int_equal(++trailers, 1);
            assert_int_equal(rows, n);
            assert_int_equal(segments, 2);
            assert_string_equal(labels_get(item.trailer, "ledger.rows"), "7");
        }
        segments += item.kind == ITEM_SEGMENT;
        marks += item.kind == ITEM_MARK;
        ends += item.kind == ITEM_END;
    }
    assert_int_equal(status, 0);
    assert_int_equal(rows, n);
    assert_int_equal(segments, 2);
    assert_int_equal(marks, 2);
    assert_int_equal(ends, 2);
    assert_int_equal(trailers, 1);
    assert_string_equal(labels_get(&stream_reader_header(r)->meta, "workload"),
                        "caf\xc3\xa9");
    stream_reader_close(r);
    unlink(path);
}

static void test_round_trip(void **state)
{
    (void)state;
    round_trip(1);
    round_trip(2);
    round_trip(1001);
    round_trip(20000); /* more than a block */
}

static void test_time_must_grow(void **state)
{
    uint64_t cells[5] = {0};
    struct stream_writer *w;
    struct stream_header h;

    (void)state;
    make_header(&h);
    CHECK(stream_writer_open(&w, "/dev/null", 0, &e));
    CHECK(stream_writer_begin(w, &h, &e));
    CHECK(stream_writer_row(w, 2000000000, cells, &e));
    assert_int_equal(stream_writer_row(w, 2000000000, cells, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    CHECK(stream_writer_close(w, &e));
    stream_header_release(&h);
}

static void times(const int64_t *t, size_t n)
{
    int64_t back[8];
    struct buf b = {0};
    struct cursor c;

    block_put_times(&b, t, n);
    c = (struct cursor){b.data, b.data + b.len, false};
    assert_int_equal(block_get_times(&c, back, n, &e), 0);
    assert_memory_equal(back, t, n * sizeof *t);
    buf_release(&b);
}

static void test_times(void **state)
{
    (void)state;
    times((int64_t[]){0}, 1);
    times((int64_t[]){1, INT64_MAX}, 2);
    times((int64_t[]){1700000000000000000, 1700000000016000000,
                      1700000000032001000, 1700000000047999000},
          4);
    times((int64_t[]){1000000000, 3000000000, 3000000001}, 3);
}

static void test_columns(void **state)
{
    const uint64_t edges[] = {0, UINT64_MAX, 1, 1ull << 63, 127, 128, 16384};
    uint64_t back[7];
    struct buf b = {0};
    struct cursor c;

    (void)state;
    block_put_column(&b, CHANNEL_U64, edges, 7);
    c = (struct cursor){b.data, b.data + b.len, false};
    assert_int_equal(block_get_column(&c, CHANNEL_U64, back, 7, &e), 0);
    assert_memory_equal(back, edges, sizeof edges);
    for (size_t cut = 0; cut < b.len; cut++) {
        c = (struct cursor){b.data, b.data + cut, false};
        assert_int_equal(block_get_column(&c, CHANNEL_U64, back, 7, &e), -1);
    }
    buf_release(&b);
}

/* Write a stream with that header to a file; returns what begin() returned. */
static int try_header(const struct stream_header *h)
{
    struct stream_writer *w;
    int rc;

    CHECK(stream_writer_open(&w, "/dev/null", 0, &e));
    rc = stream_writer_begin(w, h, &e);
    stream_writer_abandon(w);
    return rc;
}

static void what_no_reader_takes_is_not_written(void **state)
{
    struct stream_header h;
    char *text = calloc(1, UINT16_MAX + 2), name[16];

    (void)state;
    make_header(&h);
    memset(text, 'x', UINT16_MAX);
    labels_set(&h.meta, "note", text);
    assert_int_equal(try_header(&h), 0);
    text[UINT16_MAX] = 'x';
    labels_set(&h.meta, "note", text);
    assert_int_equal(try_header(&h), -1);
    assert_int_equal(e.code, ERR_DATA);
    text[UINT16_MAX] = '\0';
    for (int i = 0; i < 260; i++) {
        snprintf(name, sizeof name, "note%d", i);
        labels_set(&h.meta, name, text);
    }
    assert_int_equal(try_header(&h), -1); /* over 16 MiB */
    stream_header_release(&h);
    make_header(&h);
    for (int i = 0; i < STREAM_MAX_CHANNELS - 5; i++) {
        snprintf(name, sizeof name, "c%d", i);
        channels_add(&h.channels, name, "", CHANNEL_U8, CHANNEL_GAUGE, 0);
    }
    assert_int_equal(try_header(&h), 0);
    channels_add(&h.channels, "more", "", CHANNEL_U8, CHANNEL_GAUGE, 0);
    assert_int_equal(try_header(&h), -1);
    stream_header_release(&h);
    free(text);
}

/* Abandoned within a segment, or (n == 0) behind one: all rows, then exit 3. */
static void abandon_and_read(uint64_t n)
{
    char path[] = "/tmp/rapl-unit.XXXXXX";
    int fd = mkstemp(path), status;
    struct stream_header h;
    struct stream_writer *w;
    struct stream_reader *r;
    struct stream_item item;

    make_header(&h);
    CHECK(stream_writer_open(&w, path, 0, &e));
    CHECK(stream_writer_begin(w, &h, &e));
    write_rows(w, 0, 10);
    CHECK(stream_writer_end(w, &e));
    if (n > 0)
        CHECK(stream_writer_begin(w, &h, &e));
    write_rows(w, 10, 10 + n);
    stream_writer_abandon(w);
    CHECK(stream_reader_open(&r, path, STREAM_SAMPLE, &e));
    while ((status = stream_next(r, &item, &e)) > 0)
        ;
    assert_int_equal(status, -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.msg, "truncated"));
    assert_int_equal(stream_reader_rows(r), 10 + n);
    stream_reader_close(r);
    stream_header_release(&h);
    unlink(path);
    close(fd);
}

static void an_abandoned_stream_is_seen_to_be_one(void **state)
{
    (void)state;
    abandon_and_read(0);
    abandon_and_read(5000);
    stream_writer_abandon(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_time_must_grow),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(what_no_reader_takes_is_not_written),
        cmocka_unit_test(an_abandoned_stream_is_seen_to_be_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
