#include "common/nn/export.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/xalloc.h"

/* ---- the form of a value between layers ---- */

const char *export_steps(struct opgraph *g, struct shape shape, const char *x)
{
    const char *axis;

    if (shape.length != 1)
        return x;
    axis = opgraph_ints(g, 1, (int64_t[]){2});
    return opgraph_op(g, "Unsqueeze", x, axis, NULL)->out;
}

const char *export_flat(struct opgraph *g, struct shape shape, const char *x)
{
    return shape.length == 1 ? x : opgraph_op(g, "Flatten", x, NULL)->out;
}

const char *export_done(struct opgraph *g, struct shape shape, const char *x)
{
    const char *axis;

    if (shape.length != 1)
        return x;
    axis = opgraph_ints(g, 1, (int64_t[]){2});
    return opgraph_op(g, "Squeeze", x, axis, NULL)->out;
}

/* A convolution with a kernel of 1. */
const char *export_each_step(struct opgraph *g, const char *x,
                             const struct tensor *weight,
                             const struct tensor *bias)
{
    struct tensor kernel = *weight;
    struct op *o;

    kernel.dim[kernel.n_dims++] = 1;
    o = opgraph_op(g, "Conv", x, opgraph_tensor(g, &kernel),
                   opgraph_tensor(g, bias), NULL);
    op_ints(o, "kernel_shape", 1, (int64_t[]){1});
    return o->out;
}

const char *export_nothing(const struct layer *l, struct opgraph *g,
                           const char *const *x)
{
    (void)l;
    (void)g;
    return x[0];
}

/* ---- before and behind the layers ---- */

static const char *apply(struct opgraph *g, const char *type, const char *x,
                         const char *with)
{
    return opgraph_op(g, type, x, with, NULL)->out;
}

/* Raw windows, each feature scaled over all its delays. */
static const char *inputs_of(const struct model *m, const struct scale *s,
                             bool clip, struct opgraph *g)
{
    const char *x = opgraph_input(g, "windows", m->n_in);
    int64_t shape[] = {0, (int64_t)m->in.channels, (int64_t)m->in.length};
    size_t dim[] = {s->D, 1};
    int n_dims = m->in.length == 1 ? 1 : 2;
    const char *zero, *one;

    if (n_dims == 2)
        x = apply(g, "Reshape", x, opgraph_ints(g, 3, shape));
    if (s->kind == SCALE_NONE)
        return x;
    x = apply(g, "Sub", x, opgraph_floats(g, n_dims, dim, s->offset));
    x = apply(g, "Mul", x, opgraph_floats(g, n_dims, dim, s->factor));
    if (!clip || s->kind != SCALE_MINMAX)
        return x;
    zero = opgraph_floats(g, 0, NULL, (float[]){0});
    one = opgraph_floats(g, 0, NULL, (float[]){1});
    return opgraph_op(g, "Clip", x, zero, one, NULL)->out;
}

/* Watts (N, K), and each target by its name. */
static void outputs_of(const struct scale *s, const struct strings *targets,
                       const char *y, struct opgraph *g)
{
    if (s->kind != SCALE_NONE) {
        y = apply(g, "Div", y, opgraph_floats(g, 1, &s->D, s->factor));
        y = apply(g, "Add", y, opgraph_floats(g, 1, &s->D, s->offset));
    }
    for (size_t k = 0; k < targets->n; k++) {
        const char *at = opgraph_ints(g, 1, (int64_t[]){(int64_t)k});
        struct op *column = opgraph_op(g, "Gather", y, at, NULL);

        op_int(column, "axis", 1);
        opgraph_output(g, column->out, targets->at[k], 1);
    }
}

/* What layer l reads, of what the input and all layers before it give. */
static const char *layer_export(const struct layer *l, struct opgraph *g,
                                const char *input, const char *const *given)
{
    const char *x[LAYER_FROM];

    for (size_t k = 0; k < l->n_from; k++)
        x[k] = l->from[k].at == LAYER_INPUT ? input : given[l->from[k].at];
    snprintf(g->scope, sizeof g->scope, "%s", l->name);
    return l->type->export(l, g, x);
}

int model_export(const struct model *m, const struct scale *inputs, bool clip,
                 const struct scale *target, const struct strings *targets,
                 struct opgraph *g, struct err *e)
{
    const char *input, **given;

    if (m->n_out != targets->n)
        return err_set(e, ERR_DATA,
                       "the model gives %zu values for %zu targets", m->n_out,
                       targets->n);
    for (size_t i = 0; i < m->n_layers; i++)
        if (!m->layer[i].type->export)
            return err_set(e, ERR_DATA, "a layer of type %s cannot be exported",
                           m->layer[i].type->name);
    given = xcalloc(m->n_layers, sizeof *given);
    snprintf(g->scope, sizeof g->scope, "input");
    input = inputs_of(m, inputs, clip, g);
    for (size_t i = 0; i < m->n_layers; i++)
        if (!m->layer[i].aside)
            given[i] = layer_export(&m->layer[i], g, input, given);
    snprintf(g->scope, sizeof g->scope, "output");
    outputs_of(target, targets, given[m->output], g);
    free(given);
    return 0;
}
