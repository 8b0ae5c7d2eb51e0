#include <string.h>

#include "common/gbdt/gbdt.h"

static const char *const losses[] = {
    [GBDT_MSE] = "mse", [GBDT_HUBER] = "huber"};

void gbdt_options_init(struct gbdt_options *o)
{
    *o = (struct gbdt_options){
        .trees = 500,
        .depth = 10,
        .bins = 256,
        .stop_patience = 30,
        .eta = .1,
        .subsample = .8,
        .column_sample = .3,
        .min_child_weight = 20,
        .lambda = 1,
        .huber_delta = 1,
        .loss = GBDT_MSE,
        .seed = 42,
    };
}

const char *const gbdt_option_keys[] = {
    "trees",  "depth",     "bins",          "stop_patience",
    "eta",    "subsample", "column_sample", "min_child_weight",
    "lambda", "loss",      "huber_delta",   NULL};

static int read_loss(struct gbdt_options *o, const struct node *training,
                     struct err *e)
{
    const char *name = losses[o->loss];
    const struct node *delta = node_get(training, "huber_delta");

    if (node_text(training, "loss", &name, e))
        return -1;
    if (strcmp(name, losses[GBDT_MSE]) != 0 &&
        strcmp(name, losses[GBDT_HUBER]) != 0)
        return node_error(node_get(training, "loss"), e,
                          "trees know no loss '%.100s'; there are: mse, huber",
                          name);
    o->loss = strcmp(name, losses[GBDT_HUBER]) == 0 ? GBDT_HUBER : GBDT_MSE;
    if (delta && o->loss != GBDT_HUBER)
        return node_error(delta, e, "huber_delta is for loss huber, not %s",
                          name);
    return node_real(training, "huber_delta", 1e-3, 1e6, &o->huber_delta, e);
}

int gbdt_options_read(struct gbdt_options *o, const struct node *training,
                      struct err *e)
{
    if (node_int(training, "trees", 1, 100000, &o->trees, e) ||
        node_int(training, "depth", 1, 16, &o->depth, e) ||
        node_int(training, "bins", 2, 65536, &o->bins, e) ||
        node_int(training, "stop_patience", 0, 100000, &o->stop_patience, e) ||
        node_real(training, "eta", 1e-6, 1, &o->eta, e) ||
        node_real(training, "subsample", 1e-6, 1, &o->subsample, e) ||
        node_real(training, "column_sample", 1e-6, 1, &o->column_sample, e) ||
        node_real(training, "min_child_weight", 0, 1e9, &o->min_child_weight,
                  e) ||
        node_real(training, "lambda", 0, 1e9, &o->lambda, e))
        return -1;
    return read_loss(o, training, e);
}

void gbdt_options_to_labels(const struct gbdt_options *o, struct labels *ls)
{
    labels_setf(ls, "training.trees", "%lld", (long long)o->trees);
    labels_setf(ls, "training.depth", "%lld", (long long)o->depth);
    labels_setf(ls, "training.bins", "%lld", (long long)o->bins);
    labels_setf(ls, "training.stop_patience", "%lld",
                (long long)o->stop_patience);
    labels_setf(ls, "training.eta", "%.9g", o->eta);
    labels_setf(ls, "training.subsample", "%.9g", o->subsample);
    labels_setf(ls, "training.column_sample", "%.9g", o->column_sample);
    labels_setf(ls, "training.min_child_weight", "%.9g", o->min_child_weight);
    labels_setf(ls, "training.lambda", "%.9g", o->lambda);
    labels_setf(ls, "training.loss", "%s", losses[o->loss]);
    if (o->loss == GBDT_HUBER)
        labels_setf(ls, "training.huber_delta", "%.9g", o->huber_delta);
}
