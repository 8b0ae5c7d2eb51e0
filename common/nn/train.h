#ifndef NN_TRAIN_H
#define NN_TRAIN_H

#include "common/base/labels.h"
#include "common/nn/loss.h"
#include "common/nn/model.h"
#include "common/nn/schedule.h"

/*
 * Training by mini-batches.  A batch is cut into shards of fixed size, each
 * with its own gradient; these are summed in order, so that the result is the
 * same to the bit for any number of threads.  The order of the windows in an
 * epoch, and dropout, follow from the seed and the counters in train_state:
 * training stopped anywhere between two batches goes on exactly.
 */
struct train_options {
    int64_t batch;  /* windows a step */
    int64_t epochs; /* at most */
    double lr, weight_decay;
    bool decoupled;   /* weight decay of AdamW's kind, not L2 in the gradient */
    double clip_norm; /* a gradient with a larger norm is scaled to it, as by
                         torch.nn.utils.clip_grad_norm_; 0: never */
    struct loss_type loss;  /* of the main path; branches add theirs */
    enum schedule schedule; /* see there for what it reads: */
    double plateau_factor;
    int64_t plateau_patience;
    int64_t cosine_epochs; /* 0: epochs */
    int64_t warmup_epochs, warmup_steps;
    double min_lr;
    int64_t stop_patience; /* early stop after this many bad epochs; 0: never */
    uint64_t seed;
};

/* The original's: batch 256, 100 epochs, Adam 5e-4 / 3e-4, MSE, plateau .5, 5,
 * 1e-5, stop at 15, seed 42; nothing clipped, no warm-up. */
void train_options_init(struct train_options *o);

/*
 * Read keys of the map `training`: batch, epochs, lr, weight_decay, clip_norm,
 * loss, huber_delta, schedule, plateau_factor, plateau_patience, cosine_epochs,
 * warmup_epochs, warmup_steps, min_lr, stop_patience.  Absent ones keep their
 * value; unknown ones are left to the caller, who knows his own too:
 * train_option_keys ends with NULL.
 */
int train_options_read(struct train_options *o, const struct node *training,
                       struct err *e);
extern const char *const train_option_keys[];

/* The scalars that training resumes from. */
struct train_state {
    uint64_t epoch;  /* epochs finished */
    uint64_t batch;  /* batches done of the next one */
    uint64_t step;   /* batches done in all */
    double lr;       /* before warm-up; not the cosine's, which keeps nothing */
    double loss_sum; /* training loss of this epoch, branches included,
                        times windows */
    double best;     /* lowest validation loss; HUGE_VAL before one */
    uint64_t best_epoch;  /* the epoch that reached it, from 1; 0: none */
    double plateau_best;  /* what the scheduler compares with */
    uint64_t plateau_bad; /* epochs without progress, for the scheduler */
    uint64_t stop_bad;    /* ... and for the early stop */
};

/* As text "train.epoch" = "3", ...; reals bit-exact.  Back: -1, ERR_DATA. */
void train_state_to_labels(const struct train_state *s, struct labels *ls);
int train_state_from_labels(struct train_state *s, const struct labels *ls,
                            struct err *e);

/* Windows that were trained on, over all epochs, of N in one. */
double train_state_windows(const struct train_state *s,
                           const struct train_options *o, size_t N);

/* Is there nothing left to do? */
bool train_state_done(const struct train_state *s,
                      const struct train_options *o);

struct trainer;

/*
 * A trainer of m on the windows of `set`, which has labels.  model, set (what
 * it points to as well) and pool are borrowed and must stay as they are.
 */
struct trainer *trainer_new(struct model *m, const struct train_options *o,
                            const struct window_set *set, struct pool *pool);
void trainer_free(struct trainer *t);

/* Batches in an epoch; the last may be short. */
uint64_t trainer_batches(const struct trainer *t);

/*
 * Do one batch.  Returns 1 if more are left in this epoch, 0 after its last,
 * -1 with ERR_DATA if the loss is not finite (epoch, batch and the first layer
 * whose output is not in the message;
 * the parameters are then as before the batch).
 */
int trainer_step(struct trainer *t, struct err *e);

/* What trainer_epoch_end() found. */
struct train_verdict {
    double train_loss; /* mean over the epoch, dropout on, with branches */
    double valid_loss;
    double lr; /* of the last step of the epoch that ended */
    bool best; /* lowest validation loss so far: parameters were kept */
    bool stop; /* early stop, or the last epoch */
};

/*
 * Close an epoch whose batches are all done: keep the parameters if the
 * validation loss (of evaluate(); the training loss where there is no
 * validation part) is the best so far, adapt the learning rate.
 */
struct train_verdict trainer_epoch_end(struct trainer *t, double valid_loss);

/* The mean loss of the model on the windows of a set, dropout off. */
double evaluate(struct predictor *p, const struct loss_type *loss,
                const struct window_set *set);

/*
 * The arrays that training resumes from: for each parameter X its value now
 * "train.last.X" (the model's own memory), Adam's moments "train.m.X" and
 * "train.v.X" (but for buffers), and the best so far "X".  Borrowed from
 * trainer and model; to resume, fill them all, and the state.
 */
const struct tensors *trainer_tensors(const struct trainer *t);
struct train_state *trainer_state(struct trainer *t);

/* Exchange the model's parameters with the best so far; a second call puts
 * them back. */
void trainer_swap_best(struct trainer *t);

#endif
