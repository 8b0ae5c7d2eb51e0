#include "common/nn/recipe.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int read_kind(const struct node *model, const char *key,
                     enum scale_kind *kind, struct err *e)
{
    const char *name = "none";

    if (node_text(model, key, &name, e) < 0)
        return -1;
    if (scale_kind_parse(name, kind, e) < 0)
        return node_error(node_get(model, key), e,
                          "%s '%s' is none of none, minmax, zscore", key, name);
    return 0;
}

int recipe_read_scaling(const struct node *model, struct scaling *s,
                        struct err *e)
{
    static const char *const known[] = {
        "kind",           "scaling",       "clip", "layers",
        "target_scaling", "machine_label", NULL};

    s->clip = false;
    if (node_check_keys(model, known, e) < 0 ||
        read_kind(model, "scaling", &s->inputs, e) < 0 ||
        read_kind(model, "target_scaling", &s->target, e) < 0 ||
        node_bool(model, "clip", &s->clip, e) < 0)
        return -1;
    if (s->clip && s->inputs != SCALE_MINMAX)
        return node_error(node_get(model, "clip"), e,
                          "clip is for scaling minmax");
    return 0;
}

static int read_lambda(struct recipe *r, const struct node *training,
                       struct err *e)
{
    const struct node *list = node_get(training, "lambda");
    char *end;

    if (!list || list->kind != NODE_LIST || list->n < 1 ||
        list->n > RECIPE_MAX_LAMBDA)
        return node_error(list ? list : training, e,
                          "ridge wants lambda: [...], a list of 1 to %d "
                          "numbers",
                          RECIPE_MAX_LAMBDA);
    for (size_t i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        const char *text = item->kind == NODE_SCALAR ? item->text : "";

        r->lambda[i] = strtod(text, &end);
        if (end == text || *end || !isfinite(r->lambda[i]) || r->lambda[i] < 0)
            return node_error(item, e, "lambda: '%s' is no number from 0",
                              text);
    }
    r->n_lambda = list->n;
    return 0;
}

static int read_training(struct recipe *r, const struct node *training,
                         struct err *e)
{
    static const char *const ridge_keys[] = {"method", "lambda", NULL};
    const char *adam_keys[64] = {"method", "domain_weights", "class_weights"};
    const char *method = "adam";
    size_t n = 3;

    if (node_text(training, "method", &method, e) < 0)
        return -1;
    if (strcmp(method, "ridge") == 0) {
        r->method = TRAIN_RIDGE;
        if (r->scaling.target != SCALE_NONE)
            return node_error(node_get(r->model, "target_scaling"), e,
                              "target_scaling is for method adam; ridge needs "
                              "none");
        if (node_check_keys(training, ridge_keys, e) < 0)
            return -1;
        return read_lambda(r, training, e);
    }
    r->train.decoupled = strcmp(method, "adamw") == 0;
    if (strcmp(method, "adam") != 0 && !r->train.decoupled)
        return node_error(node_get(training, "method"), e,
                          "method '%s' is none of adam, adamw, ridge", method);
    for (const char *const *k = train_option_keys; *k && n < 63; k++)
        adam_keys[n++] = *k;
    if (training && node_check_keys(training, adam_keys, e) < 0)
        return -1;
    if (weights_read(&r->weights, training, e) < 0)
        return -1;
    return train_options_read(&r->train, training, e);
}

int recipe_read(struct recipe *r, const struct node *root, struct err *e)
{
    memset(r, 0, sizeof *r);
    r->family = "custom";
    r->model = node_get(root, "model");
    train_options_init(&r->train);
    if (!r->model)
        return node_error(root, e,
                          "no 'model:' here; a file with family, model and "
                          "training is wanted");
    if (node_text(root, "family", &r->family, e) < 0 ||
        node_text(r->model, "machine_label", &r->machine_label, e) < 0 ||
        recipe_read_scaling(r->model, &r->scaling, e) < 0)
        return -1;
    return read_training(r, node_get(root, "training"), e);
}

static void schedule_to_labels(const struct train_options *t, struct labels *ls)
{
    labels_set(ls, "training.schedule", schedule_name(t->schedule));
    labels_setf(ls, "training.warmup_epochs", "%" PRId64, t->warmup_epochs);
    labels_setf(ls, "training.warmup_steps", "%" PRId64, t->warmup_steps);
    if (t->schedule == SCHEDULE_PLATEAU) {
        labels_setf(ls, "training.plateau_factor", "%.9g", t->plateau_factor);
        labels_setf(ls, "training.plateau_patience", "%" PRId64,
                    t->plateau_patience);
    }
    if (t->schedule == SCHEDULE_COSINE)
        labels_setf(ls, "training.cosine_epochs", "%" PRId64,
                    schedule_cosine_epochs(t));
    if (t->schedule != SCHEDULE_CONSTANT)
        labels_setf(ls, "training.min_lr", "%.9g", t->min_lr);
}

static void adam_to_labels(const struct train_options *t, struct labels *ls)
{
    labels_set(ls, "training.method", t->decoupled ? "adamw" : "adam");
    labels_set(ls, "training.loss", t->loss.name);
    if (t->loss.delta > 0)
        labels_setf(ls, "training.huber_delta", "%.9g", t->loss.delta);
    labels_setf(ls, "training.batch", "%" PRId64, t->batch);
    labels_setf(ls, "training.epochs", "%" PRId64, t->epochs);
    labels_setf(ls, "training.lr", "%.9g", t->lr);
    labels_setf(ls, "training.weight_decay", "%.9g", t->weight_decay);
    labels_setf(ls, "training.clip_norm", "%.9g", t->clip_norm);
    schedule_to_labels(t, ls);
    labels_setf(ls, "training.stop_patience", "%" PRId64, t->stop_patience);
    labels_setf(ls, "training.seed", "%" PRIu64, t->seed);
}

void recipe_to_labels(const struct recipe *r, struct labels *ls)
{
    if (r->method == TRAIN_RIDGE)
        labels_set(ls, "training.method", "ridge");
    else
        adam_to_labels(&r->train, ls);
    weights_to_labels(&r->weights, ls);
}
