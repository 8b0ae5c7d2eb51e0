#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/nn/train.h"

void train_options_init(struct train_options *o)
{
    *o = (struct train_options){
        .batch = 256,
        .epochs = 100,
        .lr = 5e-4,
        .weight_decay = 3e-4,
        .loss = *loss_type_find("mse"),
        .plateau_factor = .5,
        .plateau_patience = 5,
        .min_lr = 1e-5,
        .stop_patience = 15,
        .seed = 42,
    };
}

const char *const train_option_keys[] = {"batch",
                                         "epochs",
                                         "lr",
                                         "weight_decay",
                                         "loss",
                                         "huber_delta",
                                         "plateau_factor",
                                         "plateau_patience",
                                         "min_lr",
                                         "stop_patience",
                                         "clip_norm",
                                         "schedule",
                                         "cosine_epochs",
                                         "warmup_epochs",
                                         "warmup_steps",
                                         NULL};

static int read_loss(struct train_options *o, const struct node *training,
                     struct err *e)
{
    const char *name = o->loss.name;
    const struct loss_type *loss;

    if (node_text(training, "loss", &name, e))
        return -1;
    loss = loss_type_find(name);
    if (!loss)
        return node_error(node_get(training, "loss"), e,
                          "no loss is called '%.100s'; there are: %s", name,
                          loss_type_names());
    o->loss = *loss;
    if (node_get(training, "huber_delta") && loss->delta == 0)
        return node_error(node_get(training, "huber_delta"), e,
                          "huber_delta is for loss huber, not %s", name);
    return node_real(training, "huber_delta", 1e-9, 1e9, &o->loss.delta, e);
}

/* A key that says nothing under the schedule at hand is a mistake. */
static int check_schedule(const struct train_options *o,
                          const struct node *training, struct err *e)
{
    static const struct {
        const char *key;
        unsigned schedules; /* that read it, as bits */
    } readers[] = {
        {"plateau_factor", 1 << SCHEDULE_PLATEAU},
        {"plateau_patience", 1 << SCHEDULE_PLATEAU},
        {"cosine_epochs", 1 << SCHEDULE_COSINE},
        {"min_lr", 1 << SCHEDULE_PLATEAU | 1 << SCHEDULE_COSINE},
    };

    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        const struct node *at = node_get(training, readers[i].key);

        if (at && !(readers[i].schedules & 1u << o->schedule))
            return node_error(at, e, "%s says nothing under schedule: %s",
                              readers[i].key, schedule_name(o->schedule));
    }
    if (o->warmup_epochs && o->warmup_steps)
        return node_error(node_get(training, "warmup_steps"), e,
                          "give warmup_steps or warmup_epochs, not both");
    if (o->cosine_epochs && o->cosine_epochs <= o->warmup_epochs)
        return node_error(node_get(training, "cosine_epochs"), e,
                          "cosine_epochs must be more than warmup_epochs");
    return 0;
}

static int read_schedule(struct train_options *o, const struct node *training,
                         struct err *e)
{
    const char *name = schedule_name(o->schedule);

    if (node_text(training, "schedule", &name, e) ||
        node_real(training, "plateau_factor", 0, 1, &o->plateau_factor, e) ||
        node_int(training, "plateau_patience", 0, 1000000, &o->plateau_patience,
                 e) ||
        node_int(training, "cosine_epochs", 1, 1000000, &o->cosine_epochs, e) ||
        node_int(training, "warmup_epochs", 0, 1000000, &o->warmup_epochs, e) ||
        node_int(training, "warmup_steps", 0, 1000000000, &o->warmup_steps,
                 e) ||
        node_real(training, "min_lr", 0, 1e3, &o->min_lr, e))
        return -1;
    if (schedule_parse(name, &o->schedule))
        return node_error(node_get(training, "schedule"), e,
                          "no schedule is called '%.100s'; there are: %s", name,
                          schedule_names());
    return check_schedule(o, training, e);
}

int train_options_read(struct train_options *o, const struct node *training,
                       struct err *e)
{
    if (node_int(training, "batch", 1, 65536, &o->batch, e) ||
        node_int(training, "epochs", 1, 1000000, &o->epochs, e) ||
        node_real(training, "lr", 0, 1e3, &o->lr, e) ||
        node_real(training, "weight_decay", 0, 1e3, &o->weight_decay, e) ||
        node_real(training, "clip_norm", 0, 1e9, &o->clip_norm, e) ||
        node_int(training, "stop_patience", 0, 1000000, &o->stop_patience, e))
        return -1;
    return read_loss(o, training, e) || read_schedule(o, training, e) ? -1 : 0;
}

/* The fields of train_state by name: one table writes and reads them. */
struct field {
    const char *name;
    size_t offset;
    bool real;
};

#define COUNT(f)                                            \
    {                                                       \
        "train." #f, offsetof(struct train_state, f), false \
    }
#define REAL(f)                                            \
    {                                                      \
        "train." #f, offsetof(struct train_state, f), true \
    }

static const struct field fields[] = {
    COUNT(epoch),       COUNT(batch),    COUNT(step),       REAL(lr),
    REAL(best),         REAL(loss_sum),  COUNT(best_epoch), REAL(plateau_best),
    COUNT(plateau_bad), COUNT(stop_bad),
};
#define N_FIELDS (sizeof fields / sizeof *fields)

void train_state_to_labels(const struct train_state *s, struct labels *ls)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        const char *at = (const char *)s + fields[i].offset;
        uint64_t count;
        double real;

        memcpy(&count, at, sizeof count);
        memcpy(&real, at, sizeof real);
        if (fields[i].real)
            labels_setf(ls, fields[i].name, "%.17g", real);
        else
            labels_setf(ls, fields[i].name, "%llu", (unsigned long long)count);
    }
}

static int read_field(const struct field *f, const char *text, void *out)
{
    uint64_t count;
    double real;
    char *end;

    if (f->real) {
        real = strtod(text, &end);
        memcpy(out, &real, sizeof real);
        return end == text || *end || isnan(real) ? -1 : 0;
    }
    count = strtoull(text, &end, 10);
    memcpy(out, &count, sizeof count);
    return *text < '0' || *text > '9' || *end ? -1 : 0;
}

int train_state_from_labels(struct train_state *s, const struct labels *ls,
                            struct err *e)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        const char *text = labels_get(ls, fields[i].name);

        if (!text || read_field(&fields[i], text, (char *)s + fields[i].offset))
            return err_set(e, ERR_DATA,
                           "%s is missing or no number: training cannot be "
                           "resumed from this",
                           fields[i].name);
    }
    return 0;
}

double train_state_windows(const struct train_state *s,
                           const struct train_options *o, size_t N)
{
    return (double)s->epoch * (double)N +
           fmin((double)s->batch * (double)o->batch, (double)N);
}

bool train_state_done(const struct train_state *s,
                      const struct train_options *o)
{
    return s->batch == 0 &&
           (s->epoch >= (uint64_t)o->epochs ||
            (o->stop_patience && s->stop_bad >= (uint64_t)o->stop_patience));
}
