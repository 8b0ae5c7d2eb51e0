#include "common/nn/branch.h"

#include <math.h>
#include <string.h>

#include "common/base/xalloc.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"
#include "common/nn/loss.h"

/* What a branch learns, and what must come out of it for that. */
struct branch_loss {
    const char *name;
    bool of_machines;
    /* sum over rows of n outputs; see branch_eval() */
    double (*eval)(const struct pass *p, size_t n, const float *x,
                   const float *y, double weight, float *dy);
};

static double reconstruction(const struct pass *p, size_t n, const float *x,
                             const float *y, double weight, float *dy)
{
    const struct loss_type *mse = loss_type_find("mse");
    double scale = weight / ((double)p->batch * (double)n);

    return mse->eval(mse, y, x, p->n * n, (float)scale, dy) / (double)n;
}

/* -log softmax(y)[want], and its gradient times scale. */
static double cross_entropy(size_t n, const float *y, size_t want, double scale,
                            float *dy)
{
    double largest = (double)y[0], sum = 0;

    for (size_t k = 1; k < n; k++)
        largest = fmax(largest, (double)y[k]);
    for (size_t k = 0; k < n; k++)
        sum += exp((double)y[k] - largest);
    for (size_t k = 0; k < n; k++) {
        double share = exp((double)y[k] - largest) / sum;

        dy[k] = (float)(scale * (share - (k == want)));
    }
    return log(sum) - ((double)y[want] - largest);
}

static double machine(const struct pass *p, size_t n, const float *x,
                      const float *y, double weight, float *dy)
{
    double sum = 0;

    (void)x;
    for (size_t i = 0; i < p->n; i++)
        sum += cross_entropy(n, y + i * n, p->machine[i],
                             weight / (double)p->batch, dy + i * n);
    return sum;
}

static const struct branch_loss losses[] = {
    {"reconstruction", false, reconstruction}, {"machine", true, machine}};

static int read_loss(struct branch *b, const struct node *settings,
                     struct err *e)
{
    const struct node *at = node_get(settings, "loss");
    const char *name = "";

    if (node_text(settings, "loss", &name, e))
        return -1;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i].name, name) == 0)
            b->loss = &losses[i];
    if (!b->loss)
        return node_error(at ? at : settings, e,
                          "a branch needs a `loss`, reconstruction or machine");
    return 0;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    struct branch *b = l->branch = xcalloc(1, sizeof *b);
    const struct node *lambda = node_get(settings, "lambda");
    bool reverse = false;

    l->out = l->in;
    b->weight = b->back = 1;
    if (read_loss(b, settings, e) ||
        node_real(settings, "weight", 0, 1e6, &b->weight, e) ||
        node_bool(settings, "reverse", &reverse, e) ||
        node_real(settings, "lambda", 0, 1e6, &b->back, e))
        return -1;
    if (lambda && !reverse)
        return node_error(lambda, e, "lambda is for reverse: true");
    if (reverse)
        b->back = -b->back;
    return 0;
}

int branch_check(const struct layer *l, size_t n_in, const struct node *at,
                 struct err *e)
{
    bool of_machines = l->branch->loss->of_machines;
    size_t got = l->branch->stack->n_out;

    if (of_machines && l->n_machines < 2)
        return node_error(at, e,
                          "branch %s learns to tell machines apart, and there "
                          "is only one: the label `machine` of the recordings "
                          "must have two values or more",
                          l->name);
    if (of_machines && got != l->n_machines)
        return node_error(at, e,
                          "branch %s gives %zu values for %zu machines; its "
                          "last layer wants out: machines",
                          l->name, got, l->n_machines);
    if (!of_machines && got != n_in)
        return node_error(at, e,
                          "branch %s gives %zu values to compare with a window "
                          "of %zu",
                          l->name, got, n_in);
    return 0;
}

double branch_eval(const struct branch *b, const struct pass *p, const float *x,
                   const float *y, float *dy)
{
    return b->weight * b->loss->eval(p, b->stack->n_out, x, y, b->weight, dy);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (x != y)
        memcpy(y, x, p->n * l->n_in * sizeof *y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)y;
    (void)grad;
    if (dx && dx != dy)
        memcpy(dx, dy, p->n * l->n_in * sizeof *dx);
}

/* The main path alone: workspace.c runs what lies beside it. */
const struct layer_type layer_branch = {
    .name = "branch",
    .keys = (const char *const[]){"loss", "weight", "reverse", "lambda",
                                  "layers", NULL},
    .in_place = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export_nothing,
};
