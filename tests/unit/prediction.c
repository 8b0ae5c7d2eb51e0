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

/* What the tests below write: all there is, or the first channels alone. */
static struct prediction_form full, basic;

static int fill_form(void **state)
{
    full.levels = full.idle = true;
    strings_add(&full.domains, "dram");
    strings_add(&full.domains, "package-1");
    return open_memory(state);
}

static int release_form(void **state)
{
    prediction_form_release(&full);
    return close_memory(state);
}

static void begin_segment(struct stream_writer *w, const char *run,
                          const struct prediction_form *form)
{
    struct stream_header h = {.kind = STREAM_PREDICTION};

    prediction_channels(&h.channels, form);
    labels_set(&h.meta, "run", run);
    assert_int_equal(stream_writer_begin(w, &h, &e), 0);
    stream_header_release(&h);
}

static struct stream_writer *begin(const char *run,
                                   const struct prediction_form *form)
{
    struct stream_writer *w = NULL;

    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    begin_segment(w, run, form);
    return w;
}

static struct prediction made_up(int i)
{
    float v = (float)i;
    struct prediction p = {.t_ns = 1000 + i,
                           .power_w = v / 3,
                           .lower_w = {v - .5f, v - .8f, i % 2 ? NAN : v - 1},
                           .upper_w = {v + .5f, v + .8f, i % 2 ? NAN : v + 1},
                           .support = 0.5f,
                           .measured_w = i % 3 ? v : NAN,
                           .dt_s = 0.016f,
                           .idle_w = i % 5 ? v / 7 : NAN,
                           .part = (enum part)(i % 4)};

    for (int d = 0; d < PREDICTION_MAX_DOMAINS; d++)
        p.domain[d] = (struct prediction_domain){v + (float)d, NAN, v, v - 1};
    return p;
}

static void assert_same(float a, float b)
{
    assert_int_equal(bits_of_f32(a), bits_of_f32(b));
}

/* p was read from a segment of that form, and is q. */
static void assert_equal(const struct prediction *p, const struct prediction *q,
                         const struct prediction_form *form)
{
    bool levels = form && form->levels, idle = form && form->idle;

    assert_int_equal(p->t_ns, q->t_ns);
    assert_same(p->power_w, q->power_w);
    assert_same(p->support, q->support);
    assert_same(p->measured_w, q->measured_w);
    assert_same(p->dt_s, q->dt_s);
    assert_int_equal(p->part, q->part);
    for (int i = 0; i < INTERVALS; i++) {
        assert_same(p->lower_w[i],
                    levels || i == INTERVAL_90 ? q->lower_w[i] : NAN);
        assert_same(p->upper_w[i],
                    levels || i == INTERVAL_90 ? q->upper_w[i] : NAN);
    }
    assert_same(p->idle_w, idle ? q->idle_w : NAN);
    for (size_t d = 0; form && d < form->domains.n; d++) {
        assert_same(p->domain[d].power_w, q->domain[d].power_w);
        assert_same(p->domain[d].lower_w, q->domain[d].lower_w);
        assert_same(p->domain[d].upper_w, q->domain[d].upper_w);
        assert_same(p->domain[d].measured_w, q->domain[d].measured_w);
    }
}

/* A segment of each form, and one of none. */
static void written_is_read(void **state)
{
    enum { SEGMENT = 10000, N = 3 * SEGMENT };
    const struct prediction_form *forms[] = {&full, NULL, &basic};
    struct stream_writer *w = begin("0", forms[0]);
    struct prediction_reader *r = NULL;
    struct prediction p;
    bool fresh;

    (void)state;
    for (int i = 0; i < N; i++) {
        if (i && i % SEGMENT == 0)
            begin_segment(w, i == SEGMENT ? "1" : "2", forms[i / SEGMENT]);
        p = made_up(i);
        assert_int_equal(prediction_write(w, forms[i / SEGMENT], &p, &e), 0);
    }
    assert_int_equal(stream_writer_close(w, &e), 0);

    assert_int_equal(prediction_reader_open(&r, path, &e), 0);
    for (int i = 0; i < N; i++) {
        const struct prediction expected = made_up(i);

        assert_int_equal(prediction_reader_next(r, &p, &fresh, &e), 1);
        assert_int_equal(fresh, i % SEGMENT == 0);
        assert_equal(&p, &expected, forms[i / SEGMENT]);
        assert_int_equal(
            labels_get(&prediction_reader_header(r)->meta, "run")[0],
            '0' + i / SEGMENT);
        assert_int_equal(prediction_reader_form(r)->levels, i < SEGMENT);
        assert_int_equal(prediction_reader_form(r)->domains.n,
                         i < SEGMENT ? 2 : 0);
    }
    assert_int_equal(prediction_reader_next(r, &p, &fresh, &e), 0);
    assert_int_equal(stream_reader_rows(prediction_reader_stream(r)), N);
    prediction_reader_close(r);
}

/* What has nothing more to tell has the seven channels of old. */
static void no_needless_channels(void **state)
{
    struct channels cs = {0};

    (void)state;
    prediction_channels(&cs, NULL);
    assert_int_equal(cs.n, 7);
    prediction_channels(&cs, &basic);
    assert_int_equal(cs.n, 14);
    channels_release(&cs);
    prediction_channels(&cs, &full);
    assert_int_equal(cs.n, 7 + 4 + 1 + 2 * 4);
    assert_int_equal(channels_find(&cs, "measured.package-1"), cs.n - 1);
    channels_release(&cs);
}

/* Write one prediction and read it: the reader's status. */
static int status_of(struct prediction p)
{
    struct stream_writer *w = begin("a", &full);
    struct prediction_reader *r = NULL;
    bool fresh;
    int status;

    p.t_ns = 1;
    assert_int_equal(prediction_write(w, &full, &p, &e), 0);
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
    assert_int_equal(status_of((struct prediction){.lower_w = {NAN}}), 1);
    assert_int_equal(status_of((struct prediction){.power_w = NAN}), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(status_of((struct prediction){.power_w = INFINITY}), -1);
    assert_int_equal(status_of((struct prediction){.measured_w = -INFINITY}),
                     -1);
    assert_int_equal(status_of((struct prediction){.upper_w = {INFINITY}}), -1);
    assert_int_equal(status_of((struct prediction){.idle_w = NAN}), 1);
    assert_int_equal(status_of((struct prediction){.idle_w = INFINITY}), -1);
    assert_int_equal(status_of((struct prediction){.domain[1].lower_w = NAN}),
                     1);
    assert_int_equal(status_of((struct prediction){.domain[1].power_w = NAN}),
                     -1);
    assert_int_equal(
        status_of((struct prediction){.domain[0].measured_w = INFINITY}), -1);
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
    assert_true(isnan(p.measured_w) && isnan(p.lower_w[INTERVAL_90]) &&
                isnan(p.dt_s));
    assert_int_equal(p.part, PART_NONE);
    assert_int_equal(status_with("power", CHANNEL_U64, &p), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(status_with("watts", CHANNEL_F32, &p), -1);
    assert_int_equal(e.code, ERR_DATA);
}

/* More domains than a prediction has room for are refused, not written over. */
static void too_many_domains(void **state)
{
    struct stream_header h = {.kind = STREAM_PREDICTION};
    uint64_t cells[PREDICTION_MAX_DOMAINS + 2] = {0};
    struct prediction_reader *r = NULL;
    struct stream_writer *w = NULL;
    struct prediction p;
    bool fresh;
    char name[32];

    (void)state;
    channels_add(&h.channels, "power", "W", CHANNEL_F32, CHANNEL_GAUGE, 0);
    for (int i = 0; i <= PREDICTION_MAX_DOMAINS; i++) {
        snprintf(name, sizeof name, "power.d%d", i);
        channels_add(&h.channels, name, "W", CHANNEL_F32, CHANNEL_GAUGE, 0);
    }
    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    assert_int_equal(stream_writer_begin(w, &h, &e), 0);
    assert_int_equal(stream_writer_row(w, 1, cells, &e), 0);
    assert_int_equal(stream_writer_close(w, &e), 0);
    stream_header_release(&h);
    assert_int_equal(prediction_reader_open(&r, path, &e), 0);
    assert_int_equal(prediction_reader_next(r, &p, &fresh, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    prediction_reader_close(r);
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
        cmocka_unit_test(no_needless_channels),
        cmocka_unit_test(too_many_domains),
        cmocka_unit_test(only_what_may_be_missing_is_nan),
        cmocka_unit_test(channels_are_found_by_name),
        cmocka_unit_test(absent_file),
    };

    return cmocka_run_group_tests(tests, fill_form, release_form);
}
