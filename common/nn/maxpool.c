/*
 * maxpool: the largest of each `size` neighbours; what is left over at the
 * end of a channel is not looked at.  The gradient goes to the first of the
 * largest.  A NaN stays one, so that it is found.
 *
 *     - {type: maxpool, size: 2}
 */
#include <math.h>
#include <string.h>

#include "common/math/lanes.h"
#include "common/math/vector.h"
#include "common/nn/export.h"
#include "common/nn/layers.h"

#define BLOCK 4 /* outputs */
/* A loop that is unrolled first is no loop to make vectors of. */
#if defined __GNUC__ && !defined __clang__
#define KEEP_LOOP _Pragma("GCC unroll 1")
#else
#define KEEP_LOOP
#endif

static int setup(struct layer *l, const struct node *settings, struct err *e)
{
    int64_t size = 2;

    if (node_int(settings, "size", 1, 4096, &size, e))
        return -1;
    l->kernel = (size_t)size;
    if (l->kernel > l->in.length)
        return node_error(settings, e,
                          "maxpool: size %zu, and only %zu values in a row",
                          l->kernel, l->in.length);
    l->out = (struct shape){l->in.channels, l->in.length / l->kernel};
    l->across = ACROSS_KEEPS;
    return 0;
}

/*
 * Which of the values at x, `apart`, is the first of the largest, or the last
 * that is no number.  Without branches, for which is the larger cannot be
 * foreseen.
 */
INLINE unsigned largest(const float *x, size_t size, size_t apart, float *value)
{
    unsigned at = 0;

    *value = x[0];
    for (unsigned k = 1; k < size; k++) {
        float next = x[k * apart];
        int better = (next > *value) | isnan(next);

        at = better ? k : at;
        *value = better ? next : *value;
    }
    return at;
}

/*
 * Inlined for a constant size, a block of outputs becomes vector instructions;
 * rows are too short for the compiler's own way, vectors and then a rest.
 */
INLINE void take(size_t size, const struct layer *l, size_t n, const float *x,
                 float *restrict y)
{
    size_t from = l->in.length, to = l->out.length;

    for (size_t c = 0; c < n * l->in.channels; c++, x += from, y += to) {
        size_t i = 0;

        for (; i + BLOCK <= to; i += BLOCK)
            KEEP_LOOP
        for (size_t k = 0; k < BLOCK; k++)
            largest(x + (i + k) * size, size, 1, &y[i + k]);
        for (; i < to; i++)
            largest(x + i * size, size, 1, &y[i]);
    }
}

INLINE void give_one(size_t size, const float *x, float dy, float *restrict dx)
{
    float value;
    unsigned at = largest(x, size, 1, &value);

    for (unsigned k = 0; k < size; k++)
        dx[k] = k == at ? dy : 0;
}

INLINE void give(size_t size, const struct layer *l, size_t n, const float *x,
                 const float *dy, float *restrict dx)
{
    size_t from = l->in.length, to = l->out.length;

    for (size_t c = 0; c < n * l->in.channels; c++, x += from, dx += from) {
        size_t i = 0;

        for (; i + BLOCK <= to; i += BLOCK)
            KEEP_LOOP
        for (size_t k = 0; k < BLOCK; k++)
            give_one(size, x + (i + k) * size, dy[i + k], dx + (i + k) * size);
        for (; i < to; i++)
            give_one(size, x + i * size, dy[i], dx + i * size);
        for (i = to * size; i < from; i++)
            dx[i] = 0;
        dy += to;
    }
}

/* ---- values that lie across: one position of n rows at a time ---- */

/* The common size without a loop, which would be in the way of vectors. */
INLINE void take_two(size_t n, const float *x, float *restrict y)
{
    VECTOR_LOOP
    for (size_t r = 0; r < n; r++)
        largest(x + r, 2, n, &y[r]);
}

INLINE void give_two(size_t n, const float *x, const float *dy,
                     float *restrict dx)
{
    VECTOR_LOOP
    for (size_t r = 0; r < n; r++) {
        bool second = x[n + r] > x[r];

        dx[r] = second ? 0 : dy[r];
        dx[n + r] = second ? dy[r] : 0;
    }
}

INLINE void give_more(size_t size, size_t n, const float *x, const float *dy,
                      float *restrict dx)
{
    for (size_t r = 0; r < n; r++) {
        float value;
        unsigned at = largest(x + r, size, n, &value);

        for (unsigned k = 0; k < size; k++)
            dx[k * n + r] = k == at ? dy[r] : 0;
    }
}

VECTOR static void give_all_across(const struct layer *l, size_t n,
                                   const float *x, const float *dy,
                                   float *restrict dx)
{
    size_t size = l->kernel, rest = (l->in.length - l->out.length * size) * n;

    for (size_t c = 0; c < l->in.channels; c++) {
        for (size_t i = 0; i < l->out.length; i++, dy += n) {
            if (size == 2)
                give_two(n, x, dy, dx);
            else
                give_more(size, n, x, dy, dx);
            x += size * n;
            dx += size * n;
        }
        memset(dx, 0, rest * sizeof *dx);
        x += rest;
        dx += rest;
    }
}

VECTOR static void take_all_across(const struct layer *l, size_t n,
                                   const float *x, float *restrict y)
{
    size_t size = l->kernel, rest = (l->in.length - l->out.length * size) * n;

    for (size_t c = 0; c < l->in.channels; c++, x += rest)
        for (size_t i = 0; i < l->out.length; i++, x += size * n, y += n)
            if (size == 2)
                take_two(n, x, y);
            else
                for (size_t r = 0; r < n; r++)
                    largest(x + r, size, n, &y[r]);
}

/* ---- the layer ---- */

VECTOR static void take_all(const struct layer *l, size_t n, const float *x,
                            float *y)
{
    if (l->kernel == 2)
        take(2, l, n, x, y);
    else
        take(l->kernel, l, n, x, y);
}

VECTOR static void give_all(const struct layer *l, size_t n, const float *x,
                            const float *dy, float *dx)
{
    if (l->kernel == 2)
        give(2, l, n, x, dy, dx);
    else
        give(l->kernel, l, n, x, dy, dx);
}

static void forward(const struct layer *l, const struct pass *p, const float *x,
                    float *y)
{
    if (p->across)
        take_all_across(l, p->n, x, y);
    else
        take_all(l, p->n, x, y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)y;
    (void)grad;
    if (p->across)
        give_all_across(l, p->n, x, dy, dx);
    else
        give_all(l, p->n, x, dy, dx);
}

static const char *export(const struct layer *l, struct opgraph *g,
                          const char *const *x)
{
    int64_t size = (int64_t)l->kernel;
    struct op *o = opgraph_op(g, "MaxPool", export_steps(g, l->in, x[0]), NULL);

    op_ints(o, "kernel_shape", 1, &size);
    op_ints(o, "strides", 1, &size);
    return export_done(g, l->out, o->out);
}

const struct layer_type layer_maxpool = {
    .name = "maxpool",
    .keys = (const char *const[]){"size", NULL},
    .by_rows = true,
    .setup = setup,
    .forward = forward,
    .backward = backward,
    .export = export,
};
