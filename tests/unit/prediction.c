/* Predictions as a stream: what is written is read; what is no number is not.
 */
#include "formats/prediction.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/pack.h"

static int memory;
static char path[32];
static struct err e;

static int open_memory(void **state)
{
    (void)state;
    memory = memfd_create("predictions", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    return memory < 0 ? -1 : 0;
}

static int close_memory(void **state)
{
    (void)state;
    return close(memory);
}

static struct stream_writer *begin(const char *run)
{
    struct stream_header h = {.kind = STREAM_PREDICTION};
    struct stream_writer *w = NULL;

    prediction_channels(&h.channels);
    labels_set(&h.meta, "run", run);
    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    assert_int_equal(stream_writer_begin(w, &h, &e), 0);
    stream_header_release(&h);
    return w;
}

static struct prediction made_up(int i)
{
    return (struct prediction){.t_ns = 1000 + i,
                               .power_w = (float)i / 3,
                               .lower_w = i % 2 ? NAN : (float)i - 1,
                               .upper_w = i % 2 ? NAN : (float)i + 1,
                               .support = 0.5f,
                               .measured_w = i % 3 ? (float)i : NAN,
                               .dt_s = 0.016f,
                               .part = (enum part)(i % 4)};
}

static void assert_same(float a, float b)
{
    assert_int_equal(bits_of_f32(a), bits_of_f32(b));
}

static void assert_equal(const struct prediction *p, const struct prediction *q)
{
    assert_int_equal(p->t_ns, q->t_ns);
    assert_same(p->power_w, q->power_w);
    assert_same(p->lower_w, q->lower_w);
    assert_same(p->upper_w, q->upper_w);
    assert_same(p->support, q->support);
    assert_same(p->measured_w, q->measured_w);
    assert_same(p->dt_s, q->dt_s);
    assert_int_equal(p->part, q->part);
}

static void written_is_read(void **state)
{
    enum { N = 20000, HALF = 10000 };
    struct stream_writer *w = begin("a");
    struct prediction_reader *r = NULL;
    struct prediction p;
    bool fresh;

    (void)state;
    for (int i = 0; i < N; i++) {
        if (i == HALF) {
            struct stream_header h = {.kind = STREAM_PREDICTION};

            prediction_channels(&h.channels);
            labels_set(&h.meta, "run", "b");
            assert_int_equal(stream_writer_begin(w, &h, &e), 0);
            stream_header_release(&h);
        }
        p = made_up(i);
        assert_int_equal(prediction_write(w, &p, &e), 0);
    }
    assert_int_equal(stream_writer_close(w, &e), 0);

    assert_int_equal(prediction_reader_open(&r, path, &e), 0);
    for (int i = 0; i < N; i++) {
        const struct prediction expected = made_up(i);

        assert_int_equal(prediction_reader_next(r, &p, &fresh, &e), 1);
        assert_int_equal(fresh, i == 0 || i == HALF);
        assert_equal(&p, &expected);
        assert_string_equal(
            labels_get(&prediction_reader_header(r)->meta, "run"),
            i < HALF ? "a" : "b");
    }
    assert_int_equal(prediction_reader_next(r, &p, &fresh, &e), 0);
    assert_int_equal(stream_reader_rows(prediction_reader_stream(r)), N);
    prediction_reader_close(r);
}

/* Write one prediction and read it: the reader's status. */
static int status_of(struct prediction p)
{
    struct stream_writer *w = begin("a");
    struct prediction_reader *r = NULL;
    bool fresh;
    int status;

    p.t_ns = 1;
    assert_int_equal(prediction_write(w, &p, &e), 0);
    assert_int_equal(stream_writer_close(w, &e), 0);
    assert_int_equal(prediction_reader_open(&r, path, &e), 0);
    status = prediction_reader_next(r, &p, &fresh, &e);
    prediction_reader_close(r);
    return status;
}

static void only_what_may_be_missing_is_nan(void **state)
{
    (void)state;
    assert_int_equal(status_of((struct prediction){.measured_w = NAN}), 1);
    assert_int_equal(status_of((struct prediction){.lower_w = NAN}), 1);
    assert_int_equal(status_of((struct prediction){.power_w = NAN}), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(status_of((struct prediction){.power_w = INFINITY}), -1);
    assert_int_equal(status_of((struct prediction){.measured_w = -INFINITY}),
                     -1);
    assert_int_equal(status_of((struct prediction){.upper_w = INFINITY}), -1);
    assert_int_equal(status_of((struct prediction){.dt_s = INFINITY}), -1);
    assert_int_equal(status_of((struct prediction){.dt_s = -1}), -1);
    assert_int_equal(status_of((struct prediction){.part = (enum part)4}), -1);
}

/* A stream with one f32 channel, or a u64 one, of that name. */
static int status_with(const char *name, enum channel_type type,
                       struct prediction *p)
{
    struct stream_header h = {.kind = STREAM_PREDICTION};
    const uint64_t cell = type == CHANNEL_F32 ? bits_of_f32(42) : 42;
    struct prediction_reader *r = NULL;
    struct stream_writer *w = NULL;
    bool fresh;
    int status;

    channels_add(&h.channels, name, "W", type, CHANNEL_GAUGE, 0);
    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    assert_int_equal(stream_writer_begin(w, &h, &e), 0);
    assert_int_equal(stream_writer_row(w, 1, &cell, &e), 0);
    assert_int_equal(stream_writer_close(w, &e), 0);
    stream_header_release(&h);
    assert_int_equal(prediction_reader_open(&r, path, &e), 0);
    status = prediction_reader_next(r, p, &fresh, &e);
    prediction_reader_close(r);
    return status;
}

static void channels_are_found_by_name(void **state)
{
    struct prediction p;

    (void)state;
    assert_int_equal(status_with("power", CHANNEL_F32, &p), 1);
    assert_same(p.power_w, 42);
    assert_true(isnan(p.measured_w) && isnan(p.lower_w) && isnan(p.dt_s));
    assert_int_equal(p.part, PART_NONE);
    assert_int_equal(status_with("power", CHANNEL_U64, &p), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(status_with("watts", CHANNEL_F32, &p), -1);
    assert_int_equal(e.code, ERR_DATA);
}

static void absent_file(void **state)
{
    struct prediction_reader *r = NULL;

    (void)state;
    assert_int_equal(prediction_reader_open(&r, "/nowhere/p.rapl", &e), -1);
    assert_int_equal(e.code, ERR_SYSTEM);
    assert_null(r);
    prediction_reader_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(only_what_may_be_missing_is_nan),
        cmocka_unit_test(channels_are_found_by_name),
        cmocka_unit_test(absent_file),
    };

    return cmocka_run_group_tests(tests, open_memory, close_memory);
}
