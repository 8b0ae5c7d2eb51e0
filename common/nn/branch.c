#include "common/nn/branch.h"

#include <math.h>
#include <string.h>

#include "common/nn/export.h"
#include "common/nn/layers.h"
#include "common/nn/loss.h"

/* What a branch learns, and what must come out of it for that. */
struct branch_loss {
    const char *name;
    bool of_machines;
    /* the weighted loss of the outputs y as a sum over rows, and its gradient
     * as a mean over the batch; want: what y is compared with */
    double (*eval)(const struct layer *l, const struct pass *p, const float *y,
                   const float *want, float *dy);
};

static double reconstruction(const struct layer *l, const struct pass *p,
                             const float *y, const float *want, float *dy)
{
    const struct loss_type *mse = loss_type_find("mse");
    double scale = l->weight / ((double)p->batch * (double)l->n_in);

    return l->weight / (double)l->n_in *
           mse->eval(mse, y, want, p->n * l->n_in, (float)scale, dy);
}

/* -log softmax(y)[want] of n values `step` apart, and its gradient times
 * scale. */
static double cross_entropy(size_t n, size_t step, const float *y, size_t want,
                            double scale, float *dy)
{
    double largest = (double)y[0], sum = 0;

    for (size_t k = 1; k < n; k++)
        largest = fmax(largest, (double)y[k * step]);
    for (size_t k = 0; k < n; k++)
        sum += exp((double)y[k * step] - largest);
    for (size_t k = 0; k < n; k++) {
        double share = exp((double)y[k * step] - largest) / sum;

        dy[k * step] = (float)(scale * (share - (k == want)));
    }
    return log(sum) - ((double)y[want * step] - largest);
}

static double machine(const struct layer *l, const struct pass *p,
                      const float *y, const float *want, float *dy)
{
    size_t K = l->in.channels, L = l->in.length;
    double scale = l->weight / ((double)p->batch * (double)L), sum = 0;

    (void)want;
    for (size_t i = 0; i < p->n; i++, y += K * L, dy += K * L)
        for (size_t t = 0; t < L; t++)
            sum +=
                cross_entropy(K, L, y + t, p->machine[i], scale, dy + t); // (K)
    return l->weight / (double)L * sum;
}

static const struct branch_loss losses[] = {
    {"reconstruction", false, reconstruction}, {"machine", true, machine}};

static int read_loss(struct layer *l, const struct node *settings,
                     struct err *e)
{
    const struct node *at = node_get(settings, "loss");
    const char *name = "";

    if (node_text(settings, "loss", &name, e))
        return -1;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (strcmp(losses[i].name, name) == 0)
            l->branch = &losses[i];
    if (!l->branch)
        return node_error(at ? at : settings, e,
                          "a branch needs a `loss`, reconstruction or machine");
    return 0;
}

/* Does what comes out of the branch fit its loss? */
static int check(const struct layer *l, const struct node *settings,
                 struct err *e)
{
    const struct node *of = node_get(settings, "of");
    const struct shape *want = &l->from[1].shape;

    if (l->branch->of_machines && of)
        return node_error(of, e, "of is for loss: reconstruction");
    if (l->branch->of_machines && l->in.channels != l->n_machines)
        return node_error(settings, e,
                          "branch %s gives %zu values for %zu machines; its "
                          "last layer wants out: machines",
                          l->name, l->in.channels, l->n_machines);
    if (!l->branch->of_machines && l->n_in != want->channels * want->length)
        return node_error(settings, e,
                          "branch %s gives %zu values to compare with %s of "
                          "%zu",
                          l->name, l->n_in, of ? of->text : "a window",
                          want->channels * want->length);
    return 0;
}

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    l->out = l->in; /* it gives the gradient of its loss */
    l->weight = 1;
    if (read_loss(l, settings, e) ||
        node_real(settings, "weight", 0, 1e6, &l->weight, e))
        return -1;
    return check(l, settings, e);
}

bool branch_is_idle(const struct layer *l)
{
    return l->branch->of_machines && l->n_machines < 2;
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    *p->loss += l->branch->eval(l, p, x, p->x[1], y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)x;
    (void)dy;
    (void)grad;
    if (dx)
        memcpy(dx, y, p->n * l->n_in * sizeof *dx);
}

/* Where a branch ends. */
const struct layer_type layer_branch = {
    .name = "branch",
    .keys = (const char *const[]){NULL},
    .by_rows = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export_nothing,
};
