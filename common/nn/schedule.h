#ifndef NN_SCHEDULE_H
#define NN_SCHEDULE_H

#include <stdint.h>

struct train_options;
struct train_state;

/*
 * How the learning rate goes, as PyTorch's schedulers do it: `schedule` of a
 * model's file.  The keys that it reads are those of struct train_options.
 *
 *   plateau   ReduceLROnPlateau on the validation loss: times plateau_factor
 *             after more than plateau_patience epochs without progress, down
 *             to min_lr
 *   cosine    CosineAnnealingLR: half a cosine from lr at the end of the
 *             warm-up down to min_lr at epoch cosine_epochs, where it stays
 *   constant  lr
 *
 * Any of them may begin with a linear rise: the first W epochs, or W steps,
 * take 1/W, 2/W, ... of the rate (LinearLR(1/W, 1, W - 1)).
 */
enum schedule { SCHEDULE_PLATEAU, SCHEDULE_COSINE, SCHEDULE_CONSTANT };

/* "plateau" to *schedule; -1 for what is none of the names, "a, b, c". */
int schedule_parse(const char *name, enum schedule *schedule);
const char *schedule_name(enum schedule schedule);
const char *schedule_names(void);

/* The rate of a step; it and s->epoch count from 0. */
double schedule_rate(const struct train_options *o, const struct train_state *s,
                     uint64_t step);

/* An epoch ended with this validation loss: set s->lr and s->plateau_*. */
void schedule_epoch(const struct train_options *o, struct train_state *s,
                    double loss);

/* The epoch at which the cosine ends: all epochs, unless that is set. */
int64_t schedule_cosine_epochs(const struct train_options *o);

#endif
