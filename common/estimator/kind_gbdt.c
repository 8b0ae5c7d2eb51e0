#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "common/gbdt/gbdt_columns.h"
#include "common/gbdt/gbdt_export.h"

enum { BLOCK = 256 }; /* windows that a thread predicts at a time */

/* ---- the model's file ---- */

static int read_columns(const struct node *model, unsigned *columns,
                        struct err *e)
{
    static const char *const keys[] = {"kind", "columns", NULL};

    *columns = GBDT_LAST | GBDT_MEAN | GBDT_STEP | GBDT_SPREAD | GBDT_RANGE;
    if (node_check_keys(model, keys, e) < 0)
        return -1;
    return gbdt_columns_read(columns, model, e);
}

static int read_plan(struct plan *p, const struct node *root, struct err *e)
{
    const struct node *training = node_get(root, "training");
    const char *keys[32] = {"method"};
    size_t n = 1;

    for (const char *const *k = gbdt_option_keys; *k && n < 31; k++)
        keys[n++] = *k;
    gbdt_options_init(&p->boost);
    if (read_columns(p->recipe.model, &p->columns, e) < 0 ||
        (training && node_check_keys(training, keys, e) < 0) ||
        plan_read_method(root, "boost", e) < 0)
        return -1;
    return gbdt_options_read(&p->boost, training, e);
}

static void plan_labels(const struct plan *p, struct labels *ls)
{
    labels_set(ls, "training.method", "boost");
    gbdt_options_to_labels(&p->boost, ls);
    labels_setf(ls, "training.seed", "%llu", (unsigned long long)p->boost.seed);
}

/* ---- prediction ---- */

static size_t count_columns(const struct estimator *m)
{
    return gbdt_columns_count(m->columns, m->spec.features.n,
                              (size_t)m->spec.delays);
}

static void make_room(struct estimator *m)
{
    size_t threads = m->pool ? (size_t)pool_size(m->pool) : 1;

    m->row =
        xmalloc_aligned(threads * BLOCK * count_columns(m), sizeof *m->row);
}

static int load(struct estimator *m, const struct checkpoint *c, struct err *e)
{
    const struct checkpoint_tensor *t = checkpoint_find(c, GBDT_TENSOR);

    if (read_columns(m->description, &m->columns, e) < 0)
        return -1;
    if (!t || t->dtype != CHECKPOINT_U8)
        return err_set(e, ERR_DATA, "no tensor '" GBDT_TENSOR "' of bytes");
    m->forest = gbdt_from_bytes(t->data, t->n, e);
    if (!m->forest)
        return err_prefix(e, "tensor '" GBDT_TENSOR "'");
    if (gbdt_columns(m->forest) != count_columns(m))
        return err_set(e, ERR_DATA,
                       "tensor '" GBDT_TENSOR "': trees over %zu columns, and "
                       "the windows make %zu",
                       gbdt_columns(m->forest), count_columns(m));
    make_room(m);
    log_verbose("%s: %zu trees over %zu columns", m->description->file,
                gbdt_trees(m->forest), gbdt_columns(m->forest));
    return 0;
}

struct work {
    struct estimator *m;
    const struct window_set *set;
};

static void predict_block(void *arg, size_t i, int thread)
{
    const struct work *w = arg;
    struct estimator *m = w->m;
    size_t at = i * BLOCK, left = w->set->N - at;
    size_t n = left < BLOCK ? left : BLOCK;
    float *x = m->row + (size_t)thread * BLOCK * gbdt_columns(m->forest);

    gbdt_columns_fill(m->columns, w->set, at, n, x);
    gbdt_predict(m->forest, x, n, m->y + at);
}

static void predict(struct estimator *m, const struct window_set *set)
{
    struct work w = {m, set};
    size_t blocks = (set->N + BLOCK - 1) / BLOCK;

    if (m->pool && blocks > 1)
        pool_run(m->pool, blocks, predict_block, &w);
    else
        for (size_t i = 0; i < blocks; i++)
            predict_block(&w, i, 0);
}

static int export(const struct estimator *m, struct opgraph *g, struct err *e)
{
    const char *columns = gbdt_columns_export(m->columns, m->spec.features.n,
                                              (size_t)m->spec.delays, g);

    (void)e;
    opgraph_output(g, gbdt_export(m->forest, columns, g), m->targets.at[0], 1);
    return 0;
}

/* ---- training ---- */

static int build(struct estimator *m, const struct plan *plan,
                 const struct dataset *ds, struct err *e)
{
    (void)ds;
    (void)e;
    m->columns = plan->columns;
    make_room(m);
    return 0;
}

/* The windows of a part, as trees want them. */
struct rows {
    const struct estimator *m;
    struct window_set set;
    float *label;
};

static void fill(void *arg, size_t at, size_t n, float *out)
{
    const struct rows *r = arg;

    gbdt_columns_fill(r->m->columns, &r->set, at, n, out);
}

static struct gbdt_rows make_rows(struct rows *r, const struct estimator *m,
                                  const struct dataset *ds, enum part part)
{
    r->m = m;
    r->set = dataset_part(ds, part);
    r->label = xmalloc_aligned(r->set.N, sizeof *r->label);
    embed_labels(&r->set, r->set.end, r->set.N, r->label);
    return (struct gbdt_rows){.N = r->set.N,
                              .F = count_columns(m),
                              .label = r->label,
                              .fill = fill,
                              .arg = r};
}

static int fit(struct estimator *m, struct fitting *f, struct err *e)
{
    struct rows train, valid;
    struct gbdt_rows t = make_rows(&train, m, f->data, PART_TRAIN);
    struct gbdt_rows v = make_rows(&valid, m, f->data, PART_VALID);

    m->forest =
        gbdt_train(&f->plan->boost, &t, &v, m->pool ? pool_size(m->pool) : 1,
                   f->watch, f->arg, e);
    free(train.label);
    free(valid.label);
    if (!m->forest)
        return -1;
    snprintf(f->what, sizeof f->what, "%zu trees over %zu columns",
             gbdt_trees(m->forest), gbdt_columns(m->forest));
    return 0;
}

const struct estimator_kind kind_gbdt = {
    .name = "gbdt",
    .read = read_plan,
    .to_labels = plan_labels,
    .build = build,
    .fit = fit,
    .load = load,
    .predict = predict,
    .export = export,
};
