#include <stdio.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "common/math/blas.h"
#include "common/nn/export.h"
#include "common/nn/ridge_model.h"

/* file  where it came from, for people */
static void make_predictor(struct estimator *m, const char *file)
{
    m->predictor = predictor_new(m->model, m->pool);
    m->row = xmalloc_aligned(m->model->n_in, sizeof *m->row);
    log_verbose("%s: %zu parameters, %s kernels", file,
                tensors_count(&m->model->tensors), blas_core_name());
}

static int load(struct estimator *m, const struct checkpoint *c, struct err *e)
{
    const struct model_use use = {
        .D = m->spec.features.n,
        .delays = (size_t)m->spec.delays,
        .n_targets = m->targets.n,
    };

    if (model_build(&m->model, m->description, &use, e) < 0 ||
        checkpoint_copy_all(c, &m->model->tensors, e) < 0 ||
        tensors_check_finite(&m->model->tensors, e) < 0)
        return -1;
    make_predictor(m, m->description->file);
    predictor_fix(m->predictor);
    return 0;
}

/* One window: no thread is woken. */
static void predict_one(struct estimator *m, const struct window_set *set,
                        size_t i)
{
    embed(set->x, set->D, set->delays, set->tau, set->end + i, 1, m->row);
    if (m->reverse)
        embed_reverse(m->row, set->D, set->delays);
    predict_rows(m->predictor, m->row, 1, m->y + i * m->targets.n);
}

static void predict(struct estimator *m, const struct window_set *set)
{
    if (set->N > 1 && !m->reverse)
        predict_windows(m->predictor, set, m->y);
    else
        for (size_t i = 0; i < set->N; i++)
            predict_one(m, set, i);
    scale_invert(&m->input.target, m->y, set->N);
}

static int build(struct estimator *m, const struct plan *plan,
                 const struct dataset *ds, struct err *e)
{
    const struct model_use use = {
        .D = ds->D,
        .delays = (size_t)ds->spec.delays,
        .n_targets = m->targets.n,
        .n_machines = ds->machine.values.n,
        .trained = true,
    };

    if (model_build(&m->model, plan->recipe.model, &use, e) < 0)
        return -1;
    if (model_idle_branch(m->model))
        log_warn("branch %s has nothing to learn: the label `%s` is the same "
                 "in all recordings",
                 model_idle_branch(m->model),
                 ds->machine_key ? ds->machine_key : "machine");
    make_predictor(m, plan->recipe.model->file);
    return 0;
}

static int fit(struct estimator *m, struct fitting *f, struct err *e)
{
    const struct recipe *r = &f->plan->recipe;
    struct window_set train = dataset_part(f->data, PART_TRAIN);
    struct window_set valid = dataset_part(f->data, PART_VALID);
    struct assessment best = {0};
    double lambda;

    if (ridge_model_fit(m->model, m->predictor, m->pool, &train, &valid,
                        r->lambda, r->n_lambda, &best, &lambda, e) < 0)
        return -1;
    labels_setf(f->fitted, "training.lambda", "%.9g", lambda);
    snprintf(f->what, sizeof f->what, "ridge, lambda %g", lambda);
    return 0;
}

static int export(const struct estimator *m, struct opgraph *g, struct err *e)
{
    return model_export(m->model, &m->input.scale, m->input.clip,
                        &m->input.target, &m->targets, g, e);
}

const struct estimator_kind kind_network = {
    .name = "network",
    .build = build,
    .fit = fit,
    .load = load,
    .predict = predict,
    .export = export,
};
