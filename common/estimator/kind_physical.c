#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/xalloc.h"
#include "common/estimator/kind.h"
#include "formats/sample.h"

#define FEATURE "busy_cpus"

/* ---- the model's file ---- */

static int read_plan(struct plan *p, const struct node *root, struct err *e)
{
    static const char *const model_keys[] = {"kind", NULL};
    static const char *const training_keys[] = {"method", NULL};
    const struct node *training = node_get(root, "training");

    if (node_check_keys(p->recipe.model, model_keys, e) < 0 ||
        (training && node_check_keys(training, training_keys, e) < 0))
        return -1;
    return plan_read_method(root, "em", e);
}

static void plan_labels(const struct plan *p, struct labels *ls)
{
    (void)p;
    labels_set(ls, "training.method", "em");
}

/* ---- the checkpoint ---- */

int physical_from_checkpoint(struct physical *p, const struct checkpoint *c,
                             struct err *e)
{
    struct tensors ts = {0};
    int rc;

    for (size_t i = 0; i < c->n_tensors; i++) {
        const struct checkpoint_tensor *t = &c->tensor[i];

        if (t->dtype == CHECKPOINT_F32 && t->n_dims <= TENSOR_DIMS)
            tensors_add(&ts, t->name, t->n_dims, t->shape, (float *)t->data);
    }
    rc = physical_load(p, &c->meta, &ts, e);
    tensors_release(&ts);
    return rc;
}

void physical_to_checkpoint(const struct physical *p, float *store,
                            struct checkpoint *c)
{
    struct tensors ts = {0};

    physical_save(p, store, &c->meta, &ts);
    for (size_t i = 0; i < ts.n; i++)
        checkpoint_put(c, ts.at[i].name, CHECKPOINT_F32, ts.at[i].n_dims,
                       ts.at[i].dim, ts.at[i].data);
    tensors_release(&ts);
}

static int check_windows(const struct window_spec *s, struct err *e)
{
    if (s->features.n == 1 && strcmp(s->features.at[0], FEATURE) == 0 &&
        s->delays == 1)
        return 0;
    return err_set(e, ERR_DATA,
                   "a physical model sees " FEATURE " alone, of one sample; "
                   "make windows with rapl-window --features " FEATURE " -d 1");
}

/* How many sd either side each interval has. */
static void set_up(struct estimator *m)
{
    m->here = m->physical;
    for (int i = 0; i < INTERVALS; i++)
        m->quantile[i] = physical_quantile(interval_percent(i) / 100.0);
}

static int load(struct estimator *m, const struct checkpoint *c, struct err *e)
{
    if (check_windows(&m->spec, e) < 0 ||
        physical_from_checkpoint(&m->physical, c, e) < 0)
        return -1;
    set_up(m);
    return 0;
}

/* ---- prediction ---- */

static void begin(struct estimator *m, const struct labels *meta)
{
    double n = strtod(labels_get_or(meta, META_CPUS, "0"), NULL);

    m->here = m->physical;
    n = round(n / m->physical.share); /* a guest's share of the machine */
    if (!(n > 0) || !isfinite(n) || n == m->physical.n_cpus)
        return;
    physical_resize(&m->here, n);
    if (!m->resize_said)
        log_warn("the model is of %g CPUs, and this machine has %g: watts are "
                 "taken in proportion, and are less sure; rapl-calibrate "
                 "narrows them",
                 m->physical.n_cpus, n);
    m->resize_said = true;
}

/* Some windows at a time, so that their loads lie in the cache. */
static void predict(struct estimator *m, const struct window_set *set)
{
    float busy[512];

    for (size_t at = 0, n; at < set->N; at += n) {
        n = set->N - at < 512 ? set->N - at : 512;
        for (size_t i = 0; i < n; i++)
            busy[i] = set->x[set->end[at + i] * set->D];
        physical_predict(&m->here, busy, n, m->said + at);
        for (size_t i = 0; i < n; i++)
            m->y[at + i] = m->said[at + i].watts;
    }
}

static void put(const struct estimator *m, size_t i, bool known,
                struct prediction *p)
{
    const struct physical_prediction *s = &m->said[i];

    p->power_w = s->watts;
    p->idle_w = s->idle;
    p->support = s->support;
    for (int k = 0; k < INTERVALS; k++) {
        float half = known ? (float)m->quantile[k] * s->sd : NAN;

        /* no machine draws less than nothing */
        p->lower_w[k] = half > s->watts ? 0 : s->watts - half;
        p->upper_w[k] = s->watts + half;
    }
}

static int export(const struct estimator *m, struct opgraph *g, struct err *e)
{
    const char *busy = opgraph_input(g, "windows", 1);

    (void)e;
    opgraph_output(g, physical_export(&m->physical, busy, g), m->targets.at[0],
                   1);
    return 0;
}

/* ---- training ---- */

static int build(struct estimator *m, const struct plan *plan,
                 const struct dataset *ds, struct err *e)
{
    (void)plan;
    (void)ds;
    m->input.support.K = 0; /* it says by itself what it knows */
    return check_windows(&m->spec, e);
}

/* Which values of a label the training windows have, numbered 0, 1, ... as
 * they come; out (N). */
static void number(const struct row_label *l, const struct window_set *set,
                   uint32_t *out)
{
    uint32_t *of = xcalloc(l->values.n, sizeof *of), n = 0; /* 0: not yet */

    for (size_t i = 0; i < set->N; i++) {
        uint32_t *value = &of[l->at[set->end[i]]];

        if (*value == 0)
            *value = ++n;
        out[i] = *value - 1;
    }
    free(of);
}

/* The number of CPUs that most training windows are of; NAN: some do not say.
 * cpus (values of l) takes all. */
static double count_cpus(const struct row_label *l,
                         const struct window_set *set, double *cpus)
{
    size_t *n = xcalloc(l->values.n, sizeof *n), most = 0;
    double reference = NAN;

    for (size_t v = 0; v < l->values.n; v++)
        cpus[v] = strtod(l->values.at[v], NULL);
    for (size_t i = 0; i < set->N; i++)
        n[l->at[set->end[i]]]++;
    for (size_t v = 0; v < l->values.n; v++) {
        if (n[v] > 0 && !(cpus[v] > 0 && isfinite(cpus[v]))) {
            reference = NAN;
            break;
        }
        if (n[v] > most) {
            most = n[v];
            reference = cpus[v];
        }
    }
    free(n);
    return reference;
}

/* The rows of the training part, taken to one size of machine. */
struct fit_rows {
    float *busy, *watts;
    uint32_t *label[GROUP_CPUS]; /* by enum dataset_group */
};

static void make_rows(struct fit_rows *r, const struct dataset *ds,
                      const struct window_set *set, const double *cpus,
                      double n_cpus)
{
    r->busy = xmalloc_aligned(set->N, sizeof *r->busy);
    r->watts = xmalloc_aligned(set->N, sizeof *r->watts);
    for (int g = 0; g < GROUP_CPUS; g++) {
        r->label[g] = xmalloc_aligned(set->N, sizeof *r->label[g]);
        number(&ds->group[g], set, r->label[g]);
    }
    for (size_t i = 0; i < set->N; i++) {
        uint32_t row = set->end[i];
        double k = n_cpus / cpus[ds->group[GROUP_CPUS].at[row]];

        r->busy[i] = (float)(set->x[row] * k);
        r->watts[i] = (float)(set->label[row] * k);
    }
}

static void free_rows(struct fit_rows *r)
{
    free(r->busy);
    free(r->watts);
    for (int g = 0; g < GROUP_CPUS; g++)
        free(r->label[g]);
}

static void keep(struct estimator *m, struct labels *fitted)
{
    m->store = xmalloc_aligned(PHYSICAL_STORE, sizeof *m->store);
    physical_save(&m->physical, m->store, fitted, &m->stored);
    /* what is scored is what will be loaded: float32 */
    physical_load(&m->physical, fitted, &m->stored, &(struct err){0});
    set_up(m);
}

static double watts_at(const struct estimator *m, double busy)
{
    struct physical_prediction said;

    physical_predict(&m->physical, &(float){(float)busy}, 1, &said);
    return (double)said.watts;
}

static int fit(struct estimator *m, struct fitting *f, struct err *e)
{
    struct window_set set = dataset_part(f->data, PART_TRAIN);
    const struct row_label *by_cpus = &f->data->group[GROUP_CPUS];
    double *cpus = xcalloc(by_cpus->values.n, sizeof *cpus);
    double n_cpus = count_cpus(by_cpus, &set, cpus);
    struct fit_rows r = {0};
    int rc = -1;

    if (!isfinite(n_cpus)) {
        err_set(e, ERR_DATA,
                "a recording does not say how many CPUs its machine has; give "
                "it to rapl-import with -l cpus=N");
        goto out;
    }
    make_rows(&r, f->data, &set, cpus, n_cpus);
    rc = physical_fit(&m->physical,
                      &(struct physical_rows){
                          .n = set.N,
                          .busy = r.busy,
                          .watts = r.watts,
                          .workload = r.label[GROUP_WORKLOAD],
                          .session = r.label[GROUP_SESSION],
                          .recording = r.label[GROUP_RECORDING],
                      },
                      n_cpus, e);
    if (rc < 0)
        goto out;
    keep(m, f->fitted);
    snprintf(f->what, sizeof f->what,
             "%g CPUs, idle %.1f W, full load %.1f W, noise %.2f W", n_cpus,
             watts_at(m, 0), watts_at(m, n_cpus), m->physical.noise[KNOT_ONE]);
out:
    free_rows(&r);
    free(cpus);
    return rc;
}

const struct estimator_kind kind_physical = {
    .name = "physical",
    .wants_groups = true,
    .own_interval = true,
    .read = read_plan,
    .to_labels = plan_labels,
    .build = build,
    .fit = fit,
    .load = load,
    .begin = begin,
    .predict = predict,
    .put = put,
    .export = export,
};
