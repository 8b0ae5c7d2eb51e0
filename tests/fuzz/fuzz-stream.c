/* Any stream, item by item, with and without --allow-truncated. */
#include <stdlib.h>

#include "common/base/log.h"
#include "formats/stream.h"
#include "tests/fuzz/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every cell that is promised can be read; times grow. */
static uint64_t walk_block(const struct stream_header *h, const struct block *b)
{
    uint64_t sum = 0;

    for (size_t c = 0; c < h->channels.n; c++) {
        const uint8_t *column = b->column[c];
        size_t bytes = b->n * channel_size(h->channels.at[c].type);

        for (size_t i = 0; column && i < bytes; i++)
            sum += column[i];
    }
    for (size_t i = 1; i < b->n; i++)
        if (b->t_ns[i] <= b->t_ns[i - 1])
            abort();
    return sum;
}

static void read_all(const char *path, bool allow)
{
    struct stream_reader *r = NULL;
    struct stream_item item;
    uint64_t rows = 0;
    volatile uint64_t sum = 0;
    struct err e = {0};
    int status;

    if (stream_reader_open(&r, path, 0, &e) < 0)
        abort();
    stream_reader_allow_truncated(r, allow);
    while ((status = stream_next(r, &item, &e)) > 0) {
        const struct stream_header *h = stream_reader_header(r);

        if (item.kind == ITEM_SEGMENT && allow && h->channels.n)
            stream_reader_want(r, h->channels.n / 2, false);
        if (item.kind == ITEM_BLOCK) {
            sum += walk_block(h, &item.block);
            rows += item.block.n;
        }
        if (item.kind == ITEM_MARK)
            sum += (uint64_t)item.mark.text[0];
    }
    if (status < 0 && (e.code != ERR_DATA || !e.msg[0]))
        abort();
    if (rows != stream_reader_rows(r))
        abort();
    (void)sum;
    stream_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    log_init("fuzz-stream", LOG_QUIET);
    for (int sealed = 0; sealed < 2; sealed++) {
        struct fuzz_file f;

        fuzz_file_open(&f, data, size, sealed);
        read_all(f.path, false);
        read_all(f.path, true);
        fuzz_file_close(&f);
    }
    return 0;
}
