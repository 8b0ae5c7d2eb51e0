/*
 * maxpool: the largest of each `size` neighbours; what is left over at the
 * end of a channel is not looked at.  The gradient goes to the first of the
 * largest.  A NaN stays one, so that it is found.
 *
 *     - {type: maxpool, size: 2}
 */
#include <math.h>

#include "common/math/vector.h"
#include "common/nn/layers.h"

#define INLINE __attribute__((always_inline)) static inline

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
    return 0;
}

/*
 * Which of the values at x is the first of the largest, or the last that is no
 * number.  Without branches, for which is the larger cannot be foreseen.
 */
INLINE size_t largest(const float *x, size_t size, float *value)
{
    size_t at = 0;

    *value = x[0];
    for (size_t k = 1; k < size; k++) {
        int better = (x[k] > *value) | isnan(x[k]);

        at = better ? k : at;
        *value = better ? x[k] : *value;
    }
    return at;
}

/* Inlined for a constant size, the loops over i become vector instructions. */
INLINE void take(size_t size, const struct layer *l, size_t n, const float *x,
                 float *y)
{
    size_t from = l->in.length, to = l->out.length;

    for (size_t c = 0; c < n * l->in.channels; c++, x += from, y += to)
        VECTOR_LOOP
    for (size_t i = 0; i < to; i++)
        largest(x + i * size, size, &y[i]);
}

INLINE void give(size_t size, const struct layer *l, size_t n, const float *x,
                 const float *dy, float *dx)
{
    size_t from = l->in.length, to = l->out.length;

    for (size_t c = 0; c < n * l->in.channels; c++, x += from, dx += from) {
        VECTOR_LOOP
        for (size_t i = 0; i < to; i++) {
            float value;
            size_t at = largest(x + i * size, size, &value);

            for (size_t k = 0; k < size; k++)
                dx[i * size + k] = k == at ? dy[i] : 0;
        }
        for (size_t i = to * size; i < from; i++)
            dx[i] = 0;
        dy += to;
    }
}

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
    take_all(l, p->n, x, y);
}

static void backward(const struct layer *l, const struct pass *p,
                     const float *x, const float *y, const float *dy, float *dx,
                     float *const *grad)
{
    (void)y;
    (void)grad;
    give_all(l, p->n, x, dy, dx);
}

const struct layer_type layer_maxpool = {
    .name = "maxpool",
    .keys = (const char *const[]){"size", NULL},
    .setup = setup,
    .forward = forward,
    .backward = backward,
};
