#include "common/estimator/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "formats/config.h"

/* Less support is too little, as such and as a share of inputs in range. */
static const float LOW = .5f, LOW_IN_RANGE = .9f;

static const struct estimator_kind *const kinds[] = {
    &kind_network, &kind_physical, &kind_gbdt};

int estimator_kind_find(const struct estimator_kind **kind,
                        const struct node *model, struct err *e)
{
    const char *name = kind_network.name;

    if (node_text(model, "kind", &name, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = kinds[i];
        if (strcmp(name, kinds[i]->name) == 0)
            return 0;
    }
    return node_error(node_get(model, "kind"), e,
                      "kind '%.100s' is none of network, physical, gbdt", name);
}

/* ---- out of a checkpoint ---- */

static int load_input(struct estimator *m, const struct checkpoint *c,
                      struct err *e)
{
    struct scaling s = {0};

    if (m->kind == &kind_network &&
        recipe_read_scaling(m->description, &s, e) < 0)
        return -1;
    return input_from_checkpoint(&m->input, &s, m->spec.features.n,
                                 m->targets.n, c, e);
}

int estimator_load(struct estimator *m, const struct checkpoint *c,
                   const char *file, struct pool *pool, struct err *e)
{
    const char *text = labels_get(&c->meta, CHECKPOINT_MODEL);

    m->pool = pool;
    if (!text)
        return err_set(e, ERR_DATA, "no model in it ('" CHECKPOINT_MODEL "')");
    if (window_spec_from_meta(&m->spec, &c->meta, e) < 0 ||
        window_targets_parse(&m->targets, m->spec.target, e) < 0 ||
        config_parse(&m->description, file, text, strlen(text), e) < 0 ||
        estimator_kind_find(&m->kind, m->description, e) < 0 ||
        load_input(m, c, e) < 0 ||
        intervals_from_checkpoint(m->intervals, &m->targets, c, e) < 0)
        return -1;
    /* older checkpoints know the range of features alone */
    m->support_low =
        m->kind->own_interval || m->input.support.K ? LOW : LOW_IN_RANGE;
    return m->kind->load(m, c, e);
}

void estimator_release(struct estimator *m)
{
    predictor_free(m->predictor);
    model_free(m->model);
    gbdt_free(m->forest);
    node_free(m->description);
    input_release(&m->input);
    window_spec_release(&m->spec);
    strings_release(&m->targets);
    tensors_release(&m->stored);
    free(m->store);
    free(m->row);
    free(m->y);
    free(m->said);
    memset(m, 0, sizeof *m);
}

/* ---- prediction ---- */

void estimator_begin(struct estimator *m, const struct labels *meta)
{
    if (m->kind->begin)
        m->kind->begin(m, meta);
}

int estimator_export(const struct estimator *m, struct opgraph *g,
                     struct err *e)
{
    if (!m->kind->export)
        return err_set(e, ERR_DATA, "a model of kind %s has no operators",
                       m->kind->name);
    return m->kind->export(m, g, e);
}

void estimator_predict(struct estimator *m, const struct window_set *set)
{
    if (set->N > m->cap) {
        m->cap = set->N;
        m->y = xreallocarray(m->y, m->cap * m->targets.n, sizeof *m->y);
        if (m->kind->own_interval)
            m->said = xreallocarray(m->said, m->cap, sizeof *m->said);
    }
    if (set->N > 0)
        m->kind->predict(m, set);
}

const float *estimator_watts(const struct estimator *m)
{
    return m->y;
}

void estimator_put(const struct estimator *m, size_t i, bool known,
                   struct prediction *p)
{
    if (m->kind->put)
        m->kind->put(m, i, known, p);
    else
        intervals_predict(p, m->y + i * m->targets.n, m->targets.n,
                          known ? m->intervals : NULL);
    if (!known)
        p->support = 0;
}

void estimator_form(const struct estimator *m, struct prediction_form *form)
{
    form->levels =
        m->kind->own_interval || isfinite(m->intervals->low[INTERVAL_50]);
    form->idle = m->kind == &kind_physical;
    for (size_t k = 1; k < m->targets.n; k++)
        strings_add(&form->domains, m->targets.at[k]);
}

/* ---- training ---- */

int estimator_build(struct estimator *m, const struct plan *plan,
                    const struct dataset *ds, struct pool *pool, struct err *e)
{
    m->kind = plan->kind;
    m->pool = pool;
    m->support_low = LOW;
    if (!m->spec.target)
        window_spec_copy(&m->spec, &ds->spec);
    if (m->kind != &kind_network && m->targets.n > 1)
        return err_set(e, ERR_DATA,
                       "a model of kind %s predicts one target, and these "
                       "windows have %zu (%s): choose one with rapl-window "
                       "--target",
                       m->kind->name, m->targets.n, m->spec.target);
    return m->kind->build(m, plan, ds, e);
}

int estimator_fit(struct estimator *m, struct fitting *f, struct err *e)
{
    return m->kind->fit(m, f, e);
}

void estimator_assess(struct estimator *m, const struct loss_type *loss,
                      const struct window_set *set, struct assessment *a)
{
    if (m->predictor) { /* its loss is that of scaled labels */
        assess(a, m->predictor, loss, &m->input.target, set);
        return;
    }
    estimator_predict(m, set);
    assess_predictions(a, m->y, loss, NULL, set);
}

const struct tensors *estimator_tensors(const struct estimator *m)
{
    return m->model ? &m->model->tensors : &m->stored;
}

const void *estimator_bytes(const struct estimator *m, const char **name,
                            size_t *n)
{
    *n = 0;
    *name = m->forest ? GBDT_TENSOR : NULL;
    return m->forest ? gbdt_bytes(m->forest, n) : NULL;
}
