/* Training: as PyTorch does it, the same for any threads, resumable. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/adam.h"
#include "common/nn/train.h"
#include "tests/unit/nn.h"
#include "tests/unit/rig.h"

#define SMALL                                    \
    "layers: [{type: dense, name: a, out: 33}, " \
    "{type: relu}, {type: dropout, rate: 0.3}, " \
    "{type: dense, name: b, out: 1}]"

/* One of every kind of layer with parameters. */
static const char *const each[] = {
    SMALL,
    "layers: [{type: conv1d, name: a, out: 9}, {type: relu}, {type: maxpool}, "
    "{type: dense, name: b, out: 1}]",
    "layers: [{type: conv1d, name: a, out: 5, kernel: 2, padding: 1}, "
    "{type: lstm, name: b, hidden: 19}, {type: dropout, rate: 0.2}, "
    "{type: dense, name: c, out: 1}]",
    "layers: [{type: parallel, paths: [{type: conv1d, out: 3}, {type: conv1d, "
    "out: 4, kernel: 5}]}, {type: batch_norm, name: bn}, {type: relu}, "
    "{type: residual, layers: [{type: conv1d, out: 7}, {type: batch_norm}, "
    "{type: dropout, rate: 0.2}]}, {type: dense, out: 5}, {type: batch_norm}, "
    "{type: dense, out: 1}]",
};
#define N_EACH (sizeof each / sizeof *each)

enum { D = 3, DELAYS = 4, N = 333, T = N + DELAYS - 1 };

static struct err e;

struct data {
    float x[T * D], label[T];
    uint32_t end[N];
    struct window_set set;
};

static void make_data(struct data *d)
{
    for (size_t i = 0; i < T * D; i++)
        d->x[i] = (float)rng_unit(rng_at(1, 1, i));
    for (size_t i = 0; i < T; i++)
        d->label[i] = 2 * d->x[i * D] - d->x[i * D + 1];
    for (uint32_t i = 0; i < N; i++)
        d->end[i] = i + DELAYS - 1;
    d->set = (struct window_set){.x = d->x,
                                 .label = d->label,
                                 .end = d->end,
                                 .T = T,
                                 .D = D,
                                 .N = N,
                                 .delays = DELAYS,
                                 .tau = 1};
}

static struct rig *rig_of(const char *yaml, int threads)
{
    struct rig *r = xcalloc(1, sizeof *r);

    r->data = xcalloc(1, sizeof *r->data);
    make_data(r->data);
    r->set = r->data->set;
    train_options_init(&r->options);
    r->options.batch = 150; /* shards of 64, 64, 22; last batch of 33 */
    r->options.lr = 1e-2;
    r->pool = pool_new(threads);
    r->model = model_of(yaml, D, DELAYS, &e);
    assert_non_null(r->model);
    return rig_ready(r);
}

static struct rig *rig_new(int threads)
{
    return rig_of(SMALL, threads);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_EACH; k++) {
        struct rig *one = rig_of(each[k], 1);

        for (int i = 0; i < 3; i++)
            run_epoch(one);
        for (int threads = 2; threads <= 3; threads++) {
            struct rig *many = rig_of(each[k], threads);

            for (int i = 0; i < 3; i++)
                run_epoch(many);
            assert_same(one, many);
            rig_free(many);
        }
        rig_free(one);
    }
}

/* The mean loss of an epoch over the first n windows, at a rate of 0. */
static double loss_at_rest(struct rig *r, size_t n, int64_t batch)
{
    struct train_options o = r->options;
    struct window_set set = r->set;
    struct trainer *t;
    double loss;

    o.lr = 0;
    o.batch = batch;
    set.N = n;
    t = trainer_new(r->model, &o, &set, r->pool);
    while (trainer_step(t, &e) > 0)
        ;
    loss = trainer_epoch_end(t, 1).train_loss;
    trainer_free(t);
    return loss;
}

static void an_epoch_takes_each_window_once(void **state)
{
    struct rig *r = rig_new(2);
    double want = rig_loss(r);

    (void)state;
    r->model->layer[2].rate = 0;
    assert_true(fabs(loss_at_rest(r, N, 150) - want) < 1e-6 * want);
    assert_true(fabs(loss_at_rest(r, N, 32) - want) < 1e-6 * want);
    rig_free(r);
}

/* Windows that are all alike differ by dropout, in the second shard as well. */
static void shards_drop_different_values(void **state)
{
    struct rig *r = rig_new(1);

    (void)state;
    for (size_t i = 0; i < T * D; i++)
        r->data->x[i] = r->data->label[i / D] = .5f;
    assert_true(loss_at_rest(r, 64, 64) == loss_at_rest(r, 64, 64));
    assert_true(fabs(loss_at_rest(r, 128, 128) - loss_at_rest(r, 64, 64)) >
                1e-9);
    rig_free(r);
}

static void training_learns(void **state)
{
    struct rig *r = rig_new(2);
    double first = run_epoch(r).valid_loss, last = first;

    (void)state;
    assert_int_equal(trainer_batches(r->trainer), 3);
    for (int i = 0; i < 40; i++)
        last = run_epoch(r).valid_loss;
    assert_true(last < .02 && first > .1);
    trainer_swap_best(r->trainer);
    assert_true(fabs(rig_loss(r) - trainer_state(r->trainer)->best) < 1e-12);
    rig_free(r);
}

/* The running statistics are kept with the best epoch as well. */
static void the_best_is_kept_whole(void **state)
{
    struct rig *r = rig_of(each[N_EACH - 1], 1);
    const float *mean =
        tensors_find(&r->model->tensors, "bn.running_mean")->data;
    float best, last;

    (void)state;
    run_epoch(r);
    best = mean[0];
    while (trainer_step(r->trainer, &e) > 0)
        ;
    trainer_epoch_end(r->trainer, HUGE_VAL);
    last = mean[0];
    assert_true(last != best);
    trainer_swap_best(r->trainer);
    assert_true(mean[0] == best);
    trainer_swap_best(r->trainer);
    assert_true(mean[0] == last);
    rig_free(r);
}

/* Carry a state over as a checkpoint does: by name and by text. */
static void carry(const struct rig *from, struct rig *to)
{
    const struct tensors *a = trainer_tensors(from->trainer);
    const struct tensors *b = trainer_tensors(to->trainer);
    struct labels ls = {0};

    for (size_t i = 0; i < a->n; i++) {
        const struct tensor *t = tensors_find(b, a->at[i].name);

        assert_non_null(t);
        memcpy(t->data, a->at[i].data, tensor_count(t) * sizeof(float));
    }
    train_state_to_labels(trainer_state(from->trainer), &ls);
    assert_int_equal(
        train_state_from_labels(trainer_state(to->trainer), &ls, &e), 0);
    labels_set(&ls, "train.epoch", "3 or so");
    assert_int_equal(
        train_state_from_labels(trainer_state(to->trainer), &ls, &e), -1);
    labels_set(&ls, "train.epoch", "2");
    assert_int_equal(
        train_state_from_labels(trainer_state(to->trainer), &ls, &e), 0);
    labels_release(&ls);
}

/* Four epochs are two, a step of the third, a new process, and the rest. */
static void check_resume(const char *yaml)
{
    struct rig *whole = rig_of(yaml, 1), *first = rig_of(yaml, 2);
    struct rig *second = rig_of(yaml, 1);

    for (int i = 0; i < 4; i++)
        run_epoch(whole);
    run_epoch(first);
    run_epoch(first);
    assert_int_equal(trainer_step(first->trainer, &e), 1);
    carry(first, second);
    for (int i = 0; i < 2; i++)
        run_epoch(second);
    assert_same(whole, second);
    rig_free(whole);
    rig_free(first);
    rig_free(second);
}

static void training_resumes_to_the_bit(void **state)
{
    (void)state;
    for (size_t k = 0; k < N_EACH; k++)
        check_resume(each[k]);
}

static void a_bad_loss_is_named(void **state)
{
    struct rig *r = rig_new(1);
    float before;

    (void)state;
    r->data->x[100 * D] = NAN;
    before = r->model->params[0];
    while (trainer_step(r->trainer, &e) > 0)
        before = r->model->params[0];
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.msg, "epoch 1, batch "));
    assert_non_null(strstr(e.msg, "an input"));
    assert_true(r->model->params[0] == before);
    r->data->x[100 * D] = 0;
    tensors_find(&r->model->tensors, "b.weight")->data[0] = INFINITY;
    assert_int_equal(trainer_step(r->trainer, &e), -1);
    assert_non_null(strstr(e.msg, "b.weight"));
    rig_free(r);
}

/* Finite weights, and a product that is not: named in whatever shard it is,
 * and running statistics stay as they were. */
static void a_bad_layer_is_named(void **state)
{
    struct rig *r = rig_of("layers: [{type: batch_norm, name: n}, {type: dense,"
                           " name: a, out: 2}, {type: relu}, {type: dense, "
                           "name: b, out: 1}]",
                           2);
    const float *mean =
        tensors_find(&r->model->tensors, "n.running_mean")->data;
    float before;

    (void)state;
    assert_int_equal(trainer_step(r->trainer, &e), 1);
    before = *mean;
    assert_true(before != 0);
    for (int i = 0; i < 2; i++)
        tensors_find(&r->model->tensors, "a.bias")->data[i] = 3e38f;
    for (int i = 0; i < 2; i++)
        tensors_find(&r->model->tensors, "b.weight")->data[i] = 1e10f;
    assert_int_equal(trainer_step(r->trainer, &e), -1);
    assert_non_null(strstr(e.msg, "epoch 1, batch 2: "));
    assert_non_null(strstr(e.msg, "layer b gives"));
    assert_true(*mean == before);
    rig_free(r);
}

/* ReduceLROnPlateau(factor=.5, patience=2, min_lr=2e-3), and stop after 7. */
static void plateaus_lower_the_rate_and_stop(void **state)
{
    static const struct {
        double loss, next_lr;
        bool best;
    } epochs[] = {
        {1, 1e-2, true},      {.5, 1e-2, true},    {.6, 1e-2, false},
        {.49999, 1e-2, true}, {.6, 5e-3, false},   {.5, 5e-3, false},
        {.5, 5e-3, false},    {.5, 2.5e-3, false}, {.5, 2.5e-3, false},
        {.5, 2.5e-3, false},  {.5, 2e-3, false},
    };
    struct rig *r = rig_new(1);
    struct trainer *t;

    (void)state;
    r->options.plateau_patience = 2;
    r->options.min_lr = 2e-3;
    r->options.stop_patience = 7;
    t = trainer_new(r->model, &r->options, &r->set, r->pool);
    for (size_t i = 0; i < sizeof epochs / sizeof *epochs; i++) {
        struct train_verdict v = trainer_epoch_end(t, epochs[i].loss);

        assert_int_equal(v.best, epochs[i].best);
        assert_true(fabs(trainer_state(t)->lr - epochs[i].next_lr) < 1e-12);
        assert_int_equal(v.stop, i == 10);
    }
    assert_int_equal(trainer_state(t)->best_epoch, 4);
    trainer_free(t);
    rig_free(r);
}

static void adam_is_adam(void **state)
{
    enum { P = 3000, GRADS = 3, STEPS = 5 };
    static float grad[GRADS * P], p[P], m[P], v[P];
    static double p2[P], m2[P], v2[P];

    (void)state;
    for (uint64_t i = 0; i < P; i++)
        p2[i] = p[i] = (float)rng_unit(rng_at(1, 1, i));
    for (uint64_t step = 1; step <= STEPS; step++) {
        struct adam a = {1e-2, 3e-2, false, 1, step};
        double t = (double)step;

        for (uint64_t i = 0; i < GRADS * P; i++)
            grad[i] = (float)rng_unit(rng_at(2, step, i)) - .5f;
        adam_step(&a, P, grad, GRADS, P, p, m, v);
        for (int i = 0; i < P; i++) {
            double g = 3e-2 * p2[i];

            for (int k = 0; k < GRADS; k++)
                g += (double)grad[k * P + i];
            m2[i] = .9 * m2[i] + .1 * g;
            v2[i] = .999 * v2[i] + .001 * g * g;
            p2[i] -= 1e-2 / (1 - pow(.9, t)) * m2[i] /
                     (sqrt(v2[i] / (1 - pow(.999, t))) + 1e-8);
        }
    }
    for (int i = 0; i < P; i++)
        assert_true(fabs((double)p[i] - p2[i]) < 1e-5);
}

static void losses_are_pytorchs(void **state)
{
    static const struct {
        const char *name;
        double delta, sum;
        float slope[5];
    } want[] = {
        /* of y - target = -3, -0.5, 0, 0.25, 2 */
        {"mse", 0, 13.3125, {-6, -1, 0, .5f, 4}},
        {"mae", 0, 5.75, {-1, -1, 0, 1, 1}},
        {"huber", 1, 4.15625, {-1, -.5f, 0, .25f, 1}},
        {"huber", .25, 1.3125, {-.25f, -.25f, 0, .25f, .25f}},
    };
    const float y[] = {-2, 0, 3, 1.25f, 4}, target[] = {1, .5f, 3, 1, 2};
    float dy[5];

    (void)state;
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        struct loss_type l = *loss_type_find(want[k].name);

        l.delta = want[k].delta;
        assert_true(fabs(l.eval(&l, y, target, 5, .5f, dy) - want[k].sum) <
                    1e-12);
        for (int i = 0; i < 5; i++)
            assert_true(dy[i] == want[k].slope[i] / 2);
        assert_true(isnan(l.eval(&l, (float[]){NAN}, target, 1, 1, dy)));
    }
    assert_true(loss_type_find("huber")->delta == 1);
    assert_null(loss_type_find("hubert"));
}

static void options_are_read(void **state)
{
    const char *good = "{batch: 64, lr: 1.0e-3, loss: mse, mine: 3}";
    const char *bad = "lr: 1.0e-3\nloss: hubert\n";
    const char *huber = "{loss: huber, huber_delta: 2.5}";
    const char *mae = "loss: mae\nhuber_delta: 2\n";
    struct train_options o;
    struct node *root;

    (void)state;
    train_options_init(&o);
    assert_int_equal(config_parse(&root, "t", good, strlen(good), &e), 0);
    assert_int_equal(train_options_read(&o, root, &e), 0);
    node_free(root);
    assert_true(o.batch == 64 && o.lr == 1e-3 && o.stop_patience == 15);
    assert_int_equal(config_parse(&root, "t", huber, strlen(huber), &e), 0);
    assert_int_equal(train_options_read(&o, root, &e), 0);
    node_free(root);
    assert_true(strcmp(o.loss.name, "huber") == 0 && o.loss.delta == 2.5);
    assert_int_equal(config_parse(&root, "t", mae, strlen(mae), &e), 0);
    assert_int_equal(train_options_read(&o, root, &e), -1);
    assert_non_null(strstr(e.msg, "t:2:"));
    node_free(root);
    assert_int_equal(config_parse(&root, "t", bad, strlen(bad), &e), 0);
    assert_int_equal(train_options_read(&o, root, &e), -1);
    assert_non_null(strstr(e.msg, "t:2:"));
    assert_non_null(strstr(e.msg, "mse"));
    node_free(root);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_is_adam),
        cmocka_unit_test(losses_are_pytorchs),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(an_epoch_takes_each_window_once),
        cmocka_unit_test(shards_drop_different_values),
        cmocka_unit_test(training_learns),
        cmocka_unit_test(the_best_is_kept_whole),
        cmocka_unit_test(training_resumes_to_the_bit),
        cmocka_unit_test(a_bad_loss_is_named),
        cmocka_unit_test(a_bad_layer_is_named),
        cmocka_unit_test(plateaus_lower_the_rate_and_stop),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
