/*
 * What storing a recording costs at a level of zstd:
 *
 *     recompress FILE LEVEL ROWS [frames]
 *
 * writes FILE again, flushed after so many ROWS, and prints bytes a row, CPU us
 * a row (the least of five), us of the longest flush (the least of five too:
 * what is not the machine's doing).  frames: each flush is a zstd frame of its
 * own, which can be read alone, and not a part of one that knows what was
 * before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/pack.h"
#include "common/base/xalloc.h"
#include "formats/frame.h"
#include "formats/stream.h"

enum { TIMES = 5 };

struct rows {
    struct stream_header header;
    size_t n, cap;
    int64_t *t_ns;
    uint64_t *cells; /* (n, channels) */
};

struct figures {
    double bytes, us, longest_us;
};

static struct err e;

static void check(int rc)
{
    if (rc < 0)
        die(&e);
}

static void take_block(struct rows *rows, const struct block *b)
{
    size_t n_channels = rows->header.channels.n;

    rows->t_ns = xreallocarray(rows->t_ns, rows->n + b->n, sizeof *rows->t_ns);
    rows->cells = xreallocarray(rows->cells, (rows->n + b->n) * n_channels,
                                sizeof *rows->cells);
    for (size_t i = 0; i < b->n; i++, rows->n++) {
        rows->t_ns[rows->n] = b->t_ns[i];
        for (size_t c = 0; c < n_channels; c++)
            rows->cells[rows->n * n_channels + c] =
                ((const uint64_t *)b->column[c])[i];
    }
}

static void read_rows(struct rows *rows, const char *path)
{
    struct stream_reader *r;
    struct stream_item item;
    int rc;

    check(stream_reader_open(&r, path, STREAM_SAMPLE, &e));
    while ((rc = stream_next(r, &item, &e)) > 0) {
        if (item.kind == ITEM_SEGMENT)
            stream_header_copy(&rows->header, stream_reader_header(r));
        if (item.kind == ITEM_BLOCK)
            take_block(rows, &item.block);
    }
    check(rc);
    stream_reader_close(r);
}

static void flushed(struct figures *f, int64_t began_ns)
{
    double us = (double)(clock_cpu_ns() - began_ns) / 1e3;

    if (us > f->longest_us)
        f->longest_us = us;
}

/* As rapl-sample writes it. */
static struct figures write_stream(const struct rows *rows, int level,
                                   size_t every)
{
    struct stream_writer *w;
    struct figures f = {0};
    int64_t start_ns;

    check(stream_writer_open(&w, "/dev/null", level, &e));
    check(stream_writer_begin(w, &rows->header, &e));
    check(stream_writer_flush(w, &e));
    start_ns = clock_cpu_ns();
    f.bytes = -(double)stream_writer_bytes(w);
    for (size_t i = 0; i < rows->n; i++) {
        int64_t began_ns;

        check(stream_writer_row(w, rows->t_ns[i],
                                rows->cells + i * rows->header.channels.n, &e));
        if ((i + 1) % every != 0)
            continue;
        began_ns = clock_cpu_ns();
        check(stream_writer_flush(w, &e));
        flushed(&f, began_ns);
    }
    f.us = (double)(clock_cpu_ns() - start_ns) / 1e3 / (double)rows->n;
    f.bytes = (f.bytes + (double)stream_writer_bytes(w)) / (double)rows->n;
    check(stream_writer_close(w, &e));
    return f;
}

/* The plain bytes of what write_stream() writes, at the level's leisure. */
static void plain_bytes(const struct rows *rows, size_t every, struct buf *raw)
{
    char path[] = "/tmp/recompress.XXXXXX";
    struct stream_writer *w;
    struct frame_reader *r;
    size_t got;

    if (mkstemp(path) < 0)
        exit(4);
    check(stream_writer_open(&w, path, 1, &e));
    check(stream_writer_begin(w, &rows->header, &e));
    for (size_t i = 0; i < rows->n; i++) {
        check(stream_writer_row(w, rows->t_ns[i],
                                rows->cells + i * rows->header.channels.n, &e));
        if ((i + 1) % every == 0)
            check(stream_writer_flush(w, &e));
    }
    check(stream_writer_close(w, &e));
    check(frame_reader_open(&r, path, &e));
    do {
        uint8_t *to = buf_extend(raw, 1 << 16);

        check(frame_read(r, to, 1 << 16, &got, &e));
        raw->len -= (1 << 16) - got;
    } while (got == 1 << 16);
    frame_reader_close(r);
    remove(path);
}

/* Equal pieces, since blocks are nearly so, each a frame. */
static struct figures write_frames(const struct rows *rows,
                                   const struct buf *raw, int level,
                                   size_t every)
{
    size_t pieces = rows->n / every, at = 0;
    struct frame_writer *w;
    struct figures f = {0};
    int64_t start_ns = clock_cpu_ns();

    check(frame_writer_open(&w, "/dev/null", level, &e));
    for (size_t i = 0; i < pieces; i++) {
        size_t end = raw->len / pieces * (i + 1);
        int64_t began_ns = clock_cpu_ns();

        check(frame_write(w, raw->data + at, end - at, &e));
        check(frame_end(w, &e));
        flushed(&f, began_ns);
        at = end;
    }
    f.us = (double)(clock_cpu_ns() - start_ns) / 1e3 / (double)rows->n;
    f.bytes = (double)frame_writer_bytes(w) / (double)rows->n;
    check(frame_writer_close(w, &e));
    return f;
}

int main(int argc, char **argv)
{
    struct rows rows = {0};
    struct buf raw = {0};
    struct figures best = {0}, f;
    int level;
    size_t every;

    log_init("recompress", LOG_NORMAL);
    if (argc < 4)
        return 2;
    level = (int)strtol(argv[2], NULL, 10);
    every = strtoul(argv[3], NULL, 10);
    read_rows(&rows, argv[1]);
    if (argc > 4)
        plain_bytes(&rows, every, &raw);
    for (int i = 0; i < TIMES; i++) {
        f = argc > 4 ? write_frames(&rows, &raw, level, every)
                     : write_stream(&rows, level, every);
        best.bytes = f.bytes;
        if (i == 0 || f.us < best.us)
            best.us = f.us;
        if (i == 0 || f.longest_us < best.longest_us)
            best.longest_us = f.longest_us;
    }
    printf("%.2f %.2f %.0f\n", best.bytes, best.us, best.longest_us);
    free(rows.t_ns);
    free(rows.cells);
    stream_header_release(&rows.header);
    buf_release(&raw);
    return 0;
}
