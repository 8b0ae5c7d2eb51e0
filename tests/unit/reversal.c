/* Training with branches: the same bits, and what reversal does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/math/blas.h"
#include "common/nn/train.h"
#include "common/nn/workspace.h"
#include "tests/unit/nn.h"
#include "tests/unit/rig.h"

enum { MACHINES = 3, D = 2, DELAYS = 3, N = 600, T = N + DELAYS - 1 };

static struct err e;

static struct model *must(const char *yaml, size_t n_features, size_t delays)
{
    struct model *m = trained_model_of(yaml, n_features, delays, MACHINES, &e);

    if (!m)
        fail_msg("%s", e.msg);
    return m;
}

/* Machines differ in the first feature's offset; power is in the second. */
struct data {
    float x[T * D], label[T];
    uint16_t machine[T];
    uint32_t end[N];
    struct window_set set;
};

static void make_data(struct data *d)
{
    for (size_t i = 0; i < T; i++) {
        d->machine[i] = (uint16_t)(i * MACHINES / T);
        d->x[i * D] =
            (float)(rng_unit(rng_at(1, 1, i)) * .3) + .35f * d->machine[i];
        d->x[i * D + 1] = (float)rng_unit(rng_at(1, 2, i));
        d->label[i] = 2 * d->x[i * D + 1] - 1;
    }
    for (uint32_t i = 0; i < N; i++)
        d->end[i] = i + DELAYS - 1;
    d->set = (struct window_set){.x = d->x,
                                 .label = d->label,
                                 .end = d->end,
                                 .T = T,
                                 .D = D,
                                 .N = N,
                                 .delays = DELAYS,
                                 .tau = 1,
                                 .machine = d->machine};
}

#define LATENT 4
#define FORGET(settings)                                                     \
    "layers: [{type: dense, out: 16}, {type: relu}, {type: dense, out: 4}, " \
    "{type: branch, name: disc, loss: machine, " settings                    \
    "layers: [{type: dense, out: 16}, {type: relu}, "                        \
    "{type: dense, out: machines}]}, {type: dense, out: 1}]"

static struct rig *rig_new(const char *yaml, int threads)
{
    struct rig *r = xcalloc(1, sizeof *r);

    r->data = xcalloc(1, sizeof *r->data);
    make_data(r->data);
    r->set = r->data->set;
    train_options_init(&r->options);
    r->options.batch = 150;
    r->options.lr = 5e-3;
    r->options.clip_norm = .5;
    r->options.schedule = SCHEDULE_COSINE;
    r->options.warmup_steps = 7;
    r->pool = pool_new(threads);
    r->model = must(yaml, D, DELAYS);
    return rig_ready(r);
}

static void bits_do_not_depend_on_threads(void **state)
{
    static const char yaml[] = FORGET("reverse: true, ");
    struct rig *one = rig_new(yaml, 1);

    (void)state;
    for (int i = 0; i < 3; i++)
        run_epoch(one);
    for (int threads = 2; threads <= 3; threads++) {
        struct rig *many = rig_new(yaml, threads);

        for (int i = 0; i < 3; i++)
            run_epoch(many);
        assert_same(one, many);
        rig_free(many);
    }
    rig_free(one);
}

/* Carried over in the midst of the second epoch, warm-up and all. */
static void training_resumes_to_the_bit(void **state)
{
    static const char yaml[] = FORGET("reverse: true, ");
    struct rig *whole = rig_new(yaml, 2), *first = rig_new(yaml, 1),
               *second = rig_new(yaml, 3);
    const struct tensors *from = trainer_tensors(first->trainer);
    struct labels ls = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        run_epoch(whole);
    run_epoch(first);
    assert_int_equal(trainer_step(first->trainer, &e), 1);
    for (size_t i = 0; i < from->n; i++)
        memcpy(tensors_find(trainer_tensors(second->trainer), from->at[i].name)
                   ->data,
               from->at[i].data, tensor_count(&from->at[i]) * sizeof(float));
    train_state_to_labels(trainer_state(first->trainer), &ls);
    assert_int_equal(
        train_state_from_labels(trainer_state(second->trainer), &ls, &e), 0);
    run_epoch(second);
    run_epoch(second);
    assert_same(whole, second);
    labels_release(&ls);
    rig_free(whole);
    rig_free(first);
    rig_free(second);
}

/* What the encoder makes of each window, to z (N, LATENT). */
static void encode(const struct rig *r, float *z)
{
    struct workspace *w = workspace_new(r->model, N, false);
    struct pass pass = {.n = N};

    embed(r->data->x, D, DELAYS, 1, r->data->end, N, w->input);
    workspace_forward(w, &pass, w->input);
    memcpy(z, w->value[2], N * LATENT * sizeof *z);
    workspace_free(w);
}

/* The windows whose machine a network learns from the latents alone. */
static double told_apart(const struct rig *r)
{
    float *z = xcalloc(N * LATENT, sizeof *z), *y;
    struct model *m = must("layers: [{type: branch, name: b, loss: machine, "
                           "layers: [{type: dense, out: 32}, {type: relu}, "
                           "{type: dense, out: machines}]}, "
                           "{type: dense, out: 1}]",
                           LATENT, 1);
    struct pass pass = {.n = N, .training = true, .batch = N};
    uint16_t machine[N];
    float label[N] = {0};
    uint32_t end[N];
    struct window_set set = {.x = z,
                             .label = label,
                             .end = end,
                             .T = N,
                             .D = LATENT,
                             .N = N,
                             .delays = 1,
                             .tau = 1,
                             .machine = machine};
    struct train_options o;
    struct workspace *w;
    struct trainer *t;
    double right = 0;

    train_options_init(&o);
    o.lr = 1e-2;
    encode(r, z);
    for (uint32_t i = 0; i < N; i++) {
        end[i] = i;
        machine[i] = r->data->machine[r->data->end[i]];
    }
    model_init(m, 8);
    t = trainer_new(m, &o, &set, r->pool);
    for (int epoch = 0; epoch < 100; epoch++) {
        while (trainer_step(t, &e) > 0)
            ;
        trainer_epoch_end(t, 1);
    }
    w = workspace_new(m, N, true);
    pass.machine = machine;
    memcpy(w->input, z, N * LATENT * sizeof *z);
    workspace_forward(w, &pass, w->input);
    y = w->value[2]; /* the last of the branch */
    for (size_t i = 0; i < N; i++, y += MACHINES) {
        size_t guess = 0;

        for (size_t k = 1; k < MACHINES; k++)
            guess = y[k] > y[guess] ? k : guess;
        right += guess == machine[i];
    }
    trainer_free(t);
    workspace_free(w);
    model_free(m);
    free(z);
    return right / N;
}

static double knows_machine(const char *yaml, double *loss)
{
    struct rig *r = rig_new(yaml, 1);
    double share;

    for (int i = 0; i < 100; i++)
        *loss = run_epoch(r).valid_loss;
    share = told_apart(r);
    rig_free(r);
    return share;
}

/* A branch makes the encoder keep the machine; reversed, forget it. */
static void reversal_makes_forget(void **state)
{
    double loss[2], with, against;

    (void)state;
    with = knows_machine(FORGET(""), &loss[0]);
    against = knows_machine(FORGET("reverse: true, lambda: 0.1, "), &loss[1]);
    assert_true(with > .95 && against < .75);
    assert_true(loss[0] < .01 && loss[1] < .01); /* both predict power */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(training_resumes_to_the_bit),
        cmocka_unit_test(reversal_makes_forget),
    };

    (void)argc;
    blas_start(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
