#include "common/physical/physical.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/math/decimal.h"

enum { E = EFFECTS };

/* All that is open of a row, as one covariance. */
static void open_covariance(const struct physical *p, double *c)
{
    for (int i = 0; i < E * E; i++)
        c[i] = p->session[i] + p->workload[i] + p->recording[i];
}

/* CPUs, on the reference machine, between a load and those trained on. */
static double strangeness(const struct physical *p, double busy)
{
    double far = fmax(fmax(p->busy_min - busy, busy - p->busy_max), 0);

    return far * 24 / p->n_cpus;
}

void physical_predict(const struct physical *p, const float *busy, size_t n,
                      struct physical_prediction *out)
{
    double open[E * E], machine_idle = fmax(p->curve[0] + p->idle_gap_w, 0);
    double fade = 24 / (.15 * p->n_cpus);

    open_covariance(p, open);
    for (size_t i = 0; i < n; i++) {
        double b = busy[i], x[BASIS], z[E], watts, effect, noise;

        basis_row(b, p->n_cpus, x);
        basis_effects(x, z);
        watts = basis_dot(p->curve, x, BASIS);
        if (p->idle_gap_w != 0)
            watts += p->idle_gap_w * exp(-b * fade);
        effect = sqrt(basis_variance(z, open));
        noise = p->noise_w * basis_noise(b);
        watts = watts < machine_idle ? machine_idle : watts;
        out[i].idle = (float)(machine_idle * p->share);
        out[i].dynamic = (float)(watts - machine_idle);
        out[i].watts = out[i].idle + out[i].dynamic;
        out[i].sd = (float)sqrt(effect * effect + noise * noise);
        out[i].support =
            (float)(exp(-strangeness(p, b)) * watts / (watts + effect));
    }
}

double physical_quantile(double coverage)
{
    double low = 0, high = 8;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (erf(middle * M_SQRT1_2) < coverage)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* What a checkpoint holds: numbers as labels, arrays as tensors. */
#define MEMBER(name) offsetof(struct physical, name)
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"physical.n_cpus", MEMBER(n_cpus)},
    {"physical.noise_w", MEMBER(noise_w)},
    {"physical.idle_gap_w", MEMBER(idle_gap_w)},
    {"physical.busy_min", MEMBER(busy_min)},
    {"physical.busy_max", MEMBER(busy_max)},
    {"physical.share", MEMBER(share)},
    {"physical.calibrated", MEMBER(calibrated)},
};
static const struct {
    const char *name;
    size_t offset;
    int n_dims;
    size_t dim[2];
} arrays[] = {
    {"physical.curve", MEMBER(curve), 1, {BASIS, 1}},
    {"physical.session", MEMBER(session), 2, {E, E}},
    {"physical.workload", MEMBER(workload), 2, {E, E}},
    {"physical.recording", MEMBER(recording), 2, {E, E}},
};
enum {
    N_NUMBERS = sizeof numbers / sizeof *numbers,
    N_ARRAYS = sizeof arrays / sizeof *arrays,
};

void physical_save(const struct physical *p, float *store, struct labels *ls,
                   struct tensors *ts)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        labels_setf(ls, numbers[i].name, "%.9g",
                    *(const double *)((const char *)p + numbers[i].offset));
    for (size_t i = 0; i < N_ARRAYS; i++) {
        const double *from =
            (const double *)((const char *)p + arrays[i].offset);
        size_t n = arrays[i].dim[0] * arrays[i].dim[1];

        tensors_add(ts, arrays[i].name, arrays[i].n_dims, arrays[i].dim, store);
        for (size_t k = 0; k < n; k++)
            *store++ = (float)from[k];
    }
}

static int load_array(struct physical *p, size_t i, const struct tensors *ts,
                      struct err *e)
{
    const struct tensor *t = tensors_find(ts, arrays[i].name);
    double *to = (double *)((char *)p + arrays[i].offset);
    size_t n = arrays[i].dim[0] * arrays[i].dim[1];

    if (!t || tensor_count(t) != n)
        return err_set(e, ERR_DATA, "tensor %s %s", arrays[i].name,
                       t ? "has another shape" : "is missing");
    for (size_t k = 0; k < n; k++) {
        to[k] = t->data[k];
        if (!isfinite(to[k]))
            return err_set(e, ERR_DATA, "tensor %s is not finite", t->name);
    }
    return 0;
}

/* What float32 rounded away, so that a covariance stays one. */
static void mend_covariance(double *c)
{
    double trace = 0;

    for (int k = 0; k < E; k++)
        trace += c[k * E + k];
    for (int k = 0; k < E; k++)
        c[k * E + k] += 1e-6 * trace;
}

int physical_load(struct physical *p, const struct labels *ls,
                  const struct tensors *ts, struct err *e)
{
    struct physical new = {0};

    for (size_t i = 0; i < N_NUMBERS; i++) {
        const char *text = labels_get_or(ls, numbers[i].name, "");
        double *to = (double *)((char *)&new + numbers[i].offset);

        if (!decimal_parse(text, text + strlen(text), to))
            return err_set(e, ERR_DATA, "%s is %s; a number is wanted",
                           numbers[i].name, *text ? text : "missing");
    }
    if (new.n_cpus <= 0 || new.noise_w < 0 || new.share < 0)
        return err_set(e, ERR_DATA,
                       "physical.n_cpus, noise_w or share is out of range");
    for (size_t i = 0; i < N_ARRAYS; i++)
        if (load_array(&new, i, ts, e))
            return -1;
    mend_covariance(new.session);
    mend_covariance(new.workload);
    mend_covariance(new.recording);
    *p = new;
    return 0;
}
