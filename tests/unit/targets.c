/* Streams of two power domains, in which some labels are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "common/base/pack.h"
#include "common/math/scale.h"
#include "common/nn/weights.h"
#include "formats/input.h"
#include "tests/unit/nn.h"

static char path[] = "/tmp/rapl-targets.XXXXXX";
static struct err e;

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

/* Rows of package-0 and dram, a second apart; dram alone in the third. */
static const float labels[][2] = {{10, 1}, {20, NAN},  {NAN, 3},
                                  {30, 5}, {NAN, NAN}, {40, 3}};
enum { ROWS = sizeof labels / sizeof *labels };

static void write_rows(const char *workload)
{
    static char target[] = "package-0,dram", split[] = "none";
    struct window_spec spec = {.delays = 1,
                               .tau = 1,
                               .interval_ns = 1000000000,
                               .target = target,
                               .split = split};
    struct stream_header h = {.kind = STREAM_WINDOW};
    struct stream_writer *w = NULL;

    strings_add(&spec.features, "user_pct");
    window_channels(&h.channels, &spec);
    window_spec_to_meta(&spec, &h.meta);
    if (workload)
        labels_set(&h.meta, "workload", workload);
    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    assert_int_equal(stream_writer_begin(w, &h, &e), 0);
    for (int i = 0; i < ROWS; i++) {
        const uint64_t cells[] = {
            bits_of_f32((float)i), bits_of_f32(labels[i][0]),
            bits_of_f32(labels[i][1]), bits_of_f32(1), PART_NONE};

        assert_int_equal(
            stream_writer_row(w, (i + 1) * 1000000000ll, cells, &e), 0);
    }
    assert_int_equal(stream_writer_close(w, &e), 0);
    stream_header_release(&h);
    strings_release(&spec.features);
}

static void one_label_makes_a_window(void **state)
{
    static const uint32_t want[] = {0, 1, 2, 3, 5};
    struct dataset ds = {0};
    struct window_set set;
    float got[5 * 2];

    (void)state;
    write_rows(NULL);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(ds.K, 2);
    set = dataset_part(&ds, PART_TRAIN);
    assert_int_equal(set.N, 5);
    assert_int_equal(window_set_targets(&set), 2);
    assert_memory_equal(set.end, want, sizeof want);
    embed_labels(&set, set.end, set.N, got);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 2; k++)
            assert_memory_equal(&got[2 * i + k], &labels[want[i]][k], 4);
    dataset_release(&ds);
}

/* Each target is scaled by the rows where it is known. */
static void targets_are_scaled_apart(void **state)
{
    const struct scaling s = {.inputs = SCALE_NONE, .target = SCALE_MINMAX};
    struct dataset ds = {0};
    struct input in = {0}, back = {0};
    struct checkpoint c = {0};

    (void)state;
    write_rows(NULL);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(input_fit(&in, &s, &ds, &e), 0);
    assert_true(in.target.offset[0] == 10 && in.target.offset[1] == 1);
    assert_float_equal(in.target.factor[0], 1.0 / 30, 1e-9);
    assert_float_equal(in.target.factor[1], 1.0 / 4, 1e-9);
    assert_float_equal(ds.label[2 * 3], 2.0 / 3, 1e-6);
    assert_true(ds.label[2 * 3 + 1] == 1 && isnan(ds.label[2 * 1 + 1]));
    input_to_checkpoint(&in, &c);
    assert_int_equal(checkpoint_find(&c, "target.factor")->n, 2);
    assert_int_equal(input_from_checkpoint(&back, &s, 1, 2, &c, &e), 0);
    assert_true(back.target.offset[1] == 1);
    input_release(&back);
    assert_int_equal(input_from_checkpoint(&back, &s, 1, 1, &c, &e), -1);
    input_release(&back);
    checkpoint_release(&c);
    input_release(&in);
    dataset_release(&ds);
}

static void classes_are_values_of_a_label(void **state)
{
    struct dataset ds = {.class_key = "workload"};
    struct labels plain = {0}, classed = {0};
    struct dataset other = {0};

    (void)state;
    write_rows("idle");
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    write_rows(NULL);
    assert_int_equal(dataset_add(&ds, path, &e), 0);
    assert_int_equal(ds.class.values.n, 2);
    assert_string_equal(ds.class.values.at[0], "idle");
    assert_string_equal(ds.class.values.at[1], "");
    for (int i = 0; i < 2 * ROWS; i++)
        assert_int_equal(dataset_part(&ds, PART_TRAIN).class[i], i / ROWS);
    write_rows("idle");
    assert_int_equal(dataset_add(&other, path, &e), 0);
    dataset_describe(&other, &plain);
    other.class_key = NULL;
    dataset_describe(&ds, &classed);
    assert_string_not_equal(labels_get(&plain, "data.sha256"),
                            labels_get(&classed, "data.sha256"));
    labels_release(&plain);
    labels_release(&classed);
    dataset_release(&other);
    dataset_release(&ds);
}

static void names_are_checked(void **state)
{
    static const char *const good[] = {"package", "none", "auto", "a,b",
                                       "0,1,2,3,4,5,6,7,8,9,a,b,c,d,e,f"};
    static const char *const bad[] = {
        "",      ",",      "a,a",
        "a,,b",  "a,none", "auto,a",
        "a,b,a", "a,",     "0,1,2,3,4,5,6,7,8,9,a,b,c,d,e,f,g"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct strings out = {0};

        assert_int_equal(window_targets_parse(&out, good[i], &e), 0);
        strings_release(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct strings out = {0};

        if (window_targets_parse(&out, bad[i], &e) == 0)
            fail_msg("'%s' passes", bad[i]);
        strings_release(&out);
    }
}

/* The weights of YAML's training, for these classes of 6 and 2 windows. */
static int weigh(const char *yaml, float out[2])
{
    static const uint16_t class[] = {0, 0, 0, 0, 0, 0, 1, 1};
    static const uint32_t end[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const struct window_set train = {.end = end, .N = 8, .class = class};
    struct strings names = {0};
    struct node *root = NULL;
    struct weights w;
    int rc;

    strings_add(&names, "many");
    strings_add(&names, "few");
    assert_int_equal(config_parse(&root, "m.yaml", yaml, strlen(yaml), &e), 0);
    rc = weights_read(&w, root, &e);
    if (rc == 0)
        rc = weights_of_classes(&w, &names, &train, out, &e);
    node_free(root);
    strings_release(&names);
    return rc;
}

static void weights_have_a_mean_of_one(void **state)
{
    float w[2];

    (void)state;
    assert_int_equal(
        weigh("class_weights: {label: workload, balance: true}", w), 0);
    assert_float_equal(w[0], 4.0 / 6, 1e-6);
    assert_float_equal(w[1], 4.0 / 2, 1e-6);
    assert_int_equal(
        weigh("class_weights: {label: workload, weights: {few: 5}}", w), 0);
    assert_float_equal(w[0], .5, 1e-6);
    assert_float_equal(w[1], 2.5, 1e-6);
    assert_int_equal(
        weigh("class_weights: {label: workload, weights: {none: 5}}", w), -1);
    assert_non_null(strstr(e.msg, "m.yaml:1: class_weights: no workload is "
                                  "called 'none'; there are: many, few"));
}

static int outputs(const char *yaml, size_t n_targets)
{
    struct model_use use = {.D = 2, .delays = 3, .n_targets = n_targets};
    struct node *root = NULL;
    struct model *m = NULL;
    int n = -1;

    assert_int_equal(config_parse(&root, "m.yaml", yaml, strlen(yaml), &e), 0);
    if (model_build(&m, root, &use, &e) == 0)
        n = (int)m->n_out;
    model_free(m);
    node_free(root);
    return n;
}

static void a_model_gives_what_is_wanted(void **state)
{
    static const char all[] = "layers:\n- {type: dense, out: targets}\n";
    static const char two[] = "layers:\n- {type: dense, out: 2}\n";

    (void)state;
    assert_int_equal(outputs(all, 1), 1);
    assert_int_equal(outputs(all, 3), 3);
    assert_int_equal(outputs(two, 2), 2);
    assert_int_equal(outputs(two, 0), 2);
    assert_int_equal(outputs(two, 3), -1);
    assert_non_null(strstr(e.msg, "m.yaml:2: 2 values come out, and the "
                                  "windows have 3 targets"));
    assert_int_equal(outputs(two, 1), -1);
    assert_non_null(strstr(e.msg, "m.yaml:2: 2 values come out; one"));
    assert_int_equal(outputs(all, 0), -1);
    assert_non_null(strstr(e.msg, "m.yaml:2: out: targets"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_label_makes_a_window),
        cmocka_unit_test(targets_are_scaled_apart),
        cmocka_unit_test(classes_are_values_of_a_label),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(weights_have_a_mean_of_one),
        cmocka_unit_test(a_model_gives_what_is_wanted),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
