/*
 * Models of a kind, by way of data, fit and checkpoint: what they predict is
 * what common/physical and common/gbdt predict on their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/pack.h"
#include "common/base/rng.h"
#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "formats/config.h"
#include "formats/sample.h"
#include "formats/training.h"

enum { RUNS = 12, ROWS = 150, N = RUNS * ROWS, CPUS = 24 };

static char path[] = "/tmp/rapl-estimator.XXXXXX";
static char checkpoint[] = "/tmp/rapl-estimator.XXXXXX";
static struct err e;

/* What the stream at `path` holds. */
static struct {
    float busy[N], watts[N];
    uint32_t workload[N], session[N], recording[N];
} rows;

static void make_rows(void)
{
    for (size_t i = 0; i < N; i++) {
        uint32_t run = (uint32_t)(i / ROWS);
        double b = rng_at(1, 0, i) % 3 ? CPUS * rng_unit(rng_at(1, 1, i)) : 0;

        rows.busy[i] = (float)b;
        rows.watts[i] =
            (float)(5 + 8 * (1 - exp(-b / 1.5)) + (1 + .1 * (run % 4)) * b +
                    rng_unit(rng_at(1, 2, i)) - .5);
        rows.workload[i] = run % 4;
        rows.session[i] = run % 3;
        rows.recording[i] = run;
    }
}

/* cpus of run 0 .. first_runs - 1 as given, of others CPUS; a row of a smaller
 * machine is that of the large one in proportion. */
static void write_stream(int first_runs, int cpus)
{
    struct window_spec spec = {.delays = 1,
                               .tau = 1,
                               .interval_ns = 1000000000,
                               .target = (char *)"package",
                               .split = (char *)"none"};
    struct stream_writer *w = NULL;

    strings_add(&spec.features, "busy_cpus");
    assert_int_equal(stream_writer_open(&w, path, 0, &e), 0);
    for (int run = 0; run < RUNS; run++) {
        struct stream_header h = {.kind = STREAM_WINDOW};
        int n_cpus = run < first_runs ? cpus : CPUS;
        float k = (float)n_cpus / CPUS;

        window_channels(&h.channels, &spec);
        window_spec_to_meta(&spec, &h.meta);
        labels_setf(&h.meta, META_WORKLOAD, "w%d", run % 4);
        labels_setf(&h.meta, META_SESSION, "s%d", run % 3);
        labels_setf(&h.meta, META_RUN, "r%d", run / 4); /* not unique alone */
        labels_setf(&h.meta, META_CPUS, "%d", n_cpus);
        assert_int_equal(stream_writer_begin(w, &h, &e), 0);
        for (size_t i = (size_t)run * ROWS; i < (size_t)(run + 1) * ROWS; i++) {
            const uint64_t cells[] = {bits_of_f32(rows.busy[i] * k),
                                      bits_of_f32(rows.watts[i] * k),
                                      bits_of_f32(1), PART_NONE};

            assert_int_equal(
                stream_writer_row(w, (int64_t)i * 1000000000, cells, &e), 0);
        }
        stream_header_release(&h);
    }
    assert_int_equal(stream_writer_close(w, &e), 0);
    strings_release(&spec.features);
}

static void read_stream(struct dataset *ds)
{
    *ds = (struct dataset){.with_groups = true};
    if (dataset_add(ds, path, &e) < 0)
        fail_msg("%s", e.msg);
}

static struct node *read_plan(struct plan *plan, const char *yaml)
{
    struct node *root = NULL;

    if (config_parse(&root, "test.yaml", yaml, strlen(yaml), &e) < 0 ||
        plan_read(plan, root, &e) < 0)
        fail_msg("%s", e.msg);
    return root;
}

/* Fit to the data and write the checkpoint; m is fitted, ready to predict. */
static int fit(struct estimator *m, struct dataset *ds, const char *yaml)
{
    struct plan plan;
    struct training training = {0};
    struct node *root = read_plan(&plan, yaml);
    struct fitting f = {.plan = &plan, .data = ds, .fitted = &training.fitted};
    int rc;

    assert_int_equal(window_targets_parse(&m->targets, ds->spec.target, &e), 0);
    assert_int_equal(input_fit(&m->input, &plan.recipe.scaling, ds, &e), 0);
    rc = estimator_build(m, &plan, ds, NULL, &e);
    if (rc == 0)
        rc = estimator_fit(m, &f, &e);
    if (rc == 0) {
        labels_set(&training.identity, CHECKPOINT_MODEL,
                   plan.kind == &kind_gbdt
                       ? "{\"kind\":\"gbdt\",\"columns\":[\"last\"]}"
                       : "{\"kind\":\"physical\"}");
        window_spec_to_meta(&ds->spec, &training.identity);
        training.bytes =
            estimator_bytes(m, &training.bytes_name, &training.n_bytes);
        assert_int_equal(training_write(&training, estimator_tensors(m),
                                        &m->input, "none", false, checkpoint,
                                        &e),
                         0);
    }
    training_release(&training);
    node_free(root);
    return rc;
}

static void load(struct estimator *m, struct checkpoint *c)
{
    if (checkpoint_read(c, checkpoint, &e) < 0 ||
        estimator_load(m, c, "test.ckpt", NULL, &e) < 0)
        fail_msg("%s", e.msg);
}

static struct physical fit_alone(void)
{
    const struct physical_rows r = {
        N, rows.busy, rows.watts, rows.workload, rows.session, rows.recording};
    struct physical p;

    assert_int_equal(physical_fit(&p, &r, CPUS, &e), 0);
    return p;
}

static void groups_are_those_of_the_labels(void **state)
{
    struct dataset ds;

    (void)state;
    write_stream(0, CPUS);
    read_stream(&ds);
    assert_int_equal(ds.T, N);
    assert_int_equal(ds.group[GROUP_WORKLOAD].values.n, 4);
    assert_int_equal(ds.group[GROUP_SESSION].values.n, 3);
    assert_int_equal(ds.group[GROUP_RECORDING].values.n, RUNS);
    assert_int_equal(ds.group[GROUP_CPUS].values.n, 1);
    for (size_t i = 0; i < N; i++)
        assert_true(ds.group[GROUP_WORKLOAD].at[i] == rows.workload[i] &&
                    ds.group[GROUP_SESSION].at[i] == rows.session[i] &&
                    ds.group[GROUP_RECORDING].at[i] == rows.recording[i]);
    dataset_release(&ds);
}

/* What a checkpoint predicts is what the model alone does, to the rounding of
 * float32. */
static void physical_predicts_as_it_does_alone(void **state)
{
    struct estimator fitted = {0}, m = {0};
    struct checkpoint c = {0};
    struct physical alone = fit_alone();
    struct physical_prediction want[N];
    struct window_set set;
    struct dataset ds;

    (void)state;
    write_stream(0, CPUS);
    read_stream(&ds);
    assert_int_equal(fit(&fitted, &ds, "model: {kind: physical}"), 0);
    load(&m, &c);
    set = dataset_part(&ds, PART_TRAIN);
    estimator_predict(&m, &set);
    estimator_predict(&fitted, &set);
    physical_predict(&alone, rows.busy, N, want);
    for (size_t i = 0; i < N; i++) {
        struct prediction p = {.support = -1};

        estimator_put(&m, i, true, &p);
        assert_true(fabsf(p.power_w - want[i].watts) < 1e-4f);
        assert_true(fabsf(p.idle_w - want[i].idle) < 1e-4f);
        assert_true(fabsf(p.support - want[i].support) < 1e-3f);
        assert_true(fabsf((p.upper_w[INTERVAL_90] - p.power_w) / 1.644854f -
                          want[i].sd) < 1e-3f * want[i].sd);
        assert_true(estimator_watts(&m)[i] == p.power_w &&
                    estimator_watts(&fitted)[i] == p.power_w);
    }
    estimator_release(&fitted);
    estimator_release(&m);
    checkpoint_release(&c);
    dataset_release(&ds);
}

static void an_unknown_processor_has_no_interval(void **state)
{
    const uint32_t end = 0;
    const float busy = 3;
    const struct window_set set = {
        .x = &busy, .end = &end, .T = 1, .D = 1, .N = 1, .delays = 1, .tau = 1};
    struct prediction p = {.support = 1};
    struct estimator m = {0};
    struct checkpoint c = {0};

    (void)state;
    load(&m, &c);
    estimator_predict(&m, &set);
    estimator_put(&m, 0, false, &p);
    assert_true(p.power_w > 0 && p.support == 0);
    for (int i = 0; i < INTERVALS; i++)
        assert_true(isnan(p.lower_w[i]) && isnan(p.upper_w[i]));
    estimator_release(&m);
    checkpoint_release(&c);
}

/* Segments of another size of machine, and back. */
static void the_size_is_that_of_the_segment(void **state)
{
    const uint32_t end = 0;
    const float busy = 3;
    const struct window_set set = {
        .x = &busy, .end = &end, .T = 1, .D = 1, .N = 1, .delays = 1, .tau = 1};
    static const char *const cpus[] = {"12", "24", NULL, "x", "48"};
    static const double size[] = {12, 24, 24, 24, 48};
    struct estimator m = {0};
    struct checkpoint c = {0};

    (void)state;
    load(&m, &c);
    for (int i = 0; i < 5; i++) {
        struct physical p = m.physical;
        struct physical_prediction want;
        struct labels meta = {0};

        if (cpus[i])
            labels_set(&meta, META_CPUS, cpus[i]);
        estimator_begin(&m, &meta);
        estimator_predict(&m, &set);
        physical_resize(&p, size[i]);
        physical_predict(&p, &busy, 1, &want);
        assert_true(estimator_watts(&m)[0] == want.watts);
        labels_release(&meta);
    }
    estimator_release(&m);
    checkpoint_release(&c);
}

/* Half a machine's rows, taken to the whole one, are the same rows. */
static void machines_of_two_sizes_are_taken_to_one(void **state)
{
    struct estimator m = {0};
    struct physical alone = fit_alone();
    struct dataset ds;

    (void)state;
    write_stream(4, CPUS / 2);
    read_stream(&ds);
    assert_int_equal(fit(&m, &ds, "model: {kind: physical}"), 0);
    assert_true(m.physical.n_cpus == CPUS);
    for (int i = 0; i < BASIS; i++)
        assert_true(fabs(m.physical.curve[i] - alone.curve[i]) < 1e-5);
    estimator_release(&m);
    dataset_release(&ds);
}

static void a_checkpoint_takes_another_physical(void **state)
{
    float store[PHYSICAL_STORE];
    struct physical p, back;
    struct checkpoint c = {0};
    size_t n;

    (void)state;
    assert_int_equal(checkpoint_read(&c, checkpoint, &e), 0);
    assert_int_equal(physical_from_checkpoint(&p, &c, &e), 0);
    n = c.n_tensors;
    p.idle_gap_w = -.5;
    p.curve[0] += 1;
    physical_to_checkpoint(&p, store, &c);
    assert_int_equal(c.n_tensors, n);
    assert_int_equal(checkpoint_write(&c, checkpoint, &e), 0);
    checkpoint_release(&c);
    assert_int_equal(checkpoint_read(&c, checkpoint, &e), 0);
    assert_int_equal(physical_from_checkpoint(&back, &c, &e), 0);
    assert_true(back.idle_gap_w == -.5);
    assert_true(fabs(back.curve[0] - p.curve[0]) < 1e-5);
    checkpoint_release(&c);
    physical_to_checkpoint(&p, store, &c); /* one that has none */
    assert_int_equal(c.n_tensors, 6);
    checkpoint_release(&c);
}

static void trees_predict_as_they_do_alone(void **state)
{
    struct estimator fitted = {0}, m = {0};
    struct checkpoint c = {0};
    struct window_set set;
    struct dataset ds;
    float want[N];

    (void)state;
    write_stream(0, CPUS);
    read_stream(&ds);
    if (fit(&fitted, &ds,
            "model: {kind: gbdt, columns: [last]}\n"
            "training: {trees: 10, depth: 3}") < 0) {
        assert_non_null(strstr(e.msg, "install libxgboost-dev"));
        estimator_release(&fitted);
        dataset_release(&ds);
        fprintf(stderr, "# SKIPPED: XGBoost is not installed\n");
        return;
    }
    load(&m, &c);
    assert_int_equal(gbdt_trees(m.forest), 10);
    set = dataset_part(&ds, PART_TRAIN);
    estimator_predict(&m, &set);
    gbdt_predict(fitted.forest, rows.busy, N, want);
    assert_memory_equal(estimator_watts(&m), want, sizeof want);
    estimator_release(&fitted);
    estimator_release(&m);
    checkpoint_release(&c);
    dataset_release(&ds);
}

static int begin(void **state)
{
    int a = mkstemp(path), b = mkstemp(checkpoint);

    (void)state;
    make_rows();
    return a < 0 || b < 0 ? -1 : close(a) | close(b);
}

static int end(void **state)
{
    (void)state;
    return unlink(path) | unlink(checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_those_of_the_labels),
        cmocka_unit_test(physical_predicts_as_it_does_alone),
        cmocka_unit_test(an_unknown_processor_has_no_interval),
        cmocka_unit_test(the_size_is_that_of_the_segment),
        cmocka_unit_test(machines_of_two_sizes_are_taken_to_one),
        cmocka_unit_test(a_checkpoint_takes_another_physical),
        cmocka_unit_test(trees_predict_as_they_do_alone),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
