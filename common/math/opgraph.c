#include "common/math/opgraph.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/xalloc.h"

struct opgraph *opgraph_new(void)
{
    return xcalloc(1, sizeof(struct opgraph));
}

static void free_ports(struct op_port *port, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(port[i].name);
    free(port);
}

void opgraph_free(struct opgraph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_ops; i++) {
        strings_release(&g->op[i]->in);
        free(g->op[i]->out);
        free(g->op[i]);
    }
    for (size_t i = 0; i < g->n_constants; i++) {
        free(g->constant[i].name);
        free(g->constant[i].floats);
        free(g->constant[i].ints);
    }
    free_ports(g->in, g->n_in);
    free_ports(g->out, g->n_out);
    free(g->constant);
    free(g->op);
    free(g);
}

/* ---- what comes in and goes out ---- */

const char *opgraph_input(struct opgraph *g, const char *name, size_t width)
{
    struct op_port port = {xstrdup(name), width};

    g->in = xgrow(g->in, g->n_in, &g->cap_in, sizeof *g->in);
    g->in[g->n_in++] = port;
    return port.name;
}

/* By an operator of its own: others may read the value by the name it has. */
void opgraph_output(struct opgraph *g, const char *value, const char *name,
                    size_t width)
{
    struct op *o = opgraph_op(g, "Identity", value, NULL);

    free(o->out);
    o->out = xstrdup(name);
    g->out = xgrow(g->out, g->n_out, &g->cap_out, sizeof *g->out);
    g->out[g->n_out++] = (struct op_port){xstrdup(name), width};
}

/* ---- operators ---- */

struct op *opgraph_op(struct opgraph *g, const char *type, const char *in, ...)
{
    struct op *o = xcalloc(1, sizeof *o);
    va_list more;

    va_start(more, in);
    for (; in; in = va_arg(more, const char *))
        op_input(o, in);
    va_end(more);
    o->type = type;
    o->out = xasprintf("%s/%s_%zu", g->scope, type, g->n_ops);
    g->op = xgrow(g->op, g->n_ops, &g->cap_ops, sizeof *g->op);
    return g->op[g->n_ops++] = o;
}

void op_input(struct op *o, const char *value)
{
    strings_add(&o->in, value);
}

static struct op_attr *add_attr(struct op *o, const char *name)
{
    assert(o->n_attrs < OP_ATTRS);
    o->attr[o->n_attrs].name = name;
    return &o->attr[o->n_attrs++];
}

void op_int(struct op *o, const char *name, int64_t value)
{
    add_attr(o, name)->ints[0] = value;
}

void op_ints(struct op *o, const char *name, size_t n, const int64_t *value)
{
    struct op_attr *a = add_attr(o, name);

    assert(n <= OP_INTS_MAX);
    a->n = n;
    memcpy(a->ints, value, n * sizeof *value);
}

void op_float(struct op *o, const char *name, float value)
{
    struct op_attr *a = add_attr(o, name);

    a->kind = OP_FLOAT;
    a->real = value;
}

/* ---- constants ---- */

/* A new one without its values; takes the name. */
static struct op_const *add_constant(struct opgraph *g, char *take_name,
                                     int n_dims, const size_t *dim)
{
    struct op_const *c;

    g->constant = xgrow(g->constant, g->n_constants, &g->cap_constants,
                        sizeof *g->constant);
    c = &g->constant[g->n_constants++];
    *c = (struct op_const){.name = take_name, .n_dims = n_dims, .n = 1};
    for (int i = 0; i < n_dims; i++)
        c->n *= c->dim[i] = dim[i];
    return c;
}

static char *new_name(const struct opgraph *g)
{
    return xasprintf("%s/constant_%zu", g->scope, g->n_constants);
}

static void *copy_of(const void *data, size_t n, size_t size)
{
    void *copy = xcalloc(n, size);

    memcpy(copy, data, n * size);
    return copy;
}

const char *opgraph_tensor(struct opgraph *g, const struct tensor *t)
{
    struct op_const *c;

    for (size_t i = 0; i < g->n_constants; i++)
        if (strcmp(g->constant[i].name, t->name) == 0)
            return g->constant[i].name;
    c = add_constant(g, xstrdup(t->name), t->n_dims, t->dim);
    c->floats = copy_of(t->data, c->n, sizeof *c->floats);
    return c->name;
}

const char *opgraph_floats(struct opgraph *g, int n_dims, const size_t *dim,
                           const float *data)
{
    struct op_const *c = add_constant(g, new_name(g), n_dims, dim);

    c->floats = copy_of(data, c->n, sizeof *data);
    return c->name;
}

const char *opgraph_ints(struct opgraph *g, size_t n, const int64_t *value)
{
    struct op_const *c = add_constant(g, new_name(g), 1, &n);

    c->ints = copy_of(value, n, sizeof *value);
    return c->name;
}
