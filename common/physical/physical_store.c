#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/math/decimal.h"
#include "common/physical/physical.h"

enum { E = EFFECTS };

/* What a checkpoint holds: numbers as labels, arrays as tensors. */
#define MEMBER(name) offsetof(struct physical, name)
static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"physical.n_cpus", MEMBER(n_cpus)},
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
    {"physical.shift", MEMBER(shift), 1, {E, 1}},
    {"physical.noise", MEMBER(noise), 1, {E, 1}},
};
enum {
    N_NUMBERS = sizeof numbers / sizeof *numbers,
    N_ARRAYS = sizeof arrays / sizeof *arrays,
    N_ARRAYS_OLD = 4, /* what models of before knots have */
};
static const char OLD_NOISE[] = "physical.noise_w";

void physical_save(const struct physical *p, float *store, struct labels *ls,
                   struct tensors *ts)
{
    for (size_t i = 0; i < N_NUMBERS; i++)
        labels_setf(ls, numbers[i].name, "%.9g",
                    *(const double *)((const char *)p + numbers[i].offset));
    labels_remove(ls, OLD_NOISE);
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

static int load_number(const struct labels *ls, const char *name, double *to,
                       struct err *e)
{
    const char *text = labels_get_or(ls, name, "");

    if (!decimal_parse(text, text + strlen(text), to))
        return err_set(e, ERR_DATA, "%s is %s; a number is wanted", name,
                       *text ? text : "missing");
    return 0;
}

/* A covariance of weights on columns, as one of watts at the knots. */
static void to_knots(const double column[E][E], double *c)
{
    double old[E * E];

    memcpy(old, c, sizeof old);
    for (int i = 0; i < E; i++) {
        for (int j = 0; j < E; j++) {
            c[i * E + j] = 0;
            for (int k = 0; k < E; k++)
                c[i * E + j] +=
                    column[i][k] * basis_dot(old + k * E, column[j], E);
        }
    }
}

/*
 * Before there were knots the effects were on four columns of the curve, and
 * what was calibrated is in the curve; noise at idle was half of that under
 * load.
 */
static int convert_old(struct physical *p, const struct labels *ls,
                       struct err *e)
{
    static const int columns[E] = {0, 1, 3, 5};
    double busy[E], x[BASIS], at[E][E], noise;

    if (load_number(ls, OLD_NOISE, &noise, e))
        return -1;
    basis_knots(p->n_cpus, busy);
    for (int k = 0; k < E; k++) {
        p->noise[k] = k == KNOT_IDLE ? noise / 2 : noise;
        basis_row(busy[k], p->n_cpus, x);
        for (int j = 0; j < E; j++)
            at[k][j] = x[columns[j]];
    }
    to_knots(at, p->session);
    to_knots(at, p->workload);
    to_knots(at, p->recording);
    return 0;
}

int physical_load(struct physical *p, const struct labels *ls,
                  const struct tensors *ts, struct err *e)
{
    bool old = labels_get(ls, OLD_NOISE) != NULL;
    struct physical new = {0};

    for (size_t i = 0; i < N_NUMBERS; i++)
        if (load_number(ls, numbers[i].name,
                        (double *)((char *)&new + numbers[i].offset), e))
            return -1;
    if (!(new.n_cpus > 0 && new.share >= 0))
        return err_set(e, ERR_DATA, "physical.n_cpus or share is out of range");
    for (size_t i = 0; i < (old ? N_ARRAYS_OLD : N_ARRAYS); i++)
        if (load_array(&new, i, ts, e))
            return -1;
    if (old && convert_old(&new, ls, e))
        return -1;
    for (int k = 0; k < E; k++)
        if (!(new.noise[k] >= 0))
            return err_set(e, ERR_DATA, "physical.noise is out of range");
    basis_mend(new.session);
    basis_mend(new.workload);
    basis_mend(new.recording);
    *p = new;
    return 0;
}
