#include "common/nn/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/adam.h"
#include "common/nn/workspace.h"

enum {
    SHARD = 64,       /* rows of a batch with one gradient of their own */
    MAX_SHARDS = 64,  /* more rows a shard where a batch would have more */
    RANGE = 8192,     /* parameters that one task updates */
    EVALUATE = 65536, /* windows predicted at a time */
};

#define ORDER_STREAM 0x6f72646572ull

struct trainer {
    struct model *model;
    struct train_options options;
    struct window_set set;
    struct pool *pool;
    struct train_state state;
    struct tensors tensors;

    float *moment[2], *best; /* laid out as model->params */
    float *grad;             /* (shards, model->size) */
    double *loss;            /* (shards) summed over their rows */
    double *squares;         /* (ranges) of the gradient, summed */
    float *target;           /* (workspaces, shard_rows, K) */
    float *weight;           /* (workspaces, shard_rows) of rows, in the loss */
    uint16_t *machine;       /* (workspaces, shard_rows), for branches */
    struct workspace **work; /* one a thread, or one a shard where a layer */
    size_t n_work;           /*   looks at the whole batch */
    size_t shard_rows;
    uint32_t *order; /* (N) window ends as this epoch takes them */
    bool ordered;
    uint64_t order_epoch;

    size_t first, n, n_shards; /* the batch at hand: windows in `order` */
    size_t part;               /* of the pass: see workspace.h */
    size_t n_grads;            /* the gradient is the sum of so many */
    struct adam adam;          /* its step */
};

static size_t n_ranges(const struct trainer *t)
{
    return (t->model->size + RANGE - 1) / RANGE;
}

static float *like_params(const struct model *m)
{
    float *p = xmalloc_aligned(m->size_all, sizeof *p);

    memset(p, 0, m->size_all * sizeof *p);
    return p;
}

static void name_tensors(struct trainer *t)
{
    struct model *m = t->model;
    static const char *const prefix[] = {"", "train.last.", "train.m.",
                                         "train.v."};
    float *base[] = {t->best, m->params, t->moment[0], t->moment[1]};

    for (int k = 0; k < 4; k++)
        for (size_t i = 0; i < m->tensors.n; i++) {
            const struct tensor *p = &m->tensors.at[i];
            char *name = xasprintf("%s%s", prefix[k], p->name);

            if (k < 2 || !p->buffer)
                tensors_add(&t->tensors, name, p->n_dims, p->dim,
                            base[k] + (p->data - m->params));
            free(name);
        }
}

struct trainer *trainer_new(struct model *m, const struct train_options *o,
                            const struct window_set *set, struct pool *pool)
{
    struct trainer *t = xcalloc(1, sizeof *t);
    size_t batch = (size_t)o->batch;
    size_t per_shard = (batch + MAX_SHARDS - 1) / MAX_SHARDS, shards;

    t->model = m;
    t->options = *o;
    t->set = *set;
    t->pool = pool;
    t->state = (struct train_state){
        .lr = o->lr, .best = HUGE_VAL, .plateau_best = HUGE_VAL};
    t->shard_rows = per_shard > SHARD ? per_shard : SHARD;
    shards = (batch + t->shard_rows - 1) / t->shard_rows;
    t->moment[0] = like_params(m);
    t->moment[1] = like_params(m);
    t->best = like_params(m);
    memcpy(t->best, m->params, m->size_all * sizeof *t->best);
    t->grad = xmalloc_aligned(shards * m->size, sizeof *t->grad);
    memset(t->grad, 0, shards * m->size * sizeof *t->grad);
    t->loss = xcalloc(shards, sizeof *t->loss);
    t->n_work = m->n_cuts ? shards : (size_t)pool_size(pool);
    t->target = xcalloc(t->n_work * t->shard_rows * window_set_targets(set),
                        sizeof *t->target);
    t->weight = xcalloc(t->n_work * t->shard_rows, sizeof *t->weight);
    t->machine = xcalloc(t->n_work * t->shard_rows, sizeof *t->machine);
    t->squares = xcalloc(n_ranges(t), sizeof *t->squares);
    t->work = xcalloc(t->n_work, sizeof(struct workspace *));
    for (size_t i = 0; i < t->n_work; i++)
        t->work[i] = workspace_new(m, t->shard_rows, true);
    t->order = xcalloc(set->N, sizeof *t->order);
    name_tensors(t);
    return t;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n_work; i++)
        workspace_free(t->work[i]);
    free(t->work);
    free(t->moment[0]);
    free(t->moment[1]);
    free(t->best);
    free(t->grad);
    free(t->loss);
    free(t->squares);
    free(t->machine);
    free(t->target);
    free(t->weight);
    free(t->order);
    tensors_release(&t->tensors);
    free(t);
}

uint64_t trainer_batches(const struct trainer *t)
{
    size_t batch = (size_t)t->options.batch;

    return (t->set.N + batch - 1) / batch;
}

/* The order of an epoch depends on seed and epoch alone, so that training can
 * be taken up in its midst. */
static void put_in_order(struct trainer *t)
{
    struct rng rng;

    if (t->ordered && t->order_epoch == t->state.epoch)
        return;
    memcpy(t->order, t->set.end, t->set.N * sizeof *t->order);
    rng_init(&rng, t->options.seed, ORDER_STREAM + t->state.epoch);
    rng_shuffle(&rng, t->order, t->set.N);
    t->ordered = true;
    t->order_epoch = t->state.epoch;
}

/* The pass over shard i of the batch, run in workspace k. */
static struct pass pass_of(const struct trainer *t, size_t i, size_t k)
{
    size_t at = i * t->shard_rows;

    return (struct pass){
        .n = t->n - at < t->shard_rows ? t->n - at : t->shard_rows,
        .training = true,
        .seed = t->options.seed,
        .step = t->state.step,
        .row = at,
        .batch = t->n,
        .machine = t->machine + k * t->shard_rows,
    };
}

static float *target_of(const struct trainer *t, size_t k)
{
    return t->target + k * t->shard_rows * window_set_targets(&t->set);
}

/* Fetch the windows of a shard and all that is known of them. */
static void fetch_shard(struct trainer *t, const struct pass *p, size_t k)
{
    const struct window_set *s = &t->set;
    const uint32_t *end = t->order + t->first + p->row;

    embed(s->x, s->D, s->delays, s->tau, end, p->n, t->work[k]->input);
    embed_labels(s, end, p->n, target_of(t, k));
    for (size_t j = 0; j < p->n && s->machine; j++)
        t->machine[k * t->shard_rows + j] = s->machine[end[j]];
}

/* The loss of shard i, and its gradient by the output. */
static void eval_shard(struct trainer *t, const struct pass *p, size_t i,
                       size_t k)
{
    const struct loss_type *loss = &t->options.loss;
    const float *y = workspace_output(t->work[k]);
    const float *row = embed_weights(&t->set, t->order + t->first + p->row,
                                     p->n, t->weight + k * t->shard_rows);

    t->loss[i] = loss_rows(loss, y, target_of(t, k), row, p->n,
                           window_set_targets(&t->set), 1 / (float)t->n,
                           t->work[k]->slope[0]);
    t->loss[i] += t->work[k]->branch_loss;
}

/* The i-th shard to run in this part: what the part before ran last comes
 * first, for it is still in the cache. */
static size_t shard_at(const struct trainer *t, size_t i)
{
    return t->part % 2 ? t->n_shards - 1 - i : i;
}

/* A part of the way forward; the last one turns back. */
static void shard_forward(void *arg, size_t at, int thread)
{
    struct trainer *t = arg;
    size_t i = shard_at(t, at), last = t->model->n_cuts;
    size_t k = last ? i : (size_t)thread;
    struct pass pass = pass_of(t, i, k);

    if (t->part == 0)
        fetch_shard(t, &pass, k);
    workspace_forward_part(t->work[k], &pass, t->part);
    if (t->part < last)
        return;
    eval_shard(t, &pass, i, k);
    workspace_backward_part(t->work[k], &pass, last,
                            t->grad + i * t->model->size);
}

static void shard_backward(void *arg, size_t at, int thread)
{
    struct trainer *t = arg;
    size_t i = shard_at(t, at);
    struct pass pass = pass_of(t, i, i);

    (void)thread;
    workspace_backward_part(t->work[i], &pass, t->part,
                            t->grad + i * t->model->size);
}

/*
 * Losses and gradients of all shards.  A layer that looks at the batch cuts the
 * way in parts: each is run for all shards before the next.
 */
static void run_shards(struct trainer *t)
{
    size_t n_cuts = t->model->n_cuts;

    for (t->part = 0; t->part <= n_cuts; t->part++) {
        pool_run(t->pool, t->n_shards, shard_forward, t);
        if (t->part < n_cuts)
            workspace_combine(t->work, t->n_shards, t->part);
    }
    for (t->part = n_cuts; t->part-- > 0;) {
        workspace_combine(t->work, t->n_shards, t->part);
        pool_run(t->pool, t->n_shards, shard_backward, t);
    }
}

/* Let the buffers follow what this batch was like. */
static void track(const struct trainer *t)
{
    const struct model *m = t->model;

    for (size_t k = 0; k < m->n_cuts; k++) {
        const struct layer *l = &m->layer[m->cut[k]];

        l->type->track(l, t->work[0]->total[m->cut[k]]);
    }
}

static size_t range_width(const struct trainer *t, size_t i)
{
    size_t left = t->model->size - i * RANGE;

    return left < RANGE ? left : RANGE;
}

static void update_range(void *arg, size_t i, int thread)
{
    struct trainer *t = arg;
    size_t at = i * RANGE, size = t->model->size;

    (void)thread;
    adam_step(&t->adam, range_width(t, i), t->grad + at, t->n_grads, size,
              t->model->params + at, t->moment[0] + at, t->moment[1] + at);
}

/* The gradient of a range to the first shard's, and its squares. */
static void sum_range(void *arg, size_t i, int thread)
{
    struct trainer *t = arg;
    float *grad = t->grad + i * RANGE;

    (void)thread;
    t->squares[i] =
        adam_sum(range_width(t, i), grad, t->n_grads, t->model->size);
}

/*
 * What the gradient is to be multiplied by.  Its norm is summed in ranges of
 * fixed size, in order: the same for any number of threads.
 */
static double clip(struct trainer *t)
{
    double limit = t->options.clip_norm, sum = 0;

    if (limit == 0)
        return 1;
    pool_run(t->pool, n_ranges(t), sum_range, t);
    t->n_grads = 1;
    for (size_t i = 0; i < n_ranges(t); i++)
        sum += t->squares[i];
    return fmin(limit / (sqrt(sum) + 1e-6), 1); /* PyTorch's 1e-6 */
}

static void update(struct trainer *t)
{
    const struct train_options *o = &t->options;

    t->n_grads = t->n_shards;
    t->adam = (struct adam){
        .lr = schedule_rate(o, &t->state, t->state.step),
        .weight_decay = o->weight_decay,
        .decoupled = o->decoupled,
        .scale = clip(t),
        .step = t->state.step + 1,
    };
    pool_run(t->pool, n_ranges(t), update_range, t);
}

/* Run the batch once more: the first layer that gives no finite value. */
static int find_bad(struct trainer *t)
{
    int bad = (int)t->model->n_layers;

    for (size_t i = 0; i < t->n_shards; i++) {
        size_t k = t->model->n_cuts ? i : 0;
        struct pass pass = pass_of(t, i, k);
        int found;

        fetch_shard(t, &pass, k);
        found = workspace_find_bad(t->work[k], &pass);
        bad = found < bad ? found : bad;
    }
    return bad;
}

static const char *bad_param(const struct layer *l)
{
    for (int i = 0; i < l->n_params; i++)
        for (size_t j = 0; j < tensor_count(&l->param[i]); j++)
            if (!isfinite(l->param[i].data[j]))
                return l->param[i].name;
    return NULL;
}

/* Say where a loss that is no number came from. */
static int not_finite(struct trainer *t, struct err *e)
{
    int bad = find_bad(t);
    const struct layer *l = bad < 0 ? NULL : &t->model->layer[bad];
    char where[2 * TENSOR_NAME + 50] = "an input is not finite";

    if (bad == (int)t->model->n_layers)
        snprintf(where, sizeof where, "a label is not, or it is too large");
    else if (l && bad_param(l))
        snprintf(where, sizeof where, "layer %s: %s is not", l->name,
                 bad_param(l));
    else if (l)
        snprintf(where, sizeof where, "layer %s gives the first such value",
                 l->name);
    return err_set(e, ERR_DATA,
                   "epoch %" PRIu64 ", batch %" PRIu64
                   ": the loss is not finite (%s); a lower learning rate may "
                   "help",
                   t->state.epoch + 1, t->state.batch + 1, where);
}

int trainer_step(struct trainer *t, struct err *e)
{
    struct train_state *s = &t->state;
    size_t batch = (size_t)t->options.batch;
    double loss = 0;

    if (s->batch >= trainer_batches(t))
        return 0;
    put_in_order(t);
    t->first = s->batch * batch;
    t->n = t->set.N - t->first < batch ? t->set.N - t->first : batch;
    t->n_shards = (t->n + t->shard_rows - 1) / t->shard_rows;
    run_shards(t);
    for (size_t i = 0; i < t->n_shards; i++)
        loss += t->loss[i];
    if (!isfinite(loss))
        return not_finite(t, e);
    update(t);
    track(t);
    s->loss_sum += loss;
    s->step++;
    s->batch++;
    return s->batch < trainer_batches(t);
}

struct train_verdict trainer_epoch_end(struct trainer *t, double valid_loss)
{
    struct train_state *s = &t->state;
    const struct train_options *o = &t->options;
    uint64_t last = s->step ? s->step - 1 : 0;
    struct train_verdict v = {.train_loss = s->loss_sum / (double)t->set.N,
                              .valid_loss = valid_loss,
                              .lr = schedule_rate(o, s, last),
                              .best = valid_loss < s->best};

    s->epoch++;
    s->batch = 0;
    s->loss_sum = 0;
    s->stop_bad = v.best ? 0 : s->stop_bad + 1;
    if (v.best) {
        s->best = valid_loss;
        s->best_epoch = s->epoch;
        memcpy(t->best, t->model->params, t->model->size_all * sizeof *t->best);
    }
    schedule_epoch(o, s, valid_loss);
    v.stop = s->epoch >= (uint64_t)o->epochs ||
             (o->stop_patience && s->stop_bad >= (uint64_t)o->stop_patience);
    return v;
}

double evaluate(struct predictor *p, const struct loss_type *loss,
                const struct window_set *set)
{
    size_t room = set->N < EVALUATE ? set->N : EVALUATE;
    size_t K = window_set_targets(set);
    float *y = xcalloc(room * K, sizeof *y);
    float *target = xcalloc(room * K, sizeof *y);
    double sum = 0;

    for (size_t at = 0; at < set->N; at += EVALUATE) {
        struct window_set part = *set;

        part.end += at;
        part.N = set->N - at < EVALUATE ? set->N - at : EVALUATE;
        predict_windows(p, &part, y);
        embed_labels(&part, part.end, part.N, target);
        sum += loss_rows(loss, y, target, NULL, part.N, K, 0, NULL);
    }
    free(y);
    free(target);
    return sum / (double)set->N;
}

const struct tensors *trainer_tensors(const struct trainer *t)
{
    return &t->tensors;
}

struct train_state *trainer_state(struct trainer *t)
{
    return &t->state;
}

void trainer_swap_best(struct trainer *t)
{
    for (size_t i = 0; i < t->model->size_all; i++) {
        float was = t->best[i];

        t->best[i] = t->model->params[i];
        t->model->params[i] = was;
    }
}
