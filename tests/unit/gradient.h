#ifndef TESTS_UNIT_GRADIENT_H
#define TESTS_UNIT_GRADIENT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/base/xalloc.h"
#include "common/nn/loss.h"
#include "common/nn/workspace.h"
#include "tests/unit/nn.h"

/* Layers as tests see them: run, compared, and their gradients checked. */

static inline struct model *must(const char *yaml, size_t channels,
                                 size_t length)
{
    struct err e;
    struct model *m = model_of(yaml, channels, length, &e);

    if (!m)
        fail_msg("%s", e.msg);
    model_init(m, 3);
    return m;
}

static inline void fill(float *x, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(rng_unit(rng_at(11, stream, i)) * 2 - 1);
}

/* Run n rows of x; returns the output on the heap. */
static inline float *run(struct model *m, size_t n, bool training,
                         const float *x)
{
    struct workspace *w = workspace_new(m, n, true);
    struct pass pass = {.n = n, .training = training};
    float *y = xcalloc(n * m->n_out, sizeof *y);

    memcpy(w->input, x, n * m->n_in * sizeof *x);
    memcpy(y, workspace_forward(w, &pass, w->input), n * m->n_out * sizeof *y);
    workspace_free(w);
    return y;
}

static inline void assert_close(const float *got, const double *want, size_t n,
                                double off)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= off))
            fail_msg("value %zu is %g and should be %g", i, (double)got[i],
                     want[i]);
}

/* ---- gradients, by differences ---- */

struct check {
    struct model *m;
    struct workspace *w;
    size_t n;
    float *x, *target;
};

static inline double loss_of(struct check *c, float *dy)
{
    struct pass pass = {.n = c->n, .training = true, .seed = 4};
    size_t n = c->n * c->m->n_out;
    const struct loss_type *mse = loss_type_find("mse");

    memcpy(c->w->input, c->x, c->n * c->m->n_in * sizeof *c->x);
    return mse->eval(mse, workspace_forward(c->w, &pass, c->w->input),
                     c->target, n, 1 / (float)n, dy) /
           (double)n;
}

static inline void check_tensor(struct check *c, const struct tensor *t,
                                const float *grad)
{
    const double h = 1e-2;

    for (size_t j = 0; j < tensor_count(t); j++) {
        float was = t->data[j];
        double up, down;

        t->data[j] = was + (float)h;
        up = loss_of(c, NULL);
        t->data[j] = was - (float)h;
        down = loss_of(c, NULL);
        t->data[j] = was;
        if (!(fabs((up - down) / (2 * h) - (double)grad[j]) <= 2e-4))
            fail_msg("%s[%zu]: %g by differences, %g by backward", t->name, j,
                     (up - down) / (2 * h), (double)grad[j]);
    }
}

/* Every parameter moved by +-h must move the loss as its gradient says; what
 * lies before a layer tells of the gradient that it hands on. */
static inline void check_gradient(const char *yaml, size_t channels,
                                  size_t length, size_t n)
{
    struct model *m = must(yaml, channels, length);
    struct check c = {.m = m, .w = workspace_new(m, n, true), .n = n};
    struct pass pass = {.n = n, .training = true, .seed = 4};
    float *grad = xcalloc(m->size, sizeof *grad);

    c.x = xcalloc(n * m->n_in, sizeof *c.x);
    c.target = xcalloc(n * m->n_out, sizeof *c.target);
    fill(c.x, n * m->n_in, 1);
    fill(c.target, n * m->n_out, 2);
    for (size_t i = 0; i < m->size; i++)
        grad[i] = NAN; /* they must all be written */
    loss_of(&c, c.w->slope[0]);
    workspace_backward(c.w, &pass, grad);
    for (size_t i = 0; i < m->tensors.n; i++)
        check_tensor(&c, &m->tensors.at[i],
                     grad + (m->tensors.at[i].data - m->params));
    free(grad);
    free(c.x);
    free(c.target);
    workspace_free(c.w);
    model_free(m);
}

#endif
