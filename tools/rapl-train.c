/*
 * rapl-train: fit a model to windows.
 *
 * Reads window streams with a split, and a model described in YAML; writes a
 * checkpoint, and a history of the epochs as TSV or JSON lines.
 *
 *     rapl-window --split run a.rapl b.rapl | rapl-train -c v3.yaml -o m.ckpt
 *
 * Exit codes: 0 done, or stopped by a signal with all progress saved; 1 so
 * stopped, with --whole; 2 usage; 3 bad data, or the loss is no number any
 * more; 4 system.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/cli.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/progress.h"
#include "common/base/stop.h"
#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "common/math/blas.h"
#include "formats/config.h"
#include "formats/json.h"
#include "formats/output.h"
#include "formats/training.h"

struct options {
    struct cli_common common;
    int64_t epochs; /* 0: as the model's file says */
    const char *history, *sample;
    struct strings set;
    bool resume, slim, whole, allow_truncated;
};

struct job {
    const struct options *o;
    struct node *config;
    struct plan plan;
    struct dataset data;
    float *class_weight; /* by class; NULL: all 1 */
    struct training training;
    struct pool *pool;
    struct estimator m;
    struct trainer *trainer; /* NULL: fitted at once */
    struct progress progress;
    int64_t train_ns; /* time spent in batches */
    double first;     /* windows done before this run */
    int64_t saved_ns;
};

static void release(struct job *j)
{
    trainer_free(j->trainer);
    estimator_release(&j->m);
    pool_free(j->pool);
    free(j->class_weight);
    training_release(&j->training);
    dataset_release(&j->data);
    node_free(j->config);
}

/* ---- before training ---- */

static int read_config(struct job *j, struct cli *cli, struct err *e)
{
    static const char *const others[] = {"family", "model", "training", NULL};

    if (!j->o->common.config)
        cli_usage_error("no model: give -c FILE, a model's description");
    if (config_read(&j->config, j->o->common.config, e) < 0 ||
        config_options(j->config, cli, others, e) < 0 ||
        node_set_all(j->config, &j->o->set, e) < 0 ||
        plan_read(&j->plan, j->config, e) < 0)
        return -1;
    j->plan.recipe.train.seed = j->plan.boost.seed =
        (uint64_t)j->o->common.seed;
    if (j->o->epochs)
        j->plan.recipe.train.epochs = j->o->epochs;
    if (!output_is_stdout(j->o->common.output))
        return 0;
    if (j->o->resume)
        cli_usage_error("--resume needs -o FILE, the checkpoint to go on from");
    if (isatty(STDOUT_FILENO))
        cli_usage_error("a checkpoint is not for a terminal: give -o FILE");
    return 0;
}

/* Nothing that is read is written over, nor the checkpoint by the history. */
static int check_outputs(const struct options *o, int n, char **paths,
                         struct err *e)
{
    const struct cli_common *c = &o->common;

    if (output_check(c->output, c->config, paths, n, e) < 0)
        return -1;
    return o->history ? output_check(o->history, c->output, paths, n, e) : 0;
}

static int load(struct job *j, int n, char **paths, struct err *e)
{
    struct dataset *ds = &j->data;

    ds->allow_truncated = j->o->allow_truncated;
    ds->class_key = j->plan.recipe.weights.label;
    ds->machine_key = j->plan.recipe.machine_label;
    ds->with_groups = j->plan.kind->wants_groups;
    if (j->o->sample && dataset_sample_parse(ds, j->o->sample, e) < 0)
        return -1;
    for (int i = 0; i < (n ? n : 1); i++)
        if (dataset_add(ds, n ? paths[i] : NULL, e) < 0)
            return -1;
    if (stop_requested())
        return err_set(e, j->o->whole ? ERR_VERDICT : ERR_NONE,
                       "stopped before all data were read");
    dataset_sample(ds, j->plan.recipe.train.seed);
    if (ds->n[PART_TRAIN] == 0)
        return err_set(e, ERR_DATA,
                       "%zu rows, and no window with a label to train on: "
                       "%zu rows without a gap, and power at the last",
                       ds->T, ds->T ? window_span(&ds->spec) : 1);
    if (ds->n[PART_VALID] == 0 && !j->plan.kind->own_interval)
        log_warn("no validation part (split: %s): the model has no interval, "
                 "and nothing tells when to stop; use rapl-window --split",
                 ds->spec.split);
    return window_targets_parse(&j->m.targets, ds->spec.target, e);
}

/* How much targets and windows count, now that it is known what there is. */
static int weigh(struct job *j, struct err *e)
{
    const struct weights *w = &j->plan.recipe.weights;
    const struct strings *classes = &j->data.class.values;
    struct window_set train = dataset_part(&j->data, PART_TRAIN);

    if (weights_of_targets(w, &j->m.targets, j->plan.recipe.train.loss.weight,
                           e) < 0)
        return -1;
    if (!w->classes)
        return 0;
    j->class_weight = xcalloc(classes->n, sizeof *j->class_weight);
    return weights_of_classes(w, classes, &train, j->class_weight, e);
}

static void identify(struct job *j)
{
    struct labels *ls = &j->training.identity;
    char *json = json_of(j->plan.recipe.model);

    labels_set(ls, CHECKPOINT_FAMILY, j->plan.recipe.family);
    labels_set(ls, CHECKPOINT_MODEL, json);
    window_spec_to_meta(&j->data.spec, ls);
    plan_to_labels(&j->plan, ls);
    dataset_describe(&j->data, ls);
    free(json);
}

static int build(struct job *j, struct err *e)
{
    j->pool = pool_new(cli_threads(&j->o->common));
    if (estimator_build(&j->m, &j->plan, &j->data, j->pool, e) < 0)
        return -1;
    log_verbose("%s: %zu windows to train on, %d threads",
                j->plan.recipe.family, j->data.n[PART_TRAIN],
                pool_size(j->pool));
    return 0;
}

/* ---- scores ---- */

/* a (K) */
static void score_part(struct job *j, enum part part, struct assessment *a)
{
    struct window_set set = dataset_part(&j->data, part);

    estimator_assess(&j->m, &j->plan.recipe.train.loss, &set, a);
}

static void keep_valid(struct job *j, const struct assessment *a)
{
    struct labels *ls = &j->training.valid;

    labels_release(ls);
    assessment_scores(a, &j->m.targets, "valid", ls);
    if (!j->plan.kind->own_interval)
        assessment_interval(a, &j->m.targets, ls);
}

static void score_test(struct job *j)
{
    struct assessment a[MAX_TARGETS];

    if (j->data.n[PART_TEST] == 0)
        return;
    score_part(j, PART_TEST, a);
    labels_release(&j->training.test);
    assessment_scores(a, &j->m.targets, "test", &j->training.test);
    for (size_t k = 0; k < j->m.targets.n; k++)
        log_note("test (split %s)%s%s: MAE %.3f W, R2 %.3f, %zu windows",
                 j->data.spec.split, k ? " " : "", k ? j->m.targets.at[k] : "",
                 a[k].mae_w, a[k].r2, a[k].n);
}

/* ---- the checkpoint ---- */

static int save(struct job *j, struct err *e)
{
    const struct options *o = j->o;
    int rc;

    labels_release(&j->training.state);
    if (j->trainer)
        train_state_to_labels(trainer_state(j->trainer), &j->training.state);
    j->training.bytes =
        estimator_bytes(&j->m, &j->training.bytes_name, &j->training.n_bytes);
    rc = training_write(
        &j->training,
        j->trainer ? trainer_tensors(j->trainer) : estimator_tensors(&j->m),
        &j->m.input, j->data.spec.split, o->slim, o->common.output, e);
    if (rc == 0 && o->history)
        rc = history_write(&j->training.history, o->history, e);
    j->saved_ns = clock_monotonic_ns();
    return rc;
}

/* Windows that were trained on, over all epochs. */
static double windows_done(const struct job *j)
{
    return train_state_windows(trainer_state(j->trainer), &j->plan.recipe.train,
                               j->data.n[PART_TRAIN]);
}

static int resume(struct job *j, struct err *e)
{
    const char *path = j->o->common.output;
    int rc =
        training_resume(&j->training, trainer_tensors(j->trainer), path, e);

    if (rc < 0)
        return -1;
    if (rc == 0) {
        log_note("%s is not there yet: training starts anew", path);
        return 0;
    }
    if (train_state_from_labels(trainer_state(j->trainer), &j->training.state,
                                e) < 0)
        return err_prefix(e, "%s", path);
    log_note("resuming after %.0f windows", windows_done(j));
    return 0;
}

/* ---- training ---- */

static void show(struct job *j, int64_t since_ns)
{
    const struct train_state *s = trainer_state(j->trainer);
    const struct train_options *t = &j->plan.recipe.train;
    double done = windows_done(j),
           all = (double)t->epochs * (double)j->data.n[PART_TRAIN];
    double rate = (done - j->first) * NS_PER_S /
                  (double)(j->train_ns + clock_monotonic_ns() - since_ns + 1);

    progress_say(&j->progress,
                 "epoch %" PRIu64 "/%" PRId64 ", batch %" PRIu64 "/%" PRIu64
                 ", loss %.4g, %.0f windows/s, at most %.0f s left",
                 s->epoch + 1, t->epochs, s->batch, trainer_batches(j->trainer),
                 s->loss_sum / (double)(s->batch * (uint64_t)t->batch), rate,
                 (all - done) / rate);
}

/* The batches of an epoch: 1 if a signal came between, 0 when all are done. */
static int train_batches(struct job *j, struct err *e)
{
    int64_t start_ns = clock_monotonic_ns();
    int more = 1;

    while (more > 0 && !stop_requested()) {
        more = trainer_step(j->trainer, e);
        if (more > 0)
            show(j, start_ns);
    }
    j->train_ns += clock_monotonic_ns() - start_ns;
    progress_end(&j->progress);
    return more;
}

static void note_epoch(struct job *j, const struct assessment *a,
                       const struct train_verdict *v)
{
    double row[HISTORY_COLUMNS + MAX_TARGETS] = {
        [HISTORY_TRAIN_LOSS] = v->train_loss,
        [HISTORY_VALID_LOSS] = a->loss,
        [HISTORY_VALID_MAE_W] = a->mae_w,
        [HISTORY_LR] = v->lr,
    };

    for (size_t k = 1; k < j->m.targets.n; k++)
        row[HISTORY_COLUMNS + k - 1] = a[k].mae_w;
    history_add(&j->training.history, row);
}

/* Close an epoch: 1 if it was the last. */
static int end_epoch(struct job *j)
{
    const struct train_state *s = trainer_state(j->trainer);
    struct assessment a[MAX_TARGETS];
    struct train_verdict v;

    score_part(j, PART_VALID, a);
    v = trainer_epoch_end(j->trainer,
                          j->data.n[PART_VALID]
                              ? a->loss
                              : s->loss_sum / (double)j->data.n[PART_TRAIN]);
    if (v.best)
        keep_valid(j, a);
    note_epoch(j, a, &v);
    log_note("epoch %" PRIu64 ": loss %.5g, validation %.5g, MAE %.3f W, "
             "rate %.3g%s",
             s->epoch, v.train_loss, a->loss, a->mae_w, v.lr,
             v.best ? ", best" : "");
    return v.stop;
}

/* Score the best parameters; what training ended with is written as well. */
static int finish(struct job *j, struct err *e)
{
    double done = windows_done(j) - j->first;

    trainer_swap_best(j->trainer);
    score_test(j);
    trainer_swap_best(j->trainer);
    log_verbose("%.0f windows/s in training",
                done * NS_PER_S / (double)(j->train_ns + 1));
    return save(j, e);
}

/* A loss that is no number: what was best so far is kept. */
static int give_up(struct job *j, struct err *e)
{
    struct err ignored;

    if (trainer_state(j->trainer)->best_epoch > 0 && finish(j, &ignored) == 0)
        err_prefix(e, "kept epoch %" PRIu64,
                   trainer_state(j->trainer)->best_epoch);
    return -1;
}

static int stopped(struct job *j, struct err *e)
{
    const struct train_state *s = trainer_state(j->trainer);

    if (save(j, e) < 0)
        return -1;
    return err_set(e, j->o->whole ? ERR_VERDICT : ERR_NONE,
                   "stopped in epoch %" PRIu64 " after batch %" PRIu64
                   "; --resume goes on from there",
                   s->epoch + 1, s->batch);
}

static int train(struct job *j, struct err *e)
{
    struct window_set set = dataset_part(&j->data, PART_TRAIN);
    int rc;

    set.class_weight = j->class_weight;
    for (size_t k = 1; k < j->m.targets.n; k++)
        strings_add(&j->training.history.domains, j->m.targets.at[k]);
    model_init(j->m.model, j->plan.recipe.train.seed);
    j->trainer = trainer_new(j->m.model, &j->plan.recipe.train, &set, j->pool);
    if (j->o->resume && resume(j, e) < 0)
        return -1;
    progress_start(&j->progress);
    j->saved_ns = clock_monotonic_ns();
    j->first = windows_done(j);
    while (
        !train_state_done(trainer_state(j->trainer), &j->plan.recipe.train)) {
        rc = train_batches(j, e);
        if (rc < 0)
            return give_up(j, e);
        if (rc > 0)
            return stopped(j, e);
        if (end_epoch(j))
            break;
        if (!output_is_stdout(j->o->common.output) &&
            clock_monotonic_ns() - j->saved_ns > NS_PER_S && save(j, e) < 0)
            return -1;
    }
    return finish(j, e);
}

/* ---- at once ---- */

/* A tree was grown: enough of them? */
static bool watch(void *arg, const struct gbdt_round *r)
{
    struct job *j = arg;

    progress_say(&j->progress,
                 "tree %" PRId64 "/%" PRId64 ", loss %.4g, validation %.4g",
                 r->tree, j->plan.boost.trees, r->train_loss, r->valid_loss);
    return stop_requested();
}

static int fit(struct job *j, struct err *e)
{
    struct fitting f = {.plan = &j->plan,
                        .data = &j->data,
                        .watch = watch,
                        .arg = j,
                        .fitted = &j->training.fitted};
    struct assessment a[MAX_TARGETS];
    int rc;

    if (j->o->resume)
        log_note("%s is fitted at once: there is nothing to resume",
                 j->plan.recipe.family);
    progress_start(&j->progress);
    rc = estimator_fit(&j->m, &f, e);
    progress_end(&j->progress);
    if (rc < 0)
        return err_prefix(e, "%s", j->o->common.config);
    score_part(j, PART_VALID, a);
    keep_valid(j, a);
    if (a->n > 0)
        log_note("%s: validation MAE %.3f W, R2 %.3f", f.what, a->mae_w, a->r2);
    else
        log_note("%s", f.what);
    score_test(j);
    if (save(j, e) < 0)
        return -1;
    if (!stop_requested() || !j->m.forest)
        return 0;
    return err_set(e, j->o->whole ? ERR_VERDICT : ERR_NONE,
                   "stopped; what had grown by then is kept");
}

/* ---- the program ---- */

static int run(struct job *j, struct cli *cli, int n, char **paths,
               struct err *e)
{
    if (read_config(j, cli, e) < 0 || check_outputs(j->o, n, paths, e) < 0 ||
        load(j, n, paths, e) < 0)
        return -1;
    identify(j); /* before the data are scaled */
    if (weigh(j, e) < 0 ||
        input_fit(&j->m.input, &j->plan.recipe.scaling, &j->data, e) < 0 ||
        build(j, e) < 0)
        return -1;
    return plan_is_closed(&j->plan) ? fit(j, e) : train(j, e);
}

int main(int argc, char **argv)
{
    struct options o = {.common = CLI_COMMON_INIT};
    struct opt opts[] = {
        {OPT_INT, 0, "epochs", &o.epochs, "N",
         "at most N epochs (default: the model's file)", 1, 1e6, 0, 0},
        {OPT_STRINGS, 0, "set", &o.set, "KEY=VALUE",
         "instead of the model's file: training.lr=1e-3", 0, 0, 0, 0},
        {OPT_STRING, 0, "sample", &o.sample, "SHARE",
         "of the windows to train on; 10%,25%,25%: all parts", 0, 0, 0, 0},
        {OPT_FLAG, 0, "resume", &o.resume, 0,
         "go on from the checkpoint FILE of -o", 0, 0, 0, 0},
        {OPT_STRING, 0, "history", &o.history, "FILE",
         "write a row an epoch to FILE: TSV, or NAME.jsonl", 0, 0, 0, 0},
        {OPT_FLAG, 0, "slim", &o.slim, 0,
         "leave out what --resume needs: a smaller file", 0, 0, 0, 0},
        {OPT_FLAG, 0, "whole", &o.whole, 0,
         "exit 1 where a signal stops it before it is done", 0, 0, 0, 0},
        {OPT_FLAG, 0, "allow-truncated", &o.allow_truncated, 0,
         "a stream that was cut is a warning", 0, 0, 0, 0},
        CLI_COMMON(&o.common),
    };
    struct cli cli = {
        .name = "rapl-train",
        .usage = "-c MODEL.yaml [OPTIONS] [FILE...]",
        .about = "Fit a model to window streams; write a checkpoint.",
        .examples = "  rapl-window --split run *.rapl | rapl-train -c v3.yaml "
                    "-o v3.ckpt",
        .opts = opts,
    };
    struct job j = {.o = &o};
    struct err e = {0};
    int first, rc;

    blas_start(argv);
    first = cli_parse(&cli, argc, argv, &o.common);
    rc = run(&j, &cli, argc - first, argv + first, &e);
    if (rc < 0)
        (e.code == ERR_NONE ? log_note : log_error)("%s", e.msg);
    rc = cli_finish(rc < 0 ? (int)e.code : 0, (int64_t)j.data.T, -1);
    strings_release(&o.set);
    release(&j);
    return rc;
}
