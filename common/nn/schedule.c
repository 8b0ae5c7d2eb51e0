#include "common/nn/schedule.h"

#include <math.h>
#include <string.h>

#include "common/nn/train.h"

#define THRESHOLD 1e-4 /* relative, for progress: PyTorch's default */

static const char *const names[] = {"plateau", "cosine", "constant"};

int schedule_parse(const char *name, enum schedule *schedule)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *schedule = (enum schedule)i;
            return 0;
        }
    return -1;
}

const char *schedule_name(enum schedule schedule)
{
    return names[schedule];
}

const char *schedule_names(void)
{
    return "plateau, cosine, constant";
}

int64_t schedule_cosine_epochs(const struct train_options *o)
{
    return o->cosine_epochs ? o->cosine_epochs : o->epochs;
}

static double cosine(const struct train_options *o, uint64_t epoch)
{
    double from = (double)o->warmup_epochs;
    double width = fmax((double)schedule_cosine_epochs(o) - from, 1);
    double at = fmin(fmax((double)epoch - from, 0), width) / width;

    return o->min_lr + (o->lr - o->min_lr) * (1 + cos(M_PI * at)) / 2;
}

/* The share of the rate that a warm-up of this width gives at a place. */
static double warmth(int64_t width, uint64_t at)
{
    return at < (uint64_t)width ? (double)(at + 1) / (double)width : 1;
}

double schedule_rate(const struct train_options *o, const struct train_state *s,
                     uint64_t step)
{
    double lr = o->schedule == SCHEDULE_COSINE ? cosine(o, s->epoch) : s->lr;

    return lr * warmth(o->warmup_epochs, s->epoch) *
           warmth(o->warmup_steps, step);
}

void schedule_epoch(const struct train_options *o, struct train_state *s,
                    double loss)
{
    double lr;

    if (o->schedule != SCHEDULE_PLATEAU)
        return;
    if (loss < s->plateau_best * (1 - THRESHOLD)) {
        s->plateau_best = loss;
        s->plateau_bad = 0;
        return;
    }
    if (++s->plateau_bad <= (uint64_t)o->plateau_patience)
        return;
    lr = fmax(s->lr * o->plateau_factor, o->min_lr);
    if (s->lr - lr > 1e-8)
        s->lr = lr;
    s->plateau_bad = 0;
}
