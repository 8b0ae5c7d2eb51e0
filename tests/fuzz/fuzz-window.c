/* A window stream, and its windows as a table. */
#include <stdlib.h>

#include "formats/table.h"
#include "tests/fuzz/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Specifications may ask for more columns than a fuzzer has time for. */
static bool small(const struct window_spec *s)
{
    return s->features.n * (size_t)s->delays <= 1000;
}

static void print_windows(struct window_reader *r, struct text_writer *text)
{
    const struct strings labels = {0};
    struct table table = {
        .text = text, .format = TEXT_JSONL, .labels = &labels};
    struct window_rows rows;
    bool print = false;
    int status;
    struct err e;

    while ((status = window_reader_next(r, &rows, &e)) > 0) {
        if (rows.new_segment) {
            print = small(window_reader_spec(r));
            if (print &&
                table_begin_windows(&table, window_reader_spec(r), &e) < 0)
                abort();
        }
        if (print &&
            table_put_windows(&table, window_reader_header(r), &rows, &e) < 0)
            abort();
    }
    if (status < 0 && e.code != ERR_DATA)
        abort();
    table_release(&table);
}

static void read_all(const char *path)
{
    struct window_reader *r = NULL;
    struct text_writer *text = NULL;
    struct err e;

    if (window_reader_open(&r, path, &e) < 0 ||
        text_writer_open(&text, "/dev/null", TEXT_JSONL, &e) < 0)
        abort();
    print_windows(r, text);
    window_reader_close(r);
    text_writer_close(text, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        struct fuzz_file f;

        fuzz_file_open(&f, data, size, sealed);
        read_all(f.path);
        fuzz_file_close(&f);
    }
    return 0;
}
