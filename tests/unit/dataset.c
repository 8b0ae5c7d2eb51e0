#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/base/digest.h"
#include "common/base/pack.h"
#include "formats/dataset.h"
#include "formats/sample.h"

static char path[] = "/tmp/rapl-dataset.XXXXXX";

/* A stream being made: one feature, d 2, tau 2, a row a second. */
struct maker {
    struct stream_writer *w;
    struct window_spec spec;
    struct err e;
    int64_t t_ns;
};

static void make(struct maker *m, const char *split)
{
    static char target[] = "package";

    *m = (struct maker){.spec = {.delays = 2,
                                 .tau = 2,
                                 .interval_ns = 1000000000,
                                 .target = target}};
    m->spec.split = (char *)split;
    strings_add(&m->spec.features, "user_pct");
    assert_int_equal(stream_writer_open(&m->w, path, 0, &m->e), 0);
}

static void segment_of(struct maker *m, const char *workload,
                       const char *machine)
{
    struct stream_header h = {.kind = STREAM_WINDOW};

    window_channels(&h.channels, &m->spec);
    window_spec_to_meta(&m->spec, &h.meta);
    labels_set(&h.meta, META_WORKLOAD, workload);
    if (machine)
        labels_set(&h.meta, META_MACHINE, machine);
    assert_int_equal(stream_writer_begin(m->w, &h, &m->e), 0);
    stream_header_release(&h);
}

static void segment(struct maker *m, const char *workload)
{
    segment_of(m, workload, NULL);
}

static void row(struct maker *m, float x, float label, enum part part)
{
    const uint64_t cells[] = {bits_of_f32(x), bits_of_f32(label),
                              bits_of_f32(1), part};

    m->t_ns += 1000000000;
    assert_int_equal(stream_writer_row(m->w, m->t_ns, cells, &m->e), 0);
}

static void finish(struct maker *m)
{
    assert_int_equal(stream_writer_close(m->w, &m->e), 0);
    strings_release(&m->spec.features);
}

static int make_path(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* Windows span 3 rows; none crosses a segment or a gap. */
static void windows_go_to_the_part_of_their_last_row(void **state)
{
    const struct mark gap = {.kind = MARK_GAP, .value = 1, .text = ""};
    struct dataset ds = {0};
    struct maker m;
    struct err e = {0};

    (void)state;
    make(&m, "run");
    segment(&m, "a");
    for (int i = 0; i < 5; i++)
        row(&m, (float)i, (float)i, PART_TRAIN); /* windows at 2, 3, 4 */
    assert_int_equal(stream_writer_mark(m.w, &gap, &e), 0);
    for (int i = 5; i < 9; i++)
        row(&m, (float)i, i == 7 ? NAN : (float)i, PART_TRAIN); /* at 8 */
    segment(&m, "b");
    for (int i = 9; i < 13; i++)
        row(&m, (float)i, (float)i, i == 11 ? PART_NONE : PART_TEST); /* 12 */
    finish(&m);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(ds.T, 13);
    assert_int_equal(ds.n_segments, 2);
    assert_int_equal(ds.n[PART_TRAIN], 4);
    assert_int_equal(ds.end[PART_TRAIN][0], 2);
    assert_int_equal(ds.end[PART_TRAIN][3], 8);
    assert_int_equal(ds.n[PART_VALID], 0);
    assert_int_equal(ds.n[PART_TEST], 1);
    assert_int_equal(dataset_part(&ds, PART_TEST).end[0], 12);
    assert_true(ds.x[12] == 12 && ds.label[12] == 12);
    assert_string_equal(ds.workloads.at[1], "b");
    dataset_release(&ds);
}

static void rows_know_their_machine(void **state)
{
    static const char *const machine[] = {"b", NULL, "a", "b"};
    static const uint16_t want[] = {0, 1, 2, 0};
    struct dataset ds = {0};
    struct labels meta = {0};
    struct maker m;
    struct err e = {0};

    (void)state;
    make(&m, "none");
    for (int i = 0; i < 4; i++) {
        segment_of(&m, "w", machine[i]);
        row(&m, 1, 1, PART_TRAIN);
    }
    finish(&m);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(ds.machine.values.n, 3);
    assert_memory_equal(dataset_part(&ds, PART_TRAIN).machine, want,
                        sizeof want);
    dataset_describe(&ds, &meta);
    assert_string_equal(labels_get(&meta, "data.machines"), "b, , a");
    labels_release(&meta);
    dataset_release(&ds);
}

static void without_a_split_all_is_training(void **state)
{
    struct dataset ds = {0};
    struct maker m;
    struct err e = {0};

    (void)state;
    make(&m, "none");
    segment(&m, "a");
    for (int i = 0; i < 5; i++)
        row(&m, 1, 1, PART_NONE);
    finish(&m);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(ds.n[PART_TRAIN], 3);
    dataset_release(&ds);
}

static void segments_must_agree(void **state)
{
    static char other[] = "time";
    struct dataset ds = {0};
    struct maker m;
    struct err e = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        make(&m, "run");
        segment(&m, "a");
        row(&m, 1, 1, PART_TRAIN);
        if (i)
            m.spec.tau = 3;
        else
            m.spec.split = other;
        segment(&m, "b");
        row(&m, 1, 1, PART_TRAIN);
        finish(&m);
        assert_int_equal(dataset_add(&ds, path, &e), -1);
        assert_int_equal(e.code, ERR_DATA);
        assert_non_null(strstr(e.msg, i ? "tau" : "time"));
        dataset_release(&ds);
    }
}

/* The hash is of what is learnt from: values, labels, parts. */
static void the_hash_tells_data_apart(void **state)
{
    char seen[4][DIGEST_HEX + 1];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct dataset ds = {0};
        struct labels meta = {0};
        struct maker m;
        struct err e = {0};

        make(&m, "run");
        segment(&m, i == 3 ? "b" : "a"); /* a name alone changes nothing */
        for (int k = 0; k < 6; k++)
            row(&m, i == 1 ? 2 : 1, 1, i == 2 ? PART_TEST : PART_TRAIN);
        finish(&m);
        assert_int_equal(dataset_add(&ds, path, &e), 0);
        dataset_describe(&ds, &meta);
        snprintf(seen[i], sizeof seen[i], "%s",
                 labels_get(&meta, "data.sha256"));
        labels_release(&meta);
        dataset_release(&ds);
    }
    assert_string_not_equal(seen[0], seen[1]);
    assert_string_not_equal(seen[0], seen[2]);
    assert_string_equal(seen[0], seen[3]);
}

static void sampled(struct dataset *ds, const char *share, uint64_t seed)
{
    struct err e = {0};

    *ds = (struct dataset){0};
    assert_int_equal(dataset_sample_parse(ds, share, &e), 0);
    assert_int_equal(dataset_add(ds, path, &e), 0);
    dataset_sample(ds, seed);
}

static void a_sample_is_drawn_once_by_the_seed(void **state)
{
    struct dataset a, b, c;
    struct labels meta = {0};
    struct maker m;
    size_t differ = 0;

    (void)state;
    make(&m, "run");
    segment(&m, "a");
    for (int i = 0; i < 1002; i++)
        row(&m, (float)i, 1, i < 602 ? PART_TRAIN : PART_VALID);
    finish(&m);
    sampled(&a, "7%,50%", 1);
    sampled(&b, "7%,50%", 1);
    sampled(&c, "7%", 2);
    assert_int_equal(a.n[PART_TRAIN], 42);
    assert_int_equal(a.n[PART_VALID], 200);
    assert_int_equal(c.n[PART_VALID], 400);
    for (size_t i = 0; i < 42; i++) {
        assert_int_equal(a.end[PART_TRAIN][i], b.end[PART_TRAIN][i]);
        assert_true(i == 0 || a.end[PART_TRAIN][i - 1] < a.end[PART_TRAIN][i]);
        differ += a.end[PART_TRAIN][i] != c.end[PART_TRAIN][i];
    }
    assert_true(differ > 30);
    assert_true(a.end[PART_TRAIN][0] < 200 && a.end[PART_TRAIN][41] > 400);
    dataset_describe(&a, &meta);
    assert_string_equal(labels_get(&meta, "data.sample"), "7%,50%");
    assert_string_equal(labels_get(&meta, "data.windows.train"), "42");
    labels_release(&meta);
    dataset_release(&a);
    dataset_release(&b);
    dataset_release(&c);
}

static void what_is_no_share_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",     "%",    "0%",   "101%",     "0.1",         "10",       "nan%",
        "10%,", "10%x", ",10%", "10%,0.5x", "1%,1%,1%,1%", "1%,1%,1%,"};
    struct dataset ds = {0};
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(dataset_sample_parse(&ds, wrong[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
    }
    dataset_release(&ds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_go_to_the_part_of_their_last_row),
        cmocka_unit_test(rows_know_their_machine),
        cmocka_unit_test(without_a_split_all_is_training),
        cmocka_unit_test(segments_must_agree),
        cmocka_unit_test(the_hash_tells_data_apart),
        cmocka_unit_test(a_sample_is_drawn_once_by_the_seed),
        cmocka_unit_test(what_is_no_share_is_refused),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
